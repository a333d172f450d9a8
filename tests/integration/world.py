# SPDX-License-Identifier: Apache-2.0
"""Processes of a test world: one relay, any number of clients, each driven over its real face. Only what was started here is
ever signalled. Every wait has an end."""
import argparse
import json
import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time

WAIT_S = 40  # a step that takes longer than this on a busy machine has failed


class Failed(AssertionError):
    pass


def check(holds, what):
    if not holds:
        raise Failed(what)


def equal(got, wanted, what):
    check(got == wanted, f"{what}: got {got!r}, wanted {wanted!r}")


def free_port():
    """A port that is free for UDP and TCP now."""
    while True:
        with socket.socket() as tcp, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
            tcp.bind(("127.0.0.1", 0))
            port = tcp.getsockname()[1]
            try:
                udp.bind(("127.0.0.1", port))
                return port
            except OSError:
                continue


class Program:
    """A process whose lines are read by a thread."""

    def __init__(self, name, command, parse, **more):
        self.name = name
        self.parse = parse
        self.lines = []
        self.closed = False
        self.changed = threading.Condition()
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, **more)
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()

    def _read(self):
        for line in self.process.stdout:
            if not line.endswith(b"\n"):
                break  # cut off by a kill in the middle of a line
            parsed = self.parse(line.decode())
            with self.changed:
                self.lines.append(parsed)
                self.changed.notify_all()
        with self.changed:
            self.closed = True
            self.changed.notify_all()

    def wait(self, wanted, what, start=0, seconds=WAIT_S):
        until = time.monotonic() + seconds
        with self.changed:
            at = start
            while True:
                while at < len(self.lines):
                    if wanted(self.lines[at]):
                        return self.lines[at]
                    at += 1
                left = until - time.monotonic()
                if left <= 0 or self.closed:
                    tail = "\n    ".join(str(line)[:200] for line in self.lines[-8:])
                    raise Failed(f"{self.name}: no {what}" + (", it ended" if self.closed else f" in {seconds} s") + f"; last lines:\n    {tail}")
                self.changed.wait(left)

    def mark(self):
        with self.changed:
            return len(self.lines)

    def kill(self):
        """kill -9, and every line that it had written."""
        self.process.kill()
        self.process.wait()
        self.reader.join(WAIT_S)

    def end(self):
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(15)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
                raise Failed(f"{self.name} did not end on SIGTERM in 15 s") from None
        self.reader.join(WAIT_S)
        try:
            self.process.stdin.close()
        except BrokenPipeError:
            pass  # it was killed before it read everything
        self.process.stdout.close()
        return self.process.returncode


class Relay:
    def __init__(self, world, program, folder, config=""):
        self.world, self.program, self.folder = world, program, folder
        self.config = []
        if config:
            with open(folder + ".toml", "w", encoding="ascii") as file:
                file.write(config)
            self.config = ["--config", file.name]
        self.port = free_port()
        self.start()

    def start(self, *more):
        self.run = self.world.own(Program("relay", [self.program, "--data", self.folder, "--listen", f"127.0.0.1:{self.port}", *self.config, *more],
                                          lambda line: line.rstrip("\n"), stderr=self.world.log("relay"), **self.world.spawn))
        self.address = self.run.wait(lambda line: line.startswith("ready "), "ready line").split()[1]

    def kill(self):
        self.run.kill()

    def stats(self):
        start = self.run.mark()
        self.run.process.send_signal(signal.SIGUSR1)
        return json.loads(self.run.wait(lambda line: line.startswith("stats "), "stats line", start)[6:])


class Client:
    """`godwit stdio` in one home; may be killed and started again."""

    def __init__(self, world, program, name, *more):
        self.world, self.program, self.name, self.more = world, program, name, more
        self.home = os.path.join(world.folder, name)
        self.next_id = 0
        self.writing = threading.Lock()
        self.past = []  # lines of earlier runs
        self.start()

    def start(self):
        self.run = self.world.own(Program(self.name, [self.program, "--home", self.home, "--loopback", *self.more, "stdio"],
                                          json.loads, stderr=self.world.log(self.name), **self.world.spawn))

    def kill(self):
        self.run.kill()
        self.past += self.run.lines

    def write(self, text):
        self.run.process.stdin.write(text if isinstance(text, bytes) else text.encode())
        self.run.process.stdin.flush()

    def post(self, do, **fields):
        with self.writing:  # tests have threads
            self.next_id += 1
            self.write(json.dumps({"id": self.next_id, "do": do, **fields}) + "\n")
            return self.next_id

    def ask(self, do, /, **fields):
        start = self.mark()
        wanted = self.post(do, **fields)
        return self.run.wait(lambda line: "ok" in line and line.get("id") == wanted, f"reply to {do}", start)

    def ok(self, do, /, **fields):
        reply = self.ask(do, **fields)
        check(reply["ok"], f"{self.name}: {do} {fields}: {reply}")
        return reply

    def refused(self, code, do, /, **fields):
        reply = self.ask(do, **fields)
        check(not reply["ok"], f"{self.name}: {do} was allowed: {reply}")
        equal(reply["error"]["code"], code, f"{self.name}: {do}: {reply['error']['detail']}")
        check(len(reply["error"]["detail"]) > 10, f"{do}: the detail helps nobody: {reply}")
        return reply["error"]

    def event(self, name, start=0, seconds=WAIT_S, **fields):
        return self.run.wait(lambda line: line.get("event") == name and all(line.get(k) == v for k, v in fields.items()),
                             f"event {name} {fields}", start, seconds)

    def mark(self):
        return self.run.mark()

    def send(self, to, text, **more):
        return self.ok("send", to=to, text=text, **more)["message"]

    def final(self, message, seconds=WAIT_S):
        """The last state of a message sent in this run."""
        return self.run.wait(lambda line: line.get("event") == "message_state" and line["message"] == message
                             and line["state"] in ("delivered", "failed"), f"final state of {message}", 0, seconds)

    def history(self, with_user):
        out, before = [], {}
        while True:
            page = self.ok("history", **{"with": with_user, "limit": 1000}, **before)["messages"]
            out = page + out
            if len(page) < 1000:
                return out
            before = {"before": page[0]["message"]}

    def quit(self):
        self.ok("quit")
        equal(self.run.process.wait(15), 0, f"{self.name}: exit code after quit")


class World:
    def __init__(self, given):
        self.given = given
        self.folder = tempfile.mkdtemp(prefix="godwit-test-")
        self.owned = []
        self.logs = {}
        self.spawn = {}  # more for subprocess.Popen

    def own(self, program):
        self.owned.append(program)
        return program

    def log(self, name):
        if name not in self.logs:
            self.logs[name] = open(os.path.join(self.folder, f"{name}.log"), "ab")
        return self.logs[name]

    def relay(self, name="relay-data", config=""):
        """`config`: TOML, as a whole file; "": the defaults, with which a relay is no TURN server."""
        return Relay(self, self.given.relay, os.path.join(self.folder, name), config)

    def client(self, name, *more):
        return Client(self, self.given.client, name, *more)

    def pair(self, relay):
        """Two registered clients who are contacts."""
        alice, bob = self.client("alice"), self.client("bob")
        for one in (alice, bob):
            one.ok("register", relay=relay.address, user=one.name, password=password_of(one.name))
        befriend(alice, bob)
        return alice, bob

    def close(self, failed):
        trouble = None
        for program in reversed(self.owned):
            try:
                program.end()
            except Failed as late:
                trouble = late
        for name, log in self.logs.items():
            log.close()
            with open(log.name, errors="replace") as file:
                text = file.read()
            if "assertion" in text.lower() or "runtime error" in text.lower() or "Sanitizer" in text:
                trouble = Failed(f"{name} wrote:\n{text[-3000:]}")
            elif failed and text:
                print(f"---- stderr of {name}\n{text[-3000:]}", file=sys.stderr)
        if self.given.keep:
            print(f"kept: {self.folder}")
        else:
            shutil.rmtree(self.folder, ignore_errors=True)
        if trouble and not failed:
            raise trouble


def password_of(name):
    return f"a long password of {name}"


def befriend(a, b):
    marks = a.mark(), b.mark()
    a.ok("contact_add", user=b.name)
    b.event("contact_request", marks[1], user=a.name)
    b.ok("contact_accept", user=a.name)
    a.event("contact_accepted", marks[0], user=b.name)


def main(tests, add_options=lambda parser: None):
    """Runs functions test(world), each in a fresh world. Prints the seed of what is random."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--relay", default="")
    parser.add_argument("--client", required=True)
    parser.add_argument("--only", default="", help="run the tests whose name contains this")
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(1 << 32))
    parser.add_argument("--keep", action="store_true", help="keep the folders")
    add_options(parser)
    given = parser.parse_args()
    given.relay, given.client = (os.path.abspath(path) if path else path for path in (given.relay, given.client))
    print(f"seed {given.seed}")
    failures = 0
    for test in tests:
        if given.only not in test.__name__:
            continue
        random.seed(given.seed)
        started = time.monotonic()
        world = World(given)
        failed = False
        try:
            test(world)
        except Exception as trouble:  # pylint: disable=broad-except
            failed = True
            print(f"FAILED {test.__name__}: {trouble if isinstance(trouble, Failed) else repr(trouble)}", flush=True)
            if not isinstance(trouble, Failed):
                import traceback
                traceback.print_exc()
        try:
            world.close(failed)
        except Failed as trouble:
            failed = True
            print(f"FAILED {test.__name__} while closing: {trouble}", flush=True)
        failures += failed
        if not failed:
            print(f"passed {test.__name__} in {time.monotonic() - started:.1f} s", flush=True)
    sys.exit(1 if failures else 0)
