# SPDX-License-Identifier: Apache-2.0
"""Real clients and a real relay inside the lab: `godwit --home DIR stdio` driven by JSON lines (docs/cli.md)."""

import collections
import json
import os
import signal
import subprocess
import tempfile
import threading
import time

from topology import RELAY, TURN_PASSWORD, TURN_PORT, TURN_USER, LabError

PASSWORD = "correct horse battery staple"

#: A relay that tells its clients of the lab's TURN server.
TURN_CONFIG = "".join(f"""
[[turn]]
host = "{RELAY}"
port = {TURN_PORT}
transport = "{transport}"
username = "{TURN_USER}"
password = "{TURN_PASSWORD}"
""" for transport in ("udp", "tcp"))


class Relay:
    """godwit-relay on the relay host."""

    def __init__(self, lab, config="", port=4433):
        self.lab, self.port = lab, port
        self.directory = lab.directory("relay")
        self.arguments = [lab.program("relay/godwit-relay"), "--data", os.path.join(self.directory, "data"),
                          "--listen", f"{RELAY}:{port}"]
        if config:
            path = os.path.join(self.directory, "relay.toml")
            with open(path, "w") as file:
                file.write(config)
            self.arguments += ["--config", path]
        self.start()

    def start(self):
        self.log = open(os.path.join(self.directory, "log"), "a")
        self.process = self.lab.relay.spawn(*self.arguments, stdout=subprocess.PIPE, stderr=self.log, text=True)
        line = self.process.stdout.readline().strip()
        if not line.startswith("ready godwit://"):
            raise LabError(f"the relay did not start: {line or open(self.log.name).read()[-500:]}")
        self.address = line.split(" ", 1)[1]

    def stats(self):
        """The relay's own counters."""
        self.process.send_signal(signal.SIGUSR1)
        while line := self.process.stdout.readline():
            if line.startswith("stats "):
                return json.loads(line[6:])
        raise LabError("the relay ended")

    def kill(self):
        self.process.kill()
        self.process.wait()


class Client:
    """One stdio client. Events are kept in order; replies are matched by id."""

    def __init__(self, lab, site, user):
        self.lab, self.site, self.user = lab, site, user
        self.home = lab.directory(user)
        self.changed = threading.Condition()
        self.events, self.replies, self.next_id = [], {}, 0
        self.start()

    def start(self):
        self.log = open(os.path.join(self.home, "stderr.log"), "a")
        self.process = self.site.client.spawn(self.lab.program("examples/godwit"), "--home", os.path.join(self.home, "home"),
                                              "stdio", stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self.log)
        self.ended = False
        threading.Thread(target=self._read, args=(self.process,), daemon=True).start()

    def _read(self, process):
        for line in process.stdout:
            at = time.monotonic()
            try:
                value = json.loads(line)
            except ValueError:
                value = {"event": "garbage", "line": line.decode(errors="replace")}
            with self.changed:
                if "event" in value:
                    value["at"] = at
                    self.events.append(value)
                else:
                    self.replies[value.get("id")] = value
                self.changed.notify_all()
        with self.changed:
            if process is self.process:
                self.ended = True
            self.changed.notify_all()

    def kill(self):
        self.process.kill()
        self.process.wait()

    def quit(self):
        """As a user leaves: the relay hears of it."""
        self.ask("quit")
        self.process.wait(10)

    def ask(self, do, seconds=15, **fields):
        """The reply to a request; LabError when none comes."""
        self.next_id += 1
        number = self.next_id
        try:
            self.process.stdin.write(json.dumps({"id": number, "do": do, **fields}).encode() + b"\n")
            self.process.stdin.flush()
        except OSError:
            raise LabError(f"{self.user}'s client ended: {self.tail()}") from None
        with self.changed:
            if not self.changed.wait_for(lambda: number in self.replies or self.ended, seconds):
                raise LabError(f"{self.user}: no reply to {do} within {seconds} s")
            if number not in self.replies:
                raise LabError(f"{self.user}'s client ended: {self.tail()}")
            return self.replies.pop(number)

    def must(self, do, **fields):
        reply = self.ask(do, **fields)
        if not reply.get("ok"):
            raise LabError(f"{self.user}: {do} failed: {reply.get('error')}")
        return reply

    def wait(self, what, condition, seconds):
        """Waits until condition(self) holds for the events so far; returns its value."""
        with self.changed:
            if not self.changed.wait_for(lambda: condition(self) or self.ended, seconds) or not condition(self):
                recent = [{k: v for k, v in e.items() if k != "at"} for e in self.events[-4:]]
                raise LabError(f"{self.user}: {what} did not happen within {seconds} s; last events: {recent} {self.tail()}")
            return condition(self)

    def of(self, kind, **fields):
        return [e for e in list(self.events) if e["event"] == kind and all(e.get(k) == v for k, v in fields.items())]

    def wait_event(self, kind, seconds=15, **fields):
        return self.wait(f"event {kind} {fields or ''}", lambda c: c.of(kind, **fields), seconds)[-1]

    def register(self, relay):
        self.must("register", relay=relay.address, user=self.user, password=PASSWORD)
        return self.wait_event("connected", 20)

    def send(self, to, text):
        """The message's id."""
        return self.must("send", to=to, text=text)["message"]

    def state(self, message):
        """The latest state event of a message we sent."""
        states = [e for e in list(self.events) if e["event"] == "message_state" and e["message"] == message]
        return states[-1] if states else None

    def wait_delivered(self, messages, seconds):
        """{message id: its "delivered" event}."""
        def all_delivered(_):
            got = {e["message"]: e for e in self.of("message_state", state="delivered")}
            return {m: got[m] for m in messages} if all(m in got for m in messages) else None
        return self.wait(f"delivery of {len(messages)} messages", all_delivered, seconds)

    def texts(self, sender):
        """Received from `sender`, in the order of the events, repeats removed (events are at least once)."""
        seen, out = set(), []
        for event in self.of("message"):
            if event["from"] == sender and event["message"] not in seen:
                seen.add(event["message"])
                out.append(event["text"])
        return out

    def history(self, peer, limit=500):
        return [m["text"] for m in self.must("history", **{"with": peer}, limit=limit)["messages"]]

    def tail(self):
        self.log.flush()
        with open(self.log.name, errors="replace") as file:
            return file.read()[-600:].strip()


def introduce(a, b):
    """Both become accepted contacts, and see each other online."""
    a.must("contact_add", user=b.user)
    b.wait_event("contact_request", user=a.user)
    b.must("contact_accept", user=a.user)
    a.wait_event("contact_accepted", user=b.user)


def pair_of(lab, site_a, site_b, config="", before_contact=None):
    """(relay, alice, bob), registered and introduced. `before_contact(alice)` runs before the two know each other."""
    for program in ("examples/godwit", "relay/godwit-relay"):
        lab.program(program)
    relay = Relay(lab, config)
    alice, bob = Client(lab, site_a, "alice"), Client(lab, site_b, "bob")
    alice.register(relay)
    bob.register(relay)
    if before_contact:
        before_contact(alice)
    introduce(alice, bob)
    return relay, alice, bob


def paths(deliveries):
    """{"direct": 12, "mailbox": 3}"""
    return dict(collections.Counter(e["path"] for e in deliveries.values()))
