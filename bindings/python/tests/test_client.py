# SPDX-License-Identifier: Apache-2.0
"""The Python binding against a real relay. GODWIT_RELAY: the relay's program; GODWIT_LIBRARY: the shared library, unless a wheel is
installed that has it."""
import array
import asyncio
import dataclasses
import math
import os
import pathlib
import signal
import socket
import subprocess
import sys
import tempfile
import unittest

import godwit

RELAY = os.environ["GODWIT_RELAY"]
EXAMPLE = pathlib.Path(__file__).resolve().parent.parent / "examples" / "chat.py"
WAIT_S = 150


def free_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


class World(unittest.IsolatedAsyncioTestCase):
    """A folder, and a relay when it is asked for."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="godwit-python-")
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def relay(self):
        run = subprocess.Popen([RELAY, "--data", self.folder / "relay", "--listen", f"127.0.0.1:{free_port()}"], stdout=subprocess.PIPE, text=True)

        def end():
            run.terminate()
            run.wait(WAIT_S)
            run.stdout.close()

        self.addCleanup(end)
        for line in run.stdout:
            if line.startswith("ready "):
                return line.split()[1]
        self.fail("the relay did not start")

    def open(self, name):
        return godwit.open(self.folder / name, allow_loopback=True)

    async def join(self, client, relay, name):
        await client.register(relay=relay, user=name, password=f"a long password of {name}", device_name="test")

    async def befriended(self, relay, ann, ben):
        await self.join(ann, relay, "ann")
        await self.join(ben, relay, "ben")
        await ann.contact_add(user="ben")
        await self.until(ben, event="contact_request", user="ann")
        await ben.contact_accept(user="ann")
        await self.until(ann, event="contact_accepted", user="ben")

    async def until(self, client, **wanted):
        """The next event with these members."""
        async with asyncio.timeout(WAIT_S):
            async for event in client.events():
                if all(event.get(name.rstrip("_")) == value for name, value in wanted.items()):
                    return event
        self.fail(f"closed before {wanted}")


class Alone(World):
    async def test_version_and_status(self):
        self.assertEqual(godwit.version().count("."), 2)
        async with self.open("ann") as ann:
            status = await ann.status()
            self.assertEqual((status["user"], status["connected"]), ("", False))
            self.assertNotIn("ok", status)

    async def test_refusals_are_exceptions_that_say_what_to_do(self):
        async with self.open("ann") as ann:
            with self.assertRaises(godwit.GodwitError) as refused:
                await ann.contacts()
            self.assertEqual(refused.exception.code, "not_registered")
            self.assertEqual(refused.exception.number, godwit.ErrorCode.not_registered)
            self.assertIn("register", refused.exception.detail)
            with self.assertRaises(godwit.GodwitError) as refused:
                await ann.request("fly", to="the moon")
            self.assertEqual(refused.exception.code, "unknown_request")
            with self.assertRaises(godwit.GodwitError) as refused:
                async with self.open("ann"):
                    pass
            self.assertEqual(refused.exception.code, "storage_in_use")
        with self.assertRaises(godwit.GodwitError):
            godwit.open(self.folder / "ann", store_key=b"short")

    async def test_a_thousand_requests_are_each_answered_once_also_by_close(self):
        ann = await self.open("ann")
        asked = [asyncio.create_task(ann.status()) for _ in range(1000)]
        await asyncio.sleep(0)  # all of them have asked
        await ann.close()
        answers = await asyncio.gather(*asked, return_exceptions=True)
        self.assertEqual(len(answers), 1000)
        for answer in answers:
            if isinstance(answer, godwit.GodwitError):
                self.assertEqual(answer.code, "cancelled")
            else:
                self.assertEqual(answer["user"], "")
        self.assertEqual([event async for event in ann.events()], [])
        with self.assertRaises(godwit.GodwitError):
            await ann.status()
        await ann.close()
        async with self.open("ann") as again:  # it is really closed
            await again.status()

    async def test_what_godwit_cannot_read_is_refused_like_anything_else(self):
        async with self.open("ann") as ann:
            deep = "x"
            for _ in range(20):
                deep = [deep]
            for text in ("x" * 3_000_000, "\ud83d", deep, [0] * 20_000):
                with self.assertRaises(godwit.GodwitError):
                    await asyncio.wait_for(ann.request("send", to="bob", text=text), WAIT_S)
            self.assertEqual((await ann.request("status", id=7))["user"], "")
        with self.assertRaisesRegex(godwit.GodwitError, "invalid_argument"):
            await godwit.open(self.folder / "ben", passphrase="a\ud800")

    async def test_who_takes_no_events_is_refused_when_many_wait(self):
        async with self.open("ann") as ann:
            ann._events.extend({"event": "presence"} for _ in range(10_000))  # as _pump does
            with self.assertRaisesRegex(godwit.GodwitError, "busy.*take events"):
                for _ in range(2_000):
                    await ann.status()
            ann._events.extend({"event": "presence"} for _ in range(10_000))
            await ann.next_event()
            ann._events.append({"event": "presence"})
            with self.assertRaisesRegex(godwit.GodwitError, "busy.*20000 events"):
                await ann.status()
            for _ in range(10_000):
                ann._events.popleft()
            for _ in range(10):  # who takes some may ask
                await ann.next_event()
                ann._events.append({"event": "presence"})
                self.assertEqual((await ann.status())["user"], "")

    async def test_whoever_is_cancelled_when_its_event_comes_hands_it_on(self):
        async with self.open("ann") as ann:
            first, second = (asyncio.create_task(ann.next_event()) for _ in range(2))
            await asyncio.sleep(0)
            ann._events.append({"event": "connected"})  # as _pump does
            ann._finish(ann._listeners.popleft(), None)
            first.cancel()
            with self.assertRaises(asyncio.CancelledError):
                await first
            self.assertEqual((await asyncio.wait_for(second, WAIT_S))["event"], "connected")

    async def test_a_request_that_nobody_waits_for_harms_nobody(self):
        async with self.open("ann") as ann:
            asked = asyncio.create_task(ann.status())
            await asyncio.sleep(0)
            asked.cancel()
            with self.assertRaises(asyncio.CancelledError):
                await asked
            self.assertEqual((await ann.status())["user"], "")

    async def test_an_open_that_nobody_waits_for_any_more_leaves_the_home_free(self):
        with self.assertRaises(TimeoutError):
            async with asyncio.timeout(0.001):
                async with godwit.open(self.folder / "ann", passphrase="takes Argon2id a while"):
                    pass
        async with asyncio.timeout(WAIT_S):
            while True:  # until what went on has ended
                try:
                    async with godwit.open(self.folder / "ann", passphrase="takes Argon2id a while"):
                        break
                except godwit.GodwitError as trouble:
                    self.assertEqual(trouble.code, "storage_in_use")
                    await asyncio.sleep(0.05)

    async def test_a_close_that_is_cancelled_closes_and_may_be_waited_for_again(self):
        ann = await self.open("ann")
        closing = asyncio.create_task(ann.close())
        await asyncio.sleep(0)
        closing.cancel()
        with self.assertRaises(asyncio.CancelledError):
            await closing
        async with asyncio.timeout(WAIT_S):
            await ann.close()
        async with self.open("ann"):
            pass

    async def test_what_c_would_cut_off_at_a_nul_is_refused(self):
        for wrong in ({"home": "ann\0x"}, {"home": "ann", "passphrase": "secret\0tail"}, {"home": "ann", "client_version": "1\0"}):
            with self.assertRaises(godwit.GodwitError) as refused:
                godwit.open(self.folder / wrong.pop("home"), **wrong)
            self.assertEqual(refused.exception.code, "invalid_argument")

    async def test_a_child_of_a_fork_lets_go_of_its_parents_client(self):
        ann = await self.open("ann")
        child = os.fork()
        if child == 0:
            signal.alarm(60)
            ann._handle.close()  # as collecting garbage would  # pylint: disable=protected-access
            os._exit(0)
        self.assertEqual(os.waitpid(child, 0)[1], 0)
        self.assertEqual((await ann.status())["user"], "")
        await ann.close()

    async def test_suspended_and_resumed(self):
        async with self.open("ann") as ann:
            self.assertTrue(await ann.suspend())
            async with self.open("ann") as other:  # no lock is held
                with self.assertRaises(godwit.GodwitError) as refused:
                    await ann.resume()
                self.assertEqual(refused.exception.code, "storage_in_use")
                await other.status()
            asked = asyncio.create_task(ann.status())
            await ann.resume()
            self.assertEqual((await asked)["user"], "")
            ann.trim_memory()

    async def test_a_home_is_checked_with_its_key(self):
        key = bytes(range(32))
        async with godwit.open(self.folder / "ann", store_key=key):
            pass
        self.assertTrue((await godwit.check_home(self.folder / "ann", store_key=key))["sound"])
        with self.assertRaises(godwit.GodwitError) as refused:
            await godwit.check_home(self.folder / "ann", store_key=b"k" * 32)
        self.assertEqual(refused.exception.code, "wrong_key")
        self.assertTrue((await godwit.repair_home(self.folder / "ann", store_key=key))["was_sound"])

    async def test_trace_tells_what_happens(self):
        told = []
        async with godwit.open(self.folder / "ann", trace=lambda level, room, text: told.append((level, room, text))) as ann:
            asking = asyncio.create_task(ann.device_link_code(relay="godwit://127.0.0.1:9#" + "B" * 42 + "A"))
            async with asyncio.timeout(WAIT_S):
                while not told:  # a relay is dialled, which is not there
                    await asyncio.sleep(0.01)
            asking.cancel()
        self.assertTrue(told)
        self.assertTrue(all(0 <= level <= 3 and room and text for level, room, text in told), told)


class Together(World):
    async def test_two_talk_directly_and_see_it(self):
        relay = self.relay()
        async with self.open("ann") as ann, self.open("ben") as ben:
            await self.befriended(relay, ann, ben)
            sent = await ann.send(to="ben", text="从阿拉斯加问候 🐦", key="first")
            got = await self.until(ben, event="message", message=sent["message"])
            self.assertEqual((got["from"], got["text"], got["state"]), ("ann", "从阿拉斯加问候 🐦", "received"))
            state = await self.until(ann, event="message_state", message=sent["message"], state="delivered")
            self.assertIn(state["path"], ("direct", "mailbox"))
            again = await ann.send(to="ben", text="从阿拉斯加问候 🐦", key="first")
            self.assertEqual(again["message"], sent["message"], "the key makes it one message")
            history = await ben.history(with_="ann")
            self.assertEqual([m["text"] for m in history["messages"]], ["从阿拉斯加问候 🐦"])
            found = await ben.search(text="阿拉斯加", from_="ann")
            self.assertEqual(found["hits"][0]["message"], sent["message"])
            numbers = await asyncio.gather(ann.safety_number(with_="ben"), ben.safety_number(with_="ann"))
            self.assertEqual(numbers[0]["number"], numbers[1]["number"])

    async def test_a_call_with_the_programs_own_sound_and_pictures(self):
        relay = self.relay()
        async with self.open("ann") as ann, self.open("ben") as ben:
            await self.befriended(relay, ann, ben)
            self.assertEqual((ann.push_audio("00" * 16, bytes(960)), ann.pull_audio("rubbish", 480)), (0, b""))
            try:
                call = (await ann.call(to="ben", video=True))["call"]
            except godwit.GodwitError as refused:
                self.assertEqual(refused.code, "unsupported")
                self.skipTest("a library without media")
            await self.until(ben, event="call_incoming", call=call)
            await ben.answer()
            for one in (ann, ben):
                await self.until(one, event="call_state", call=call, state="active")
            tone = array.array("h", [round(8000 * math.sin(2 * math.pi * 1000 * i / 48000)) for i in range(480)]).tobytes()
            grey = godwit.Picture(160, 96, bytes([128]) * (160 * 96 * 3 // 2))
            self.assertFalse(ann.push_picture(call, dataclasses.replace(grey, i420=grey.i420[1:])))
            loud, seen = 0, None
            async with asyncio.timeout(WAIT_S):
                while loud < 20 or seen is None:
                    ann.push_audio(call, tone)
                    self.assertTrue(ann.push_picture(call, grey))
                    loud += max(array.array("h", ben.pull_audio(call, 480)), default=0) > 2000
                    seen = seen or ben.pull_picture(call)
                    await asyncio.sleep(0.005)
            self.assertEqual((seen.width, seen.height, len(seen.i420)), (160, 96, len(grey.i420)))
            self.assertIsNone(ben.pull_picture(call, "rubbish"))
            await ann.hangup()

    async def test_what_a_reply_came_past_is_shown_again_unless_the_program_has_seen_it(self):
        relay = self.relay()
        async with self.open("ann") as ann, self.open("ben") as ben:
            await self.befriended(relay, ann, ben)
            sent = [(await ann.send(to="ben", text=text))["message"] for text in ("one", "two", "three")]
            async with asyncio.timeout(WAIT_S):  # ben asks, and looks at no event, until all three are in his history
                while len((await ben.history(with_="ann"))["messages"]) < 3:
                    await asyncio.sleep(0.05)
                await ben.status()  # whose reply stands behind their events
            await self.until(ben, event="message", message=sent[0])
            await self.until(ben, event="message", message=sent[1])  # asked for: so the first is dealt with
        async with self.open("ben") as ben:
            shown = []
            async with asyncio.timeout(WAIT_S):
                while sent[2] not in shown:
                    shown.append((await self.until(ben, event="message"))["message"])
            self.assertEqual(shown, sent[1:])

    async def test_the_example_chats(self):
        relay = self.relay()
        for words in ("Hello from Alaska", "I come again"):  # the second time in the homes of the first
            await self.example_chats(relay, words)

    async def example_chats(self, relay, words):
        chats = {}
        for name, peer in (("ann", "ben"), ("ben", "ann")):
            (self.folder / f"{name}.password").write_text(f"a long password of {name}\n")
            chats[name] = await asyncio.create_subprocess_exec(
                sys.executable, EXAMPLE, "--home", self.folder / name, "--relay", relay, "--user", name, "--password-file",
                self.folder / f"{name}.password", "--register", "--loopback", peer, stdin=subprocess.PIPE, stdout=subprocess.PIPE)

        async def line_with(name, wanted):
            async with asyncio.timeout(WAIT_S):
                while wanted not in (line := (await chats[name].stdout.readline()).decode()):
                    self.assertTrue(line, f"{name} ended before it said {wanted}")
            return line

        try:
            for name in chats:
                await line_with(name, "you can write")
            chats["ann"].stdin.write((words + "\n").encode())
            await line_with("ben", "]: " + words)
            await line_with("ann", "✓✓")
            for chat in chats.values():
                chat.stdin.close()
            for name, chat in chats.items():
                self.assertEqual(await asyncio.wait_for(chat.wait(), WAIT_S), 0, name)
        finally:
            for chat in chats.values():
                if chat.returncode is None:
                    chat.kill()
                    await chat.wait()


if __name__ == "__main__":
    unittest.main(verbosity=2)
