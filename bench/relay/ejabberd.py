#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""ejabberd under the load that relay_load gives a godwit-relay: logins, messages to who is there, messages kept for who is not.

    ejabberd.py [--users 64] [--window 32] [--bytes 1024] [--messages 50000] [--seconds 10]

Plain XMPP (RFC 6120, 6121) over plain sockets of the loopback interface: no TLS, no compression, no stream management, passwords kept as they
are. Its own process, node, database and ports, all thrown away at the end; epmd is not needed and not started (no -sname). Nothing that this
load does not use is switched on, and the schedulers of BEAM do not spin while they wait (+sbwt none), so that processor time is that of work.

Fair: what ejabberd keeps for who is away is in mnesia, which it does not sync before it says anything (it says nothing); godwit-relay commits by
fdatasync before it answers. A rate "of a core" is what a second of the server's own processor time does, as in relay_load.
"""
import argparse
import base64
import ctypes
import json
import os
import pathlib
import selectors
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request

LIBRARIES = pathlib.Path("/usr/lib/x86_64-linux-gnu")
CONFIG = """\
hosts: [localhost]
loglevel: error
auth_password_format: plain
acl: {{loopback: {{ip: [127.0.0.0/8]}}}}
api_permissions:
  bench:
    who: {{access: {{allow: [{{acl: loopback}}]}}}}
    what: "*"
access_rules: {{c2s: {{allow: all}}}}
shaper: {{}}
shaper_rules: {{max_user_offline_messages: infinity, max_user_sessions: 10}}
listen:
  - {{port: {c2s}, ip: 127.0.0.1, module: ejabberd_c2s, access: c2s, starttls: false, max_stanza_size: 262144}}
  - {{port: {http}, ip: 127.0.0.1, module: ejabberd_http, request_handlers: {{/api: mod_http_api}}}}
modules:
  mod_admin_extra: {{}}
  mod_offline: {{access_max_user_messages: max_user_offline_messages}}
  mod_http_api: {{}}
"""


def figure(name, value):
    """As bench/figures.hpp."""
    path = os.environ.get("GODWIT_BENCH_FIGURES")
    if path:
        with open(path, "a") as file:
            file.write(f"{name}\t{value:.9g}\n")


def beside():
    """What relay_load wrote into the same file, beside ours."""
    path = os.environ.get("GODWIT_BENCH_FIGURES")
    if not path:
        return
    have = {name: float(value) for name, value in (line.split("\t") for line in pathlib.Path(path).read_text().splitlines())}
    for what, ours, theirs, wanted in (("messages, to who is there", "relay/messages", "ejabberd/online", ", wanted 2"),
                                       ("messages, for who is away", "relay/messages", "ejabberd/offline", ", wanted 3"), ("logins", "relay/logins", "ejabberd/logins", "")):
        if ours in have and theirs in have:
            print(f"{what}: godwit-relay does {have[ours] / have[theirs]:.2f} times as many in a second of its processor time{wanted}", flush=True)


def end_with_us():
    """In the child: whoever kills this program, ejabberd does not outlive it (prctl(2), PR_SET_PDEATHSIG)."""
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)


def free_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


class Ejabberd:
    def __init__(self, folder):
        self.c2s, self.http = free_port(), free_port()
        config = folder / "ejabberd.yml"
        config.write_text(CONFIG.format(c2s=self.c2s, http=self.http))
        environment = {**os.environ, "EJABBERD_CONFIG_PATH": str(config), "EJABBERD_LOG_PATH": str(folder / "ejabberd.log"), "ERL_LIBS": str(LIBRARIES),
                       "ERL_MAX_PORTS": "32000", "HOME": str(folder), "ERL_CRASH_DUMP_BYTES": "0"}
        words = ["erl", "+K", "true", "+P", "250000", "+sbwt", "none", "+sbwtdcpu", "none", "+sbwtdio", "none", "-noinput", "-mnesia", "dir", f'"{folder}/db"', "-s", "ejabberd"]
        self.out = (folder / "out").open("w")
        self.process = subprocess.Popen(words, env=environment, cwd=folder, stdout=self.out, stderr=subprocess.STDOUT, start_new_session=True, preexec_fn=end_with_us)
        self.folder = folder
        until = time.monotonic() + 90
        while True:
            try:
                socket.create_connection(("127.0.0.1", self.http), 1).close()
                self.api("status")
                return
            except OSError as trouble:
                if self.process.poll() is not None or time.monotonic() > until:
                    self.stop()
                    sys.exit(f"ejabberd did not start: {trouble}; it said: {(folder / 'out').read_text()[-800:]}")
                time.sleep(0.2)

    def api(self, command, **words):
        asked = urllib.request.Request(f"http://127.0.0.1:{self.http}/api/{command}", json.dumps(words).encode(), {"Content-Type": "application/json"})
        with urllib.request.urlopen(asked, timeout=30) as answer:
            return json.loads(answer.read())

    def cpu_s(self):
        fields = pathlib.Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def stop(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(20)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        # erl's own helper for names (inet_gethost, erl_child_setup) ends with it; the session is ours alone.
        try:
            os.killpg(self.process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        self.out.close()


class User:
    """A stream of one account. What comes is counted, not parsed: a message ends with its closing tag."""

    def __init__(self, name, port):
        self.name, self.port = name, port
        self.socket = None
        self.tail = b""
        self.seen = 0  # messages that came
        self.sent = 0  # messages that left
        self.unsent = b""

    def expect(self, word):
        got = self.tail
        while word not in got:
            more = self.socket.recv(65536)
            if not more or b"<failure" in got:
                raise RuntimeError(f"{self.name}: waited for {word!r}, got {got[-300:]!r}")
            got += more
        self.tail = b""

    def say(self, text):
        self.socket.sendall(text.encode())

    def login(self, present=True):
        self.socket = socket.create_connection(("127.0.0.1", self.port), 30)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        head = "<stream:stream to='localhost' xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' version='1.0'>"
        self.say(head)
        self.expect(b"</stream:features>")
        token = base64.b64encode(f"\0{self.name}\0secret".encode()).decode()
        self.say(f"<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>{token}</auth>")
        self.expect(b"<success")
        self.say(head)
        self.expect(b"</stream:features>")
        self.say("<iq type='set' id='b'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'><resource>r</resource></bind></iq>")
        self.expect(b"</iq>")
        if present:
            self.say("<presence/>")
            self.expect(b"<presence")  # one's own
        return self

    def leave(self):
        if self.socket is not None:
            self.socket.close()
            self.socket = None
        self.tail, self.unsent = b"", b""

    def take(self):
        """Messages in what has come just now."""
        more = self.socket.recv(1 << 18)
        if not more:
            raise RuntimeError(f"{self.name}: ejabberd closed the stream")
        data = self.tail + more
        count = data.count(b"</message>")
        self.tail = data[-(len(b"</message>") - 1):] if not data.endswith(b"</message>") else b""
        self.seen += count
        return count


class Stretch:
    def __init__(self, server):
        self.server, self.cpu, self.since = server, server.cpu_s(), time.monotonic()

    def tell(self, what, name, count):
        wall, cpu = time.monotonic() - self.since, self.server.cpu_s() - self.cpu
        core = count / cpu if cpu > 0 else 0
        print(f"{what:<44} {count:9} {count / wall:9.0f} /s {core:9.0f} /s of a core  {cpu * 1e6 / max(count, 1):7.1f} us each  (ejabberd {100 * cpu / wall:.0f} % busy)", flush=True)
        figure(f"ejabberd/{name}", core)


def stanza(sender, to, number, body):
    return f"<message to='{to}@localhost' id='{sender}-{number}' type='chat'><body>{body}</body></message>"


def online(pairs, given):
    """Each sender keeps at most `window` messages under way to its own receiver."""
    body = "x" * given.bytes
    with selectors.DefaultSelector() as waiting:
        for sender, receiver in pairs:
            sender.socket.setblocking(False)
            receiver.socket.setblocking(False)
            waiting.register(sender.socket, selectors.EVENT_READ, (sender, receiver, False))
            waiting.register(receiver.socket, selectors.EVENT_READ, (sender, receiver, True))
        left, seen, until = given.messages, 0, time.monotonic() + given.seconds
        sent = 0

        def fill(sender, receiver):
            nonlocal left, sent
            while True:
                if not sender.unsent:
                    room = min(given.window - (sender.sent - receiver.seen), left)
                    if room <= 0 or time.monotonic() > until:
                        break
                    sender.unsent = "".join(stanza(sender.name, receiver.name, sender.sent + n, body) for n in range(room)).encode()
                    sender.sent += room
                    left -= room
                    sent += room
                try:
                    done = sender.socket.send(sender.unsent)
                except BlockingIOError:
                    waiting.modify(sender.socket, selectors.EVENT_READ | selectors.EVENT_WRITE, (sender, receiver, False))
                    return
                sender.unsent = sender.unsent[done:]
            waiting.modify(sender.socket, selectors.EVENT_READ, (sender, receiver, False))

        for sender, receiver in pairs:
            fill(sender, receiver)
        patience = until + 30
        while seen < sent and time.monotonic() < patience:
            for key, events in waiting.select(1):
                sender, receiver, of_receiver = key.data
                if events & selectors.EVENT_READ:
                    if of_receiver:
                        seen += receiver.take()
                    else:
                        sender.take()
                fill(sender, receiver)
    for pair in pairs:
        for one in pair:
            one.socket.setblocking(True)
    if seen < sent:
        sys.exit(f"ejabberd lost messages: {seen} of {sent} came")
    return seen


def offline(pairs, given):
    """To who is away; over when ejabberd counts all of them as kept."""
    body = "x" * given.bytes
    count, until = 0, time.monotonic() + given.seconds
    rounds = max(1, given.messages // len(pairs) // given.window)
    for _ in range(rounds):
        for sender, receiver in pairs:
            sender.say("".join(stanza(sender.name, receiver.name, sender.sent + n, body) for n in range(given.window)) + f"<iq type='get' id='p{sender.sent}' to='localhost'><ping xmlns='urn:xmpp:ping'/></iq>")
            sender.sent += given.window
            count += given.window
        for sender, _ in pairs:
            sender.expect(b"</iq>")  # stanzas of a stream are dealt with in order
        if time.monotonic() > until:
            break
    return count


def kept(server, pairs):
    told = [server.api("get_offline_count", user=receiver.name, server="localhost") for _, receiver in pairs]
    return sum(one["value"] if isinstance(one, dict) else int(one) for one in told)


def measure(server, given):
    users = [User(f"load{number}", server.c2s) for number in range(given.users)]
    for one in users:
        server.api("register", user=one.name, host="localhost", password="secret")
    pairs = [(users[n], users[n + len(users) // 2]) for n in range(len(users) // 2)]
    for one in users:  # BEAM loads and compiles what it runs for the first time
        one.login()
    online(pairs, argparse.Namespace(**{**vars(given), "messages": 40 * len(pairs), "seconds": 5}))
    pairs[0][1].leave()
    time.sleep(0.5)
    offline(pairs[:1], argparse.Namespace(**{**vars(given), "messages": 1, "seconds": 5}))
    rounds = 4
    stretch = Stretch(server)
    for _ in range(rounds):
        for one in users:
            one.leave()
        for one in users:
            one.login()
    stretch.tell("logins (SASL PLAIN, bind, presence)", "logins", rounds * len(users))
    for one in users:
        one.sent = one.seen = 0
    stretch = Stretch(server)
    stretch.tell(f"messages of {given.bytes} bytes to who is there", "online", online(pairs, given))
    for _, receiver in pairs:
        receiver.leave()
    time.sleep(1)
    stretch = Stretch(server)
    count = offline(pairs, given)
    stretch.tell("the same, kept for who is away", "offline", count)
    have = kept(server, pairs)
    if have != count:
        sys.exit(f"ejabberd kept {have} of {count}")
    for one in users:
        one.leave()


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--users", type=int, default=64)
    arguments.add_argument("--window", type=int, default=32)
    arguments.add_argument("--bytes", type=int, default=1024)
    arguments.add_argument("--messages", type=int, default=50_000)
    arguments.add_argument("--seconds", type=float, default=10)
    given = arguments.parse_args()
    if shutil.which("erl") is None or not list(LIBRARIES.glob("ejabberd-*")):
        sys.exit("ejabberd is not here (Debian: ejabberd; 43 packages, 54 MB)")
    version = next(LIBRARIES.glob("ejabberd-*")).name.removeprefix("ejabberd-")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("ended"))
    with tempfile.TemporaryDirectory(prefix="godwit-ejabberd-") as folder:
        server = Ejabberd(pathlib.Path(folder))
        try:
            print(f"ejabberd {version}, no TLS, mnesia", flush=True)
            measure(server, given)
            beside()
        finally:
            server.stop()
    return 0


if __name__ == "__main__":
    sys.exit(main())
