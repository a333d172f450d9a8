# SPDX-License-Identifier: Apache-2.0
"""Client: an account's device in an asyncio program.

    request method -> godwit_request ---------+
                                              | godwit's own thread
    future / events() <- _pump() <- wake_fd <-+

Nothing is taken from godwit before somebody wants it, and a program that takes no events makes the other side wait instead of filling
memory. Events that stand before a reply are taken with it and wait here; each is dealt with when the program has asked for the one after it.
"""
from __future__ import annotations

import asyncio
import collections
import dataclasses
import json
import os
import warnings
from typing import Any, AsyncIterator, Generator, Mapping, cast

from . import _native
from ._native import GodwitError, Trace
from ._schema import UNSET, Event, Requests

#: Events that wait here while replies behind them are asked for. Past it whoever takes no events is refused (`busy`), past twice as many everybody,
#: until events are taken. What was asked before is answered in any case.
EVENTS_MAX = 10_000
#: So many requests after the last event that was taken belong to somebody who takes events; more do not.
ASKED_MAX = 1_000

Home = str | os.PathLike[str]


@dataclasses.dataclass(frozen=True)
class Picture:
    """I420 without gaps: width * height bytes of luma, then U and V of ((width + 1) // 2) * ((height + 1) // 2) each; sides at most 1920,
    1920 * 1088 pixels."""
    width: int
    height: int
    i420: bytes = dataclasses.field(repr=False)


class Client(Requests):
    """Made by `godwit.open`. A method a request; every request is answered once, or fails with GodwitError (`cancelled` when the client
    is closed before). Belongs to the event loop that it was opened in."""

    def __init__(self, handle: _native.Handle):
        self._handle = handle
        self._loop = asyncio.get_running_loop()
        self._fd = handle.wake_fd()
        self._reading = False
        self._next_id = 0
        self._pending: dict[int, asyncio.Future[dict[str, Any]]] = {}
        self._events: collections.deque[Event] = collections.deque()
        self._asked = 0  # since an event was taken
        self._shown = 0  # messages that the program has, and has not asked for more since
        self._listeners: collections.deque[asyncio.Future[None]] = collections.deque()
        self._closing: asyncio.Future[None] | None = None  # of the handle

    # ---- requests

    async def request(self, do: str, /, **fields: Any) -> dict[str, Any]:
        """A request by its name, for those that this version has no method for. The reply without "id" and "ok"."""
        return await self._ask(do, fields)

    async def _ask(self, do: str, fields: Mapping[str, Any]) -> dict[str, Any]:
        if self._closing is not None:
            raise GodwitError("cancelled", "the client is closed")
        self._asked += 1
        waiting = len(self._events)
        if waiting >= 2 * EVENTS_MAX or (waiting >= EVENTS_MAX and self._asked > ASKED_MAX):
            raise GodwitError("busy", f"{waiting} events wait: take events, then repeat", 50)
        self._next_id += 1
        given = {name: value for name, value in fields.items() if value is not UNSET and (value is not None or _null_says_something(do, name))}
        # The id stands first, so that it is read even where the rest cannot be; no field takes its place.
        line = _native.utf8("a text", json.dumps({"id": None, "do": None, **given, "id": self._next_id, "do": do}, ensure_ascii=False))
        self._handle.request(line)
        reply = self._pending[self._next_id] = self._loop.create_future()
        mine = self._next_id
        try:
            self._look()
            return await reply
        finally:
            self._pending.pop(mine, None)
            self._look()

    # ---- events

    async def events(self) -> AsyncIterator[Event]:
        """What happens, in order, until the client is closed. Each event goes to one iterator. A received message counts as dealt with
        when the event after it is asked for; after a crash it may be shown again, and stands in the history once."""
        while (event := await self.next_event()) is not None:
            yield event

    async def next_event(self) -> Event | None:
        """The next event; None when the client is closed. With a time limit: asyncio.timeout()."""
        if self._shown:
            self._handle.dealt_with(self._shown)
            self._shown = 0
        while not self._events:
            if self._closing is not None:
                return None
            listener = self._loop.create_future()
            self._listeners.append(listener)
            try:
                self._look()
                await listener
            except asyncio.CancelledError:
                if listener.done() and not listener.cancelled() and self._events and self._listeners:
                    self._finish(self._listeners.popleft(), None)  # the event that this one was woken for
                raise
            finally:
                if listener in self._listeners:
                    self._listeners.remove(listener)
                self._look()
        self._asked = 0
        event = self._events.popleft()
        self._shown += event["event"] == "message"
        self._look()
        return event

    def _wanted(self) -> bool:
        if self._closing is not None:
            return False
        return bool(self._pending) or (bool(self._listeners) and not self._events)

    def _look(self) -> None:
        """Watches the descriptor while something is wanted, and only then."""
        wanted = self._wanted()
        if wanted and not self._reading:
            self._loop.add_reader(self._fd, self._pump)
        elif self._reading and not wanted:
            self._loop.remove_reader(self._fd)
        self._reading = wanted

    def _pump(self) -> None:
        while self._wanted() and (got := self._handle.next()) is not None:
            if "event" in got:
                self._events.append(cast(Event, got))
                if self._listeners:
                    self._finish(self._listeners.popleft(), None)
            else:
                waiting = self._pending.pop(got["id"], None)
                if waiting is None or waiting.done():
                    continue  # whoever asked does not wait any more
                if got["ok"]:
                    waiting.set_result({name: value for name, value in got.items() if name not in ("id", "ok")})
                else:
                    waiting.set_exception(GodwitError.of(got["error"]))
        self._look()

    @staticmethod
    def _finish(future: asyncio.Future[None], result: None) -> None:
        if not future.done():
            future.set_result(result)

    # ---- the life of a program (docs/mobile.md)

    async def suspend(self, deadline_s: float | None = None) -> bool:
        """Before the process is frozen: commits, closes connections and store. False: it took longer than the deadline and goes on, call
        again. What was under way is answered with `cancelled`; what is asked meanwhile is answered after resume()."""
        return await asyncio.to_thread(self._handle.suspend, -1 if deadline_s is None else int(deadline_s * 1000))

    async def resume(self) -> None:
        """Opens the home again. Raises GodwitError as open(); the client then stays suspended."""
        await asyncio.to_thread(self._handle.resume)

    def trim_memory(self) -> None:
        """Memory is short: what is not in use goes back to the system."""
        self._handle.trim_memory()

    # ---- sound and pictures of calls whose devices are "app". Any thread, each by one at a time for one call; nothing waits.

    def push_audio(self, call: str, samples: bytes) -> int:
        """48 kHz, 16 bits in this machine's order, mono. How many samples were taken: fewer when 200 ms wait already, 0 when there is no such
        call or it has no media yet."""
        return self._handle.push_audio(call, samples)

    def pull_audio(self, call: str, samples: int) -> bytes:
        """As push_audio; at most so many samples. Play silence for what is missing."""
        return self._handle.pull_audio(call, samples)

    def push_picture(self, call: str, picture: Picture) -> bool:
        """One that was not sent yet gives way to it. False: no such call, or not of a size that a picture may have."""
        return self._handle.push_picture(call, picture.width, picture.height, picture.i420)

    def pull_picture(self, call: str, device: str | None = None) -> Picture | None:
        """The newest that was not pulled yet; in the call of a group of one device, or of whichever has sent one."""
        got = self._handle.pull_picture(call, device)
        return Picture(*got) if got is not None else None

    # ---- the end

    async def close(self) -> None:
        """Closes the home. What was accepted is durable and goes out at the next open; requests without an answer fail with
        `cancelled`; iterators end. May be called again, and while others wait; when it is cancelled, the home is closed all the same."""
        if self._closing is None:
            self._closing = self._loop.run_in_executor(None, self._handle.close)
            self._look()
            for reply in list(self._pending.values()):
                if not reply.done():
                    reply.set_exception(GodwitError("cancelled", "the client was closed before this was answered"))
            self._events.clear()
            while self._listeners:
                self._finish(self._listeners.popleft(), None)
        await asyncio.shield(self._closing)

    async def __aenter__(self) -> Client:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    def __del__(self) -> None:
        if getattr(self, "_closing", self) is None:
            warnings.warn("a godwit.Client was not closed", ResourceWarning, source=self, stacklevel=2)
            if self._reading and not self._loop.is_closed():
                self._loop.remove_reader(self._fd)
            self._handle.close()


def _null_says_something(do: str, name: str) -> bool:
    """None is "left out", except where JSON's null has a meaning."""
    return (do, name) == ("group_set", "avatar")


class _Opening:
    """`await` gives the client; `async with` gives it, and closes it."""

    def __init__(self, options: _native.Options):
        self._options = options
        self._client: Client | None = None

    async def _open(self) -> Client:
        self._client = Client(await asyncio.to_thread(_native.Handle, self._options))
        return self._client

    def __await__(self) -> Generator[Any, None, Client]:
        return self._open().__await__()

    async def __aenter__(self) -> Client:
        return await self._open()

    async def __aexit__(self, *_: object) -> None:
        if self._client is not None:
            await self._client.close()


def open(home: Home, *, store_key: bytes | None = None, passphrase: str | None = None,  # pylint: disable=redefined-builtin
         client_version: str | None = None, allow_loopback: bool = False, trace: Trace | None = None) -> _Opening:
    """Opens or makes the home, a folder of this device's account: one client at a time. To be awaited, or entered with `async with`.

    store_key: 32 bytes from the platform's key store; or passphrase (Argon2id); or neither: a random key is kept in the home, which
    protects copies of the database, not a stolen folder. allow_loopback: direct paths within one machine, for tests. trace: called with
    (level 0 debug … 3 error, room, text) on godwit's thread.

    Raises GodwitError: storage_in_use, wrong_key, storage_corrupt, storage_too_new, storage_failed, invalid_argument.
    """
    return _Opening(_native.Options.of(home, store_key, passphrase, client_version, allow_loopback, trace))


async def check_home(home: Home, *, store_key: bytes | None = None, passphrase: str | None = None) -> dict[str, Any]:
    """Looks into a home that nobody has open, and changes nothing: {"sound": …, "findings": […], …}."""
    return await asyncio.to_thread(_native.check_home, _native.Options.of(home, store_key, passphrase, None, False, None))


async def repair_home(home: Home, *, store_key: bytes | None = None, passphrase: str | None = None) -> dict[str, Any]:
    """Makes a new store from what is undamaged, and keeps the damaged one beside it: {"was_sound": …, "complete": …, …}."""
    return await asyncio.to_thread(_native.repair_home, _native.Options.of(home, store_key, passphrase, None, False, None))
