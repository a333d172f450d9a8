# SPDX-License-Identifier: Apache-2.0
"""The relay's TURN server as others see it: who tries to reach the operator's own network through it, and a browser."""

import json
import os
import re
import shutil
import subprocess
import sys

import topology
from lab import check, note, scenario
from topology import PUBLIC6, RELAY, RELAY6, TURN_PASSWORD, TURN_PORT, TURN_SECRET, TURN_USER, LabError, Missing, until

HERE = os.path.dirname(os.path.abspath(__file__))
CLIENT = os.path.join(HERE, "turn_client.py")
MARKER = "through-the-relay"
PORT = 7777
#: Prefixes behind the relay's inner interface: all that is not the open internet leads there, as in a careless network.
INNER_V4 = ("0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24", "192.0.2.0/24",
            "192.31.196.0/24", "192.52.193.0/24", "192.88.99.0/24", "192.168.0.0/16", "192.175.48.0/24", "198.18.0.0/15",
            "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4")


def forbidden():
    """Every spelling that tests/relay/turn_peers_test.cpp knows: one list for both."""
    with open(os.path.join(HERE, "..", "relay", "turn_peers_test.cpp"), encoding="utf-8") as file:
        table = re.search(r"forbidden\[\] = \{(.*?)\};", file.read(), re.S)[1]
    out = re.findall(r'"([^"]+)"', table)
    check(len(out) > 70, "the list of forbidden addresses")
    return out


class Asker:
    """tests/lab/turn_client.py on a host."""

    def __init__(self, host, server, transport):
        self.process = host.spawn(sys.executable, CLIENT, server, TURN_PORT, TURN_USER, TURN_PASSWORD, transport,
                                  stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1)
        code = self.process.stdout.readline().strip()
        check(code == "0", f"an allocation over {transport}, not {code!r}")

    def ask(self, *words):
        self.process.stdin.write(" ".join(map(str, words)) + "\n")
        answer = self.process.stdout.readline().strip()
        if not answer:
            raise LabError("the TURN client ended")
        return answer


def listener(host, address, port):
    """Whatever comes to a UDP port of a host, as lines."""
    program = ("import socket,sys\n"
               "s=socket.socket(socket.AF_INET6 if ':' in sys.argv[1] else socket.AF_INET,socket.SOCK_DGRAM)\n"
               "s.bind((sys.argv[1],int(sys.argv[2])))\nprint('ready',flush=True)\n"
               "while True:\n b,a=s.recvfrom(4096)\n print(b.decode(errors='replace'),flush=True)\n s.sendto(b'echo-'+b,a)\n")
    path = os.path.join(host.lab.directory(f"heard{len(host.lab.processes)}"), "lines")
    with open(path, "w") as out:
        host.spawn(sys.executable, "-c", program, address, port, stdout=out)

    def heard():
        with open(path) as file:
            return file.read().split()
    until(lambda: "ready" in heard(), 10, f"the listener at {address} does not start")
    return lambda: heard()[1:]


def marked(capture):
    return sum(MARKER.encode() in frame for _, frame in capture.packets())


@scenario("TURN reaches nothing of the operator's own network, however its address is spelled", seconds=180)
def turn_forbidden(lab):
    relay, inner = lab.relay, lab.host("inner")
    lab.link(relay, "lan", inner, "lan")
    for host, last in ((relay, 1), (inner, 2)):
        host.sysctl("net.ipv6.conf.lan.disable_ipv6", 0)
        host.address("lan", f"10.9.0.{last}/24", f"fd09::{last}/64")
    inner.address("lan", "169.254.169.254/32", "192.168.1.1/32", "100.64.0.1/32", "172.16.0.1/32")
    for prefix in INNER_V4:
        relay.run("ip", "route", "add", prefix, "via", "10.9.0.2", check=False)
    relay.sysctl("net.ipv6.conf.lo.disable_ipv6", 0)
    lab.enable_v6(relay, RELAY)
    relay.ip("-6", "route", "add", "default", "via", "fd09::2")
    topology.wait_carrier(relay, "lan")

    client, friend = lab.site("open", "client"), lab.site("open", "friend")
    lab.enable_v6(friend.client, friend.external)
    path = os.path.join(lab.directory("relay"), "relay.toml")
    with open(path, "w") as file:
        # Of the lab's addresses, which are nobody's on the open internet, the friend's alone: not the relay's own.
        file.write(f'[turn_server]\nsecret = "{TURN_SECRET}"\naccounts_only = false\naddress_v4 = "{RELAY}"\naddress_v6 = "{RELAY6}"\n'
                   f'allow_peers = ["{friend.external}", "{PUBLIC6}{friend.external.rsplit(".", 1)[1]}"]\n'
                   "allocations_per_user = 8\nrequests_per_s_per_user = 10000\nchannels_per_user = 1000\n")
    server = relay.spawn(lab.program("relay/godwit-relay"), "--data", os.path.join(os.path.dirname(path), "data"), "--listen",
                         f"{RELAY}:{TURN_PORT}", "--config", path, stdout=subprocess.PIPE, text=True)
    check(server.stdout.readline().startswith("ready "), "the relay starts")

    # Who must not hear anything: services of the relay's host, of its loopback, and of the network behind it.
    ears = {f"{address} on {host.name}": listener(host, address, PORT) for host, address in (
        (relay, RELAY), (relay, "127.0.0.1"), (relay, "::1"), (relay, RELAY6), (relay, "10.9.0.1"), (inner, "10.9.0.2"),
        (inner, "169.254.169.254"), (inner, "192.168.1.1"), (inner, "100.64.0.1"), (inner, "172.16.0.1"), (inner, "fd09::2"))}
    friendly = listener(friend.client, friend.external, PORT)
    wires = [lab.capture(relay, "lan"), lab.capture(relay, "lo"), lab.capture(inner, "lan")]

    # They would: whoever is on the relay's host may.
    shout = ("import socket,sys\nfor a in sys.argv[2:]:\n"
             " s=socket.socket(socket.AF_INET6 if ':' in a else socket.AF_INET,socket.SOCK_DGRAM)\n"
             f" s.sendto(sys.argv[1].encode(),(a,{PORT}))\n")
    relay.run(sys.executable, "-c", shout, "sound-check", RELAY, RELAY6, "127.0.0.1", "::1", "10.9.0.1", "10.9.0.2", "169.254.169.254",
              "192.168.1.1", "100.64.0.1", "172.16.0.1", "fd09::2")
    for name, heard in ears.items():
        until(lambda heard=heard: "sound-check" in heard(), 10, f"{name} would not hear anything anyway")

    spellings = forbidden() + ["10.9.0.1", "10.9.0.2", "fd09::1", "fd09::2", RELAY, RELAY6, f"::ffff:{RELAY}", "::ffff:10.9.0.2",
                               "64:ff9b::a09:2", "2002:a09:2::1", "::10.9.0.2"]
    for transport in ("udp", "tcp"):
        asker = Asker(client.client, RELAY, transport)
        check(asker.ask("permit", friend.external) == "0", "the friend may be reached")
        number = 0x4000
        for address in spellings:
            # Relayed ports of ours share the relay's address: it is judged by the port, datagram for datagram.
            expected = "0" if address in (RELAY, RELAY6) else "403"
            for port in (PORT, TURN_PORT):
                number += 1
                code = asker.ask("bind", number, address, port)
                check(code == expected, f"bind {address}:{port} over {transport}: {expected}, not {code}")
                asker.ask("data", number, MARKER)
            code = asker.ask("permit", address)
            check(code == expected, f"permit {address} over {transport}: {expected}, not {code}")
            code = asker.ask("permit", friend.external, address)  # hidden behind a good one
            check(code == expected, f"permit the friend and {address}: {expected}, not {code}")
            asker.ask("send", address, PORT, MARKER)
            asker.ask("send", address, TURN_PORT, MARKER)
        # It does relay, all the same.
        asker.ask("send", friend.external, PORT, f"{MARKER}-{transport}")
        until(lambda: f"{MARKER}-{transport}" in friendly(), 10, "the friend hears")
        until(lambda: f"echo-{MARKER}-{transport}" in json.loads(asker.ask("heard")), 10, "and is heard")
    for name, heard in ears.items():
        check(MARKER not in " ".join(heard()), f"{name} heard it")
    for wire in wires:
        check(marked(wire) == 0, "nothing of it on the inner wires")
    note(f"{len(spellings)} spellings, over UDP and TCP, by permission, channel, indication and data: refused; "
         f"{len(ears)} listeners and {len(wires)} captures saw nothing, a permitted peer all of it")


PAGE = """<!doctype html><script>
const config = {iceServers: [{urls: ['turn:SERVER:PORT?transport=TRANSPORT'], username: 'USER', credential: 'PASSWORD'}],
                iceTransportPolicy: 'relay'};
const say = (what) => fetch('/said', {method: 'POST', body: JSON.stringify(what)});
(async () => {
  try {
    const a = new RTCPeerConnection(config), b = new RTCPeerConnection(config);
    const kinds = new Set();
    for (const [from, to] of [[a, b], [b, a]])
      from.onicecandidate = (e) => { if (e.candidate) { kinds.add(e.candidate.type); to.addIceCandidate(e.candidate); } };
    const channel = a.createDataChannel('lab');
    b.ondatachannel = (e) => { e.channel.onmessage = (m) => e.channel.send(m.data); };
    let back = 0;
    const began = performance.now();
    channel.onopen = () => { for (let i = 0; i < 50; ++i) channel.send('x'.repeat(1000)); };
    channel.onmessage = async () => {
      if (++back < 50) return;
      const stats = [...(await a.getStats()).values()];
      const pair = stats.find((s) => s.type === 'candidate-pair' && s.state === 'succeeded');
      const local = stats.find((s) => pair && s.id === pair.localCandidateId);
      say({back, kinds: [...kinds], local: local && local.candidateType, ms: Math.round(performance.now() - began)});
    };
    a.onicecandidateerror = (e) => say({error: `${e.errorCode} ${e.errorText}`});
    await a.setLocalDescription(await a.createOffer());
    await b.setRemoteDescription(a.localDescription);
    await b.setLocalDescription(await b.createAnswer());
    await a.setRemoteDescription(b.localDescription);
  } catch (e) { say({error: String(e)}); }
})();
</script>"""

SERVE = """
import http.server, sys
page = open(sys.argv[1], 'rb').read()
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200); self.send_header('Content-Type', 'text/html'); self.end_headers(); self.wfile.write(page)
    def do_POST(self):
        print(self.rfile.read(int(self.headers['Content-Length'])).decode(), flush=True)
        self.send_response(204); self.end_headers()
    def log_message(self, *_): pass
server = http.server.HTTPServer(('127.0.0.1', 8000), Handler)
print('ready', flush=True)
server.serve_forever()
"""


@scenario("a browser with iceTransportPolicy 'relay' talks to itself through the relay, over UDP and TCP", seconds=120)
def turn_browser(lab):
    browser = next((b for b in ("chromium", "chromium-browser", "google-chrome") if shutil.which(b)), None)
    if browser is None:
        raise Missing("no Chromium here (package chromium)")
    lab.turn()
    for transport in ("udp", "tcp"):
        site = lab.site("symmetric", f"web{transport}")
        directory = lab.directory(f"browser-{transport}")
        page = os.path.join(directory, "page.html")
        with open(page, "w") as file:
            file.write(PAGE.replace("SERVER", RELAY).replace("TRANSPORT", transport).replace("PORT", str(TURN_PORT)).replace("USER", TURN_USER).replace("PASSWORD", TURN_PASSWORD))
        web = site.client.spawn(sys.executable, "-c", SERVE, page, stdout=subprocess.PIPE, text=True)
        check(web.stdout.readline().strip() == "ready", "the page is served")
        process = site.client.spawn(browser, "--headless=new", "--no-sandbox", "--disable-gpu", "--no-first-run",
                                    "--disable-background-networking", "--disable-dev-shm-usage",
                                    f"--user-data-dir={directory}/profile", "http://127.0.0.1:8000/")
        said = json.loads(web.stdout.readline())
        process.terminate()
        note(f"{transport}: {said}")
        check("error" not in said, f"{transport}: {said}")
        check(said["kinds"] == ["relay"] and said.get("local") == "relay" and said["back"] == 50, f"all of it relayed: {said}")
