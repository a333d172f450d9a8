# SPDX-License-Identifier: Apache-2.0
"""The C ABI (include/godwit/godwit.h) by ctypes, and nothing else of the package sees it."""
from __future__ import annotations

import ctypes
import json
import os
import pathlib
import threading
from typing import Any, Callable

from ._schema import ErrorCode

Trace = Callable[[int, str, str], None]
_TRACE = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_int, ctypes.c_char_p, ctypes.c_char_p)
QUIT = -1


class GodwitError(Exception):
    """What godwit or the relay refused.

    code: what to do about it, by name (see ErrorCode); a name that this version does not know stays as it is.
    detail: one English sentence, good enough to show. retry_s: seconds after which the same request may succeed, or None.
    """

    def __init__(self, code: str, detail: str, retry_ms: int = 0):
        super().__init__(f"{code}: {detail}")
        self.code, self.detail = code, detail
        self.retry_s = retry_ms / 1000 if retry_ms else None

    @property
    def number(self) -> ErrorCode:
        """The code as a number; `internal` when this version does not know it."""
        return ErrorCode.__members__.get(self.code, ErrorCode.internal)

    @classmethod
    def of(cls, error: dict[str, Any]) -> GodwitError:
        return cls(error["code"], error["detail"], error.get("retry", 0))


def utf8(what: str, text: str) -> bytes:
    try:
        return text.encode()
    except UnicodeEncodeError as wrong:
        raise GodwitError("invalid_argument", f"{what}: without halves of surrogate pairs") from wrong


def _whole(name: str, text: bytes) -> bytes:
    """A text of C ends at its first NUL: of a passphrase the rest would protect nothing."""
    if b"\0" in text:
        raise GodwitError("invalid_argument", f"{name}: without NUL characters")
    return text


class Options(ctypes.Structure):
    """godwit_options: size-prefixed, so that an older library ignores what it does not know."""
    _fields_ = [
        ("size", ctypes.c_size_t),
        ("home", ctypes.c_char_p),
        ("store_key", ctypes.c_char_p),
        ("passphrase", ctypes.c_char_p),
        ("client_version", ctypes.c_char_p),
        ("allow_loopback", ctypes.c_int),
        ("trace", _TRACE),
        ("trace_context", ctypes.c_void_p),
        ("provide_key", ctypes.c_void_p),
        ("key_context", ctypes.c_void_p),
        ("wall_ms", ctypes.c_void_p),
        ("clock_context", ctypes.c_void_p),
        ("driven_by_host", ctypes.c_int),
        ("dealt_by_call", ctypes.c_int),
    ]

    @classmethod
    def of(cls, home: str | os.PathLike[str], store_key: bytes | None, passphrase: str | None, client_version: str | None,
           allow_loopback: bool, trace: Trace | None) -> Options:
        if store_key is not None and len(store_key) != 32:
            raise GodwitError("invalid_argument", "store_key: exactly 32 bytes, or None")
        out = cls(size=ctypes.sizeof(cls), store_key=store_key, allow_loopback=int(allow_loopback), dealt_by_call=1)
        out.home = _whole("home", os.fsencode(home))
        out.passphrase = _whole("passphrase", utf8("passphrase", passphrase)) if passphrase is not None else None
        out.client_version = _whole("client_version", utf8("client_version", client_version)) if client_version is not None else None
        if trace is not None:
            told = trace
            out.trace = _TRACE(lambda _, level, room, text: told(level, room.decode(), text.decode("utf-8", "replace")))
        return out


#: GODWIT_CALL_PICTURE_BYTES_MAX: of the largest picture there is, in I420, where odd sides round up.
_PICTURE_BYTES_MAX = 1920 * 1088 * 3 // 2 + (1920 + 1920) // 2 + 1
_room = threading.local()


def _load() -> ctypes.CDLL:
    named = os.environ.get("GODWIT_LIBRARY")
    inside = sorted(pathlib.Path(__file__).parent.glob("libgodwit.*"))
    so = ctypes.CDLL(named or (str(inside[0]) if inside else "libgodwit.so.0"))
    so.godwit_version.restype = ctypes.c_char_p
    so.godwit_open.restype = ctypes.c_void_p
    for name in ("godwit_open", "godwit_check", "godwit_repair"):
        getattr(so, name).argtypes = [ctypes.POINTER(Options), ctypes.POINTER(ctypes.c_void_p)]
    so.godwit_check.restype = so.godwit_repair.restype = so.godwit_next.restype = ctypes.c_void_p
    so.godwit_request.argtypes = [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_size_t]
    so.godwit_next.argtypes = so.godwit_suspend.argtypes = [ctypes.c_void_p, ctypes.c_int]
    so.godwit_dealt_with.argtypes = [ctypes.c_void_p, ctypes.c_size_t]
    so.godwit_resume.argtypes = [ctypes.c_void_p, ctypes.POINTER(ctypes.c_void_p)]
    so.godwit_trim_memory.argtypes = [ctypes.c_void_p]
    so.godwit_call_push_audio.argtypes = so.godwit_call_pull_audio.argtypes = [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_void_p, ctypes.c_size_t]
    so.godwit_call_push_picture.argtypes = [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_int, ctypes.c_int, ctypes.c_char_p, ctypes.c_size_t]
    sizes = [ctypes.POINTER(ctypes.c_int)] * 2
    so.godwit_call_pull_picture.argtypes = [ctypes.c_void_p, ctypes.c_char_p, *sizes, ctypes.c_void_p, ctypes.c_size_t]
    so.godwit_call_pull_picture_of.argtypes = [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_char_p, *sizes, ctypes.c_void_p, ctypes.c_size_t]
    for name in ("push_audio", "pull_audio", "pull_picture", "pull_picture_of"):
        getattr(so, f"godwit_call_{name}").restype = ctypes.c_size_t
    so.godwit_wake_fd.argtypes = so.godwit_close.argtypes = so.godwit_free.argtypes = [ctypes.c_void_p]
    return so


_so = _load()


def version() -> str:
    """Of the library, e.g. "0.1.0"."""
    return _so.godwit_version().decode()


def _take(text: int) -> Any:
    try:
        return json.loads(ctypes.string_at(text))
    finally:
        _so.godwit_free(text)


def _called(function: Any, options: Options) -> int:
    """Its result, never NULL."""
    error = ctypes.c_void_p()
    out = function(ctypes.byref(options), ctypes.byref(error))
    if not out:
        raise GodwitError.of(_take(error.value)) if error.value else GodwitError("internal", "out of memory")
    return out


def check_home(options: Options) -> dict[str, Any]:
    return _take(_called(_so.godwit_check, options))


def repair_home(options: Options) -> dict[str, Any]:
    return _take(_called(_so.godwit_repair, options))


class Handle:
    """An open client. Any thread."""

    def __init__(self, options: Options):
        self._options = options  # the trace callback lives as long as the client
        self._client: int | None = _called(_so.godwit_open, options)

    def request(self, line: bytes) -> None:
        code = _so.godwit_request(self._client, line, len(line))
        if code == ErrorCode.busy:
            raise GodwitError("busy", "requests come faster than they can be served: take events, then repeat", 50)
        if code not in (0, QUIT):
            raise GodwitError(ErrorCode(code).name if code in ErrorCode._value2member_map_ else "internal", "the request was not taken")

    def next(self, timeout_ms: int = 0) -> dict[str, Any] | None:
        text = _so.godwit_next(self._client, timeout_ms)
        return _take(text) if text else None

    def dealt_with(self, messages: int) -> None:
        _so.godwit_dealt_with(self._client, messages)

    def wake_fd(self) -> int:
        return _so.godwit_wake_fd(self._client)

    def suspend(self, deadline_ms: int) -> bool:
        code = _so.godwit_suspend(self._client, deadline_ms)
        if code not in (0, ErrorCode.timed_out):
            raise GodwitError("cancelled", "the client is closed")
        return code == 0

    def resume(self) -> None:
        error = ctypes.c_void_p()
        if _so.godwit_resume(self._client, ctypes.byref(error)) != 0:
            raise GodwitError.of(_take(error.value)) if error.value else GodwitError("cancelled", "the client is closed")

    def trim_memory(self) -> None:
        _so.godwit_trim_memory(self._client)

    def push_audio(self, call: str, samples: bytes) -> int:
        return _so.godwit_call_push_audio(self._client, call.encode(), samples, len(samples) // 2)

    def pull_audio(self, call: str, samples: int) -> bytes:
        room = ctypes.create_string_buffer(2 * samples)
        got = _so.godwit_call_pull_audio(self._client, call.encode(), room, samples)
        return room.raw[:2 * got]

    def push_picture(self, call: str, width: int, height: int, i420: bytes) -> bool:
        return bool(_so.godwit_call_push_picture(self._client, call.encode(), width, height, i420, len(i420)))

    def pull_picture(self, call: str, device: str | None) -> tuple[int, int, bytes] | None:
        width, height = ctypes.c_int(), ctypes.c_int()
        if (room := getattr(_room, "bytes", None)) is None:
            room = _room.bytes = ctypes.create_string_buffer(_PICTURE_BYTES_MAX)
        into = (ctypes.byref(width), ctypes.byref(height), room, len(room))
        if device is None:
            got = _so.godwit_call_pull_picture(self._client, call.encode(), *into)
        else:
            got = _so.godwit_call_pull_picture_of(self._client, call.encode(), device.encode(), *into)
        return (width.value, height.value, ctypes.string_at(room, got)) if 0 < got <= len(room) else None

    def close(self) -> None:
        client, self._client = self._client, None
        if client is not None:
            _so.godwit_close(client)

    def __del__(self) -> None:  # of an open() that nobody waited for any more when it was done
        if getattr(self, "_client", None) is not None:
            self.close()
