#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""kill -9 of either client or the relay in mid-conversation: nothing accepted is lost, nothing is in a history twice, the order
of each writer is kept. The oracle is this process: it knows what was accepted, through the clients' own pipes.

    crash_test.py --relay … --client … [--kills N of each, default 2] [--seed S]
"""
import random
import threading
import time

from world import Failed, check, equal, main


class Writer(threading.Thread):
    """Sends numbered messages as fast as they are accepted, through crashes of its client: the key makes a repeated send safe."""

    def __init__(self, client, to, clients_lock):
        super().__init__(daemon=True)
        self.client, self.to, self.lock = client, to, clients_lock
        self.accepted = []  # (text, message id), in order
        self.stop = threading.Event()
        self.trouble = None

    def run(self):
        number = 0
        try:
            while not self.stop.is_set():
                number += 1
                self.send(f"{self.client.name} {number}")
                time.sleep(random.random() * 0.02)
        except Exception as trouble:  # pylint: disable=broad-except
            self.trouble = trouble

    def send(self, text):
        until = time.monotonic() + 60
        while time.monotonic() < until:
            with self.lock:
                run = self.client.run
            try:
                wanted = self.client.post("send", to=self.to, text=text, key=text)
                reply = run.wait(lambda line: "ok" in line and line.get("id") == wanted, "reply", 0, 30)
            except (Failed, OSError, ValueError):
                time.sleep(0.02)  # it was killed: again, on the next one
                continue
            if reply["ok"]:
                self.accepted.append((text, reply["message"]))
                return
            check(reply["error"]["code"] in ("not_connected", "busy", "quota_exceeded", "storage_in_use"), f"{text}: {reply}")
            time.sleep(0.1)
        raise Failed(f"{text} was not accepted within 60 s")


def crashes(world):
    relay = world.relay()
    alice, bob = world.pair(relay)
    lock = threading.Lock()
    writers = [Writer(alice, "bob", lock), Writer(bob, "alice", lock)]
    victims = [alice, bob, relay] * world.given.kills
    random.shuffle(victims)
    for writer in writers:
        writer.start()
    for victim in victims:
        time.sleep(0.1 + random.random() * 0.8)
        if random.random() < 0.4:  # some of the time the mailbox carries it
            for one in (alice, bob):
                one.post("fault", drop_direct=random.random() < 0.7)
        time.sleep(random.random() * 0.2)
        if victim is relay:
            relay.kill()
            time.sleep(random.random() * 0.5)
            relay.start()
        else:
            with lock:
                victim.kill()
                victim.start()
    time.sleep(0.5)
    for writer in writers:
        writer.stop.set()
    for writer in writers:
        writer.join(90)
        check(writer.trouble is None, f"{writer.client.name}: {writer.trouble}")
        check(not writer.is_alive(), f"{writer.client.name} hangs")
        check(len(writer.accepted) > len(victims), f"{writer.client.name}: too few to prove anything: {len(writer.accepted)}")
    for one in (alice, bob):
        one.ok("fault", drop_direct=False)
        one.ok("network_changed")

    # Everything accepted arrives.
    until = time.monotonic() + 60
    while any(one.ok("status")["outbox_messages"] for one in (alice, bob)):
        check(time.monotonic() < until, f"still on their way: {[one.ok('status') for one in (alice, bob)]}")
        time.sleep(0.2)

    histories = {"alice": alice.history("bob"), "bob": bob.history("alice")}
    for owner, history in histories.items():
        ids = [m["message"] for m in history]
        equal(len(ids), len(set(ids)), f"{owner}: something is there twice")
        for writer in writers:
            wanted = writer.accepted
            got = [(m["text"], m["message"]) for m in history if m["from"] == writer.client.name]
            check(len(got) >= len(wanted), f"{owner} lost of {writer.client.name}: {[w for w in wanted if w not in got][:5]}")
            equal(got, wanted, f"{owner}'s history of what {writer.client.name} wrote")
        for m in history:
            check(m["state"] in ("received", "delivered"), f"{owner}: {m}")
    equal([m["message"] for m in histories["alice"]], [m["message"] for m in histories["bob"]], "the order of both histories")

    # Every message was shown to the receiving program at least once.
    for receiver, writer in ((bob, writers[0]), (alice, writers[1])):
        shown = {line["message"] for line in receiver.past + receiver.run.lines if line.get("event") == "message"}
        missing = [text for text, message in writer.accepted if message not in shown]
        check(not missing, f"{receiver.name} was never shown: {missing[:5]}")
    print(f"{len(victims)} kills, {sum(len(w.accepted) for w in writers)} messages, all there, once, in order")


main([crashes], lambda parser: parser.add_argument("--kills", type=int, default=2, help="of each: sender, receiver, relay"))
