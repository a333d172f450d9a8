# SPDX-License-Identifier: Apache-2.0
"""Two ice_probe programs, and the signalling between them: what one prints, the other reads."""

import os
import selectors
import subprocess
import time

from topology import RELAY, TURN_PASSWORD, TURN_PORT, TURN_USER

TURN = ["--turn", f"udp:{RELAY}:{TURN_PORT}:{TURN_USER}:{TURN_PASSWORD}",
        "--turn", f"tcp:{RELAY}:{TURN_PORT}:{TURN_USER}:{TURN_PASSWORD}"]
STUN = ["--stun", f"{RELAY}:{TURN_PORT}"]


class Side:
    def __init__(self, lab, host, arguments):
        self.process = host.spawn(lab.program("tests/lab/ice_probe"), *arguments, stdin=subprocess.PIPE,
                                  stdout=subprocess.PIPE, bufsize=0)
        self.buffer = b""
        self.pair = None  # (kind, kind, local, remote)
        self.connected_at = self.failed = None
        self.echoes = 0
        self.candidates = []

    @property
    def path(self):
        if self.failed:
            return "failed"
        if self.pair is None:
            return "none"
        return "turned" if "relayed" in self.pair[:2] else "direct"

    def take(self, line, other):
        words = line.split()
        if not words:
            return
        if words[0] in ("description", "gathered") or line.startswith("candidate:"):
            if line.startswith("candidate:"):
                self.candidates.append(line)
            try:
                other.process.stdin.write(line.encode() + b"\n")
            except BrokenPipeError:
                pass
        elif words[0] in ("connected", "pair"):
            self.pair = tuple(words[1:5])
            if self.connected_at is None:
                self.connected_at = time.monotonic()
        elif words[0] == "failed":
            self.failed = line
        elif words[0] == "echo":
            self.echoes = int(words[1])


class Meeting:
    """Starts both, carries signalling, and waits until they are where they will stay."""

    def __init__(self, lab, a, b, arguments_a, arguments_b=None):
        self.started = time.monotonic()
        self.a = Side(lab, a.client, ["--controlling", *arguments_a])
        self.b = Side(lab, b.client, arguments_b if arguments_b is not None else arguments_a)
        self.sides = (self.a, self.b)

    def run(self, done, seconds):
        """Carries lines until done() or the time is over; returns done()."""
        deadline = time.monotonic() + seconds
        with selectors.DefaultSelector() as selector:
            for side, other in ((self.a, self.b), (self.b, self.a)):
                selector.register(side.process.stdout, selectors.EVENT_READ, (side, other))
            while not done() and time.monotonic() < deadline and selector.get_map():
                for key, _ in selector.select(max(0.0, min(0.2, deadline - time.monotonic()))):
                    side, other = key.data
                    data = os.read(side.process.stdout.fileno(), 65536)
                    if not data:
                        selector.unregister(side.process.stdout)
                        continue
                    side.buffer += data
                    *lines, side.buffer = side.buffer.split(b"\n")
                    for line in lines:
                        side.take(line.decode(errors="replace"), other)
        return done()

    def settle(self, expected, seconds=15, stay=2.5):
        """The path both sides report. A turned path may still turn direct: it must stay turned for `stay` seconds."""
        want = lambda: all(side.path == expected and (expected == "failed" or side.echoes > 0) for side in self.sides)
        self.run(want, seconds)
        if expected == "turned" and want():
            self.run(lambda: not want(), stay)
        paths = {side.path for side in self.sides}
        return paths.pop() if len(paths) == 1 else "split:" + "/".join(side.path for side in self.sides)

    @property
    def connect_ms(self):
        times = [side.connected_at for side in self.sides]
        return None if None in times else round((max(times) - self.started) * 1000)

    def echoes_flow(self, seconds=5, more=3):
        """True when pings still come back on both sides."""
        before = [side.echoes for side in self.sides]
        return self.run(lambda: all(s.echoes >= n + more for s, n in zip(self.sides, before)), seconds)

    def quit(self):
        for side in self.sides:
            try:
                side.process.stdin.write(b"quit\n")
                side.process.stdin.close()
            except (BrokenPipeError, OSError):
                pass
        for side in self.sides:
            try:
                side.process.wait(5)
            except subprocess.TimeoutExpired:
                side.process.kill()
                side.process.wait()
