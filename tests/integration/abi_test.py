#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Another language over the shared library alone: three clients in this one process, talking through a relay."""
import ctypes
import json
import os
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


main([three_in_one_process], lambda parser: parser.add_argument("--library", required=True))
