#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Another language over the shared library alone: three clients in this one process, talking through a relay."""
import ctypes
import json
import math
import os
import sys
import time

from world import befriend, check, equal, main, password_of


class Options(ctypes.Structure):
    _fields_ = [("size", ctypes.c_size_t), ("home", ctypes.c_char_p), ("store_key", ctypes.c_char_p), ("passphrase", ctypes.c_char_p),
                ("client_version", ctypes.c_char_p), ("allow_loopback", ctypes.c_int)]  # as a program of the first release has it


class Library:
    def __init__(self, path):
        self.so = ctypes.CDLL(path)
        self.so.godwit_open.restype = ctypes.c_void_p
        self.so.godwit_next.restype = ctypes.c_void_p
        self.so.godwit_request.argtypes = [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_size_t]
        self.so.godwit_next.argtypes = [ctypes.c_void_p, ctypes.c_int]
        self.so.godwit_close.argtypes = self.so.godwit_free.argtypes = [ctypes.c_void_p]
        self.so.godwit_version.restype = ctypes.c_char_p
        for verb in ("push_audio", "pull_audio"):
            function = getattr(self.so, f"godwit_call_{verb}")
            function.restype = ctypes.c_size_t
            function.argtypes = [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_void_p, ctypes.c_size_t]
        self.so.godwit_call_push_picture.argtypes = [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_int, ctypes.c_int, ctypes.c_char_p, ctypes.c_size_t]
        self.so.godwit_call_pull_picture.restype = ctypes.c_size_t
        self.so.godwit_call_pull_picture.argtypes = [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_size_t]


class InProcess:
    """The same verbs as world.Client, without a process."""

    def __init__(self, library, name, home):
        self.so, self.name, self.lines = library.so, name, []
        options = Options(ctypes.sizeof(Options), home.encode(), None, None, b"0.1.0", 1)
        self.client = self.so.godwit_open(ctypes.byref(options), None)
        check(self.client, f"cannot open {home}")
        self.next_id = 0

    def take(self, timeout_ms):
        text = self.so.godwit_next(self.client, timeout_ms)
        if text:
            self.lines.append(json.loads(ctypes.string_at(text)))
            self.so.godwit_free(text)
        return bool(text)

    def wait(self, wanted, what, start=0):
        until = time.monotonic() + 40
        while time.monotonic() < until:
            for line in self.lines[start:]:
                if wanted(line):
                    return line
            start = len(self.lines)
            self.take(1000)
        check(False, f"{self.name}: no {what}; {self.lines[-5:]}")

    def mark(self):
        return len(self.lines)

    def ok(self, do, **fields):
        self.next_id += 1
        wanted = f"{self.name}-{self.next_id}"
        line = json.dumps({"id": wanted, "do": do, **fields}).encode()
        equal(self.so.godwit_request(self.client, line, len(line)), 0, do)
        reply = self.wait(lambda got: got.get("id") == wanted, f"reply to {do}")
        check(reply["ok"], f"{self.name}: {do}: {reply}")
        return reply

    def event(self, name, start=0, **fields):
        return self.wait(lambda got: got.get("event") == name and all(got.get(k) == v for k, v in fields.items()), f"{name} {fields}", start)

    def close(self):
        self.so.godwit_close(self.client)


def three_in_one_process(world):
    library = Library(world.given.library)
    check(library.so.godwit_version().count(b".") == 2, "version")
    relay = world.relay()
    ann, ben, cat = people = [InProcess(library, name, os.path.join(world.folder, name)) for name in ("ann", "ben", "cat")]
    for one in people:
        one.ok("register", relay=relay.address, user=one.name, password=password_of(one.name))
    befriend(ann, ben)
    befriend(ben, cat)
    befriend(cat, ann)
    for sender, receiver in ((ann, ben), (ben, cat), (cat, ann), (ben, ann)):
        text = f"{sender.name} to {receiver.name}"
        message = sender.ok("send", to=receiver.name, text=text)["message"]
        equal(receiver.event("message", message=message)["text"], text, "text")
        state = sender.wait(lambda got: got.get("message") == message and got.get("state") == "delivered", "delivered")
        equal(state["path"], "direct", f"{text}: {state}")
    equal(relay.stats()["content_bytes_stored"], 0, "content at the relay")
    cat.close()
    ann.event("presence", user="cat", online=False)
    for one in (ann, ben):
        one.close()


def a_call_with_the_programs_own_sound_and_pictures(world):
    library = Library(world.given.library)
    so = library.so
    relay = world.relay()
    ann, ben = people = [InProcess(library, name, os.path.join(world.folder, name)) for name in ("ann", "ben")]
    for one in people:
        one.ok("register", relay=relay.address, user=one.name, password=password_of(one.name))
    befriend(ann, ben)
    tone = (ctypes.c_int16 * 480)(*[round(8000 * math.sin(2 * math.pi * 1000 * i / 48000)) for i in range(480)])
    heard = (ctypes.c_int16 * 480)()
    nobody = b"00" * 16
    equal((so.godwit_call_push_audio(ann.client, nobody, tone, 480), so.godwit_call_pull_audio(ann.client, b"rubbish", heard, 480)), (0, 0), "no such call")

    call = ann.ok("call", to="ben", video=True)["call"]
    ben.event("call_incoming", call=call)
    ben.ok("answer")
    for one in people:
        one.event("call_state", call=call, state="active")
    name, loud, seen = call.encode(), 0, 0
    grey, room = bytes([128]) * (160 * 96 * 3 // 2), ctypes.create_string_buffer(1920 * 1088 * 3 // 2)
    width, height = ctypes.c_int(), ctypes.c_int()
    equal(so.godwit_call_push_picture(ann.client, name, 160, 96, grey, len(grey) - 1), 0, "a picture that is too short")
    until = time.monotonic() + 40
    while (loud < 20 or not seen) and time.monotonic() < until:
        so.godwit_call_push_audio(ann.client, name, tone, 480)
        equal(so.godwit_call_push_picture(ann.client, name, 160, 96, grey, len(grey)), 1, "a picture")
        got = so.godwit_call_pull_audio(ben.client, name, heard, 480)
        loud += got > 0 and max(heard[:got]) > 2000
        seen = seen or so.godwit_call_pull_picture(ben.client, name, ctypes.byref(width), ctypes.byref(height), room, len(room))
        ann.take(5)
    equal((loud >= 20, seen, width.value, height.value), (True, len(grey), 160, 96), f"what came: {loud} loud steps")
    ann.ok("hangup")
    ben.event("call_ended", call=call, outcome="completed")
    equal(so.godwit_call_push_audio(ann.client, name, tone, 480), 0, "a call that is over")
    for one in people:
        one.close()


# A build without media has no calls: meson says which this is.
calls = [a_call_with_the_programs_own_sound_and_pictures] if "--calls" in sys.argv else []


def options(parser):
    parser.add_argument("--library", required=True)
    parser.add_argument("--calls", action="store_true")


main([three_in_one_process, *calls], options)
