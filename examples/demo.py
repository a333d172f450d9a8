#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""First flight, watched: two clients and a relay on this machine, over real sockets.

    demo.py --build BUILD-FOLDER [--keep]      or: --relay PATH-TO-godwit-relay --client PATH-TO-godwit

They register, become contacts and talk device to device. Then the direct path is cut as a firewall would cut it, messages go
by the relay's mailbox, the path is healed, and they talk directly again. The table at the end is made of what the two clients
and the relay reported; the exit code is not 0 when any claim below it is false.
"""
import argparse
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time

STEP_S = 30  # the longest any step may take; each is far shorter on a machine that is not overloaded


class Failed(Exception):
    pass


class Lines:
    """A process and the lines it prints, waited for by condition."""

    def __init__(self, command, **more):
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1, **more)
        self.lines = []
        self.ended = False
        self.changed = threading.Condition()
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self):
        for line in self.process.stdout:
            with self.changed:
                self.lines.append(self.parse(line.rstrip("\n")))
                self.changed.notify_all()
        with self.changed:
            self.ended = True
            self.changed.notify_all()

    def parse(self, line):
        return line

    def wait(self, wanted, what, start=0, seconds=STEP_S):
        """The first line from number `start` on that `wanted` likes."""
        until = time.monotonic() + seconds
        with self.changed:
            seen = start
            while True:
                while seen < len(self.lines):
                    if wanted(self.lines[seen]):
                        return self.lines[seen]
                    seen += 1
                left = until - time.monotonic()
                if left <= 0 or self.ended:
                    raise Failed(f"{self.name}: no {what} within {seconds} s" + (" (it has ended)" if self.ended else ""))
                self.changed.wait(left)


class Relay(Lines):
    name = "relay"

    def __init__(self, program, folder):
        with socket.socket() as probe:  # a port that is free now
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        super().__init__([program, "--data", folder, "--listen", f"127.0.0.1:{port}"])
        self.address = self.wait(lambda line: line.startswith("ready "), "ready line").split()[1]

    def stats(self):
        start = len(self.lines)
        self.process.send_signal(signal.SIGUSR1)
        return json.loads(self.wait(lambda line: line.startswith("stats "), "stats", start)[6:])


class Client(Lines):
    def __init__(self, program, folder, name):
        self.name = name
        self.next_id = 0
        super().__init__([program, "--home", os.path.join(folder, name), "--loopback", "stdio"])

    def parse(self, line):
        return json.loads(line)

    def ask(self, do, **fields):
        self.next_id += 1
        wanted = self.next_id
        self.process.stdin.write(json.dumps({"id": wanted, "do": do, **fields}) + "\n")
        reply = self.wait(lambda line: line.get("id") == wanted, f"reply to {do}")
        if not reply["ok"]:
            raise Failed(f"{self.name}: {do}: {reply['error']['code']}: {reply['error']['detail']}")
        return reply

    def event(self, name, start=0, seconds=STEP_S, **fields):
        return self.wait(lambda line: line.get("event") == name and all(line.get(k) == v for k, v in fields.items()),
                         f"event {name} {fields}", start, seconds)

    def mark(self):
        return len(self.lines)


def send(rows, phase, sender, receiver, text):
    """One message, followed until both sides have said what became of it."""
    seen = receiver.mark()
    message = sender.ask("send", to=receiver.name, text=text)["message"]
    state = sender.wait(lambda line: line.get("event") == "message_state" and line["message"] == message
                        and line["state"] in ("delivered", "failed"), f"delivery of {text!r}")
    if state["state"] != "delivered":
        raise Failed(f"{text!r} failed: {state['reason']}")
    got = receiver.event("message", seen, message=message)
    rows.append({"phase": phase, "from": sender.name, "text": text, "path": got["path"], "sender_says": state["path"],
                 "reason": state["reason"], "us": state["elapsed_us"]})
    return rows[-1]


def main():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--build", help="a build folder that has both programs")
    options.add_argument("--relay", help="the godwit-relay program")
    options.add_argument("--client", help="the godwit program")
    options.add_argument("--keep", action="store_true", help="keep the folder with both homes and the relay's data")
    given = options.parse_args()
    if given.build:
        given.relay = given.relay or os.path.join(given.build, "relay", "godwit-relay")
        given.client = given.client or os.path.join(given.build, "examples", "godwit")
    if not given.relay or not given.client:
        options.error("give --build, or --relay and --client")
    for program in (given.relay, given.client):
        if not os.access(program, os.X_OK):
            options.error(f"{program} is not there; build first")

    folder = tempfile.mkdtemp(prefix="godwit-demo-")
    processes = []
    try:
        return flight(given, folder, processes)
    except Failed as trouble:
        print(f"demo: FAILED: {trouble}", file=sys.stderr)
        return 1
    finally:
        for lines in processes:
            lines.process.terminate()
        for lines in processes:
            try:
                lines.process.wait(10)
            except subprocess.TimeoutExpired:
                lines.process.kill()
        if given.keep:
            print(f"kept: {folder}")
        else:
            shutil.rmtree(folder, ignore_errors=True)


def flight(given, folder, processes):
    relay = Relay(given.relay, os.path.join(folder, "relay"))
    processes.append(relay)
    print(f"relay  {relay.address}")
    alice = Client(given.client, folder, "alice")
    bob = Client(given.client, folder, "bob")
    processes[:0] = [alice, bob]
    rows = []

    for client in (alice, bob):
        client.ask("register", relay=relay.address, user=client.name, password=f"a long password of {client.name}")
        over = client.event("connected")["over"]
        print(f"{client.name:6} registered, connected over {over}")
    alice.ask("contact_add", user="bob")
    bob.event("contact_request", user="alice")
    bob.ask("contact_accept", user="alice")
    alice.event("contact_accepted", user="bob")
    contacts_at = time.monotonic()
    print("alice  and bob are contacts\n\n1. device to device")

    first = send(rows, "direct", alice, bob, "hello bob, straight to you")
    first_ms = (time.monotonic() - contacts_at) * 1000
    show(first)
    for n in range(1, 4):
        show(send(rows, "direct", bob, alice, f"and back, number {n}"))
        show(send(rows, "direct", alice, bob, f"and forth, number {n}"))
    while_direct = relay.stats()

    print("\n2. the direct path is cut")
    alice.ask("fault", drop_direct=True)
    for n in range(1, 3):
        show(send(rows, "cut", alice, bob, f"around the cut, number {n}"))
        show(send(rows, "cut", bob, alice, f"I can still hear you, number {n}"))
    while_cut = relay.stats()

    print("\n3. the path is healed")
    marks = alice.mark(), bob.mark()
    alice.ask("fault", drop_direct=False)
    alice.ask("network_changed")
    alice.event("path", marks[0], user="bob", path="direct")
    bob.event("path", marks[1], user="alice", path="direct")
    show(send(rows, "healed", alice, bob, "straight again"))
    show(send(rows, "healed", bob, alice, "straight back"))
    after = relay.stats()

    histories = [[(m["message"], m["from"], m["text"]) for m in client.ask("history", **{"with": other.name, "limit": 1000})["messages"]]
                 for client, other in ((alice, bob), (bob, alice))]
    for client in (alice, bob):
        client.ask("quit")

    print("\n  message                             path     round trip   why")
    for row in rows:
        print(f"  {row['from'] + ': ' + row['text']:<35.35} {row['path']:<8} {row['us'] / 1000:8.2f} ms   {row['reason']}")
    print()

    direct = [row for row in rows if row["phase"] in ("direct", "healed")]
    cut = [row for row in rows if row["phase"] == "cut"]
    rest = sorted(row["us"] / 1000 for row in direct)
    claims = [
        (f"{len(direct)} messages went direct, device to device", all(row["path"] == "direct" for row in direct)),
        (f"{len(cut)} messages went by mailbox while the direct path was cut", all(row["path"] == "mailbox" for row in cut)),
        ("both sides name the same path for every message", all(row["path"] == row["sender_says"] for row in rows)),
        (f"both histories are equal: {len(histories[0])} messages, same order",
         histories[0] == histories[1] and [text for _, _, text in histories[0]] == [row["text"] for row in rows]),
        (f"bytes of content seen by the relay while the path was direct: {while_direct['content_bytes_stored']}",
         while_direct["content_bytes_stored"] == 0),
        (f"bytes of content seen by the relay while it was cut: {while_cut['content_bytes_stored']} (sealed; the relay cannot read them)",
         while_cut["content_bytes_stored"] > 0),
        (f"bytes of content seen by the relay after healing: {after['content_bytes_stored'] - while_cut['content_bytes_stored']}",
         after["content_bytes_stored"] == while_cut["content_bytes_stored"]),
    ]
    for text, holds in claims:
        print(f"  {'true ' if holds else 'FALSE'}  {text}")
    print(f"\n  first direct message {first_ms:.0f} ms after becoming contacts; median direct round trip {rest[len(rest) // 2]:.2f} ms")
    return 0 if all(holds for _, holds in claims) else 1


def show(row):
    print(f"   {row['from']:>6}: {row['text']:<32} [{row['path']}] {row['us'] / 1000:.2f} ms  {row['reason']}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
