# SPDX-License-Identifier: Apache-2.0
"""Two clients that write to each other through crashes, and the question at the end: is everything that was accepted there, once,
in order, on both sides? The oracle is this process: it knows what was accepted, through the clients' own pipes."""
import random
import threading
import time

from world import Failed, check, equal

# What a client may answer while something is broken. Anything else is a finding.
PATIENT = ("not_connected", "busy", "quota_exceeded", "storage_in_use")


class Writer(threading.Thread):
    """Sends numbered messages as fast as they are accepted, through crashes of its client: the key makes a repeated send safe."""

    def __init__(self, client, to, clients_lock, patient=PATIENT):
        super().__init__(daemon=True)
        self.client, self.to, self.lock, self.patient = client, to, clients_lock, patient
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
            check(reply["error"]["code"] in self.patient, f"{text}: {reply}")
            time.sleep(0.1)
        raise Failed(f"{text} was not accepted within 60 s")


def wait_until_delivered(clients, seconds=60):
    until = time.monotonic() + seconds
    while any(one.ok("status")["outbox_messages"] for one in clients):
        check(time.monotonic() < until, f"still on their way: {[one.ok('status') for one in clients]}")
        time.sleep(0.2)


def check_histories(alice, bob, writers):
    """Everything accepted is in both histories, once, each writer's in its order, and both in one order."""
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
