# SPDX-License-Identifier: Apache-2.0
"""Network namespaces: an internet (one bridge), a relay host on it, and sites behind NAT boxes.

    site client --lan-- [inner box --mid--] box --wan-- inet bridge --wan-- relay

All names carry this process's id; links are made inside namespaces, so nothing appears in the machine's own network, and
removing the namespaces removes everything. Lab is a context manager: what it started ends with it, whatever happens.
"""

import base64
import hmac
import ipaddress
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time

import nat

PREFIX = "gwlab"
PUBLIC = ipaddress.ip_network("198.51.100.0/24")  # TEST-NET-2: nobody's
PUBLIC6 = "2001:db8:60::"
GATEWAY = "198.51.100.1"
RELAY = "198.51.100.10"
RELAY6 = PUBLIC6 + "10"

#: Time-limited credentials, good for our TURN server and for coturn alike.
TURN_PORT, TURN_SECRET = 3478, "labsecret"
TURN_USER = f"{int(time.time()) + 86400}:lab"
TURN_PASSWORD = base64.b64encode(hmac.new(TURN_SECRET.encode(), TURN_USER.encode(), "sha1").digest()).decode()

#: A relay that is a TURN server for the lab's addresses, which are nobody's on the open internet.
TURN_SERVER_CONFIG = f"""
[turn_server]
secret = "{TURN_SECRET}"
allow_peers = ["{PUBLIC}", "{PUBLIC6}/64"]
allocations_per_user = 1000
permissions_per_user = 1000
channels_per_user = 1000
"""


class LabError(Exception):
    """The lab itself could not be built or driven."""


class Missing(LabError):
    """This machine lacks a program that a scenario needs."""


def run(*words, input=None, check=True):
    done = subprocess.run(words, input=input, capture_output=True, text=True, timeout=30)
    if check and done.returncode != 0:
        raise LabError(f"{' '.join(words)}: {done.stderr.strip() or done.stdout.strip()}")
    return done.stdout


def why_not_here():
    """Empty when this machine can run the lab, else one sentence."""
    if os.geteuid() != 0:
        return "the lab needs root (network namespaces, nftables, packet sockets)"
    for tool in ("ip", "nft", "tcpdump"):
        if shutil.which(tool) is None:
            return f"the lab needs the program {tool} (packages iproute2, nftables, tcpdump)"
    name = f"{PREFIX}{os.getpid()}-try"
    try:
        run("ip", "netns", "add", name)
        try:
            run("ip", "netns", "exec", name, "nft", "add", "table", "ip", "gw")
        finally:
            run("ip", "netns", "del", name, check=False)
    except (LabError, OSError, subprocess.TimeoutExpired) as problem:
        return f"network namespaces or nftables do not work here: {problem}"
    return ""


def clean_leftovers():
    """Removes namespaces of lab runs that were killed; those of runs that live are left alone."""
    removed = 0
    for name in re.findall(rf"^({PREFIX}(\d+)-\S+)", run("ip", "netns", "list", check=False), re.M):
        if not os.path.exists(f"/proc/{name[1]}"):
            run("ip", "netns", "del", name[0], check=False)
            removed += 1
    return removed


class Host:
    """One namespace."""

    def __init__(self, lab, name):
        self.lab, self.name = lab, name
        self.netns = f"{PREFIX}{os.getpid()}-{name}"
        lab.hosts.append(self)  # First, so that an interrupted creation is removed as well.
        run("ip", "netns", "add", self.netns)
        self.ip("link", "set", "lo", "up")

    def ip(self, *words):
        return run("ip", "-n", self.netns, *words)

    def run(self, *words, input=None, check=True):
        return run("ip", "netns", "exec", self.netns, *words, input=input, check=check)

    def nft(self, program):
        self.run("nft", "-f", "-", input=program)

    def sysctl(self, name, value):
        self.run("sh", "-c", f"echo '{value}' > /proc/sys/{name.replace('.', '/')}")

    def address(self, interface, *addresses):
        for address in addresses:
            self.ip("addr", "add", address, "dev", interface, *(("nodad",) if ":" in address else ()))

    def spawn(self, *words, **options):
        """A process inside; ended with the lab."""
        options.setdefault("stdin", subprocess.DEVNULL)
        options.setdefault("stdout", subprocess.DEVNULL)
        options.setdefault("stderr", subprocess.DEVNULL)
        process = subprocess.Popen(["ip", "netns", "exec", self.netns, *map(str, words)], **options)
        self.lab.processes.append(process)
        return process


class Site:
    """A client host and the boxes in front of it."""

    def __init__(self, client, boxes, external, net=None):
        self.client, self.boxes, self.external = client, boxes, external
        self.net = net  # Of the client's interface, as "10.1.0".

    @property
    def edge(self):
        """The box whose outside is on the internet; the client itself when there is none."""
        return self.boxes[-1] if self.boxes else self.client


class Lab:
    def __init__(self, build):
        self.build = build
        self.hosts, self.processes, self.sites = [], [], []
        self.inet = self.relay = self._directory = None

    # Life and death.

    def __enter__(self):
        try:
            self._internet()
        except BaseException:
            self._remove()
            raise
        return self

    def __exit__(self, *_):
        self._remove()

    def _remove(self):
        for process in reversed(self.processes):
            if process.poll() is None:
                process.terminate()
        deadline = time.monotonic() + 3
        for process in reversed(self.processes):
            try:
                process.wait(max(0.05, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        self.processes.clear()
        for host in reversed(self.hosts):
            run("ip", "netns", "del", host.netns, check=False)
        self.hosts.clear()
        if self._directory:
            shutil.rmtree(self._directory, ignore_errors=True)
            self._directory = None

    def directory(self, name):
        """A directory that lives as long as the lab."""
        if self._directory is None:
            self._directory = tempfile.mkdtemp(prefix=f"{PREFIX}{os.getpid()}-")
        path = os.path.join(self._directory, name)
        os.makedirs(path)
        return path

    # Building.

    def host(self, name):
        host = Host(self, name)
        host.sysctl("net.ipv6.conf.all.disable_ipv6", 1)
        host.sysctl("net.ipv6.conf.default.disable_ipv6", 1)
        return host

    @staticmethod
    def link(a, interface_a, b, interface_b):
        """A veth between two hosts, born inside both."""
        run("ip", "link", "add", interface_a, "netns", a.netns, "type", "veth", "peer", "name", interface_b, "netns", b.netns)
        a.ip("link", "set", interface_a, "up")
        b.ip("link", "set", interface_b, "up")

    def _internet(self):
        self.inet = self.host("inet")
        self.inet.ip("link", "add", "br0", "type", "bridge")
        self.inet.ip("link", "set", "br0", "up")
        # Where everybody's default route leads, and ends: a datagram to a stranger's private address must vanish, not
        # bounce. (coturn closes a client's TCP connection when its own send to such a peer fails.)
        self.inet.address("br0", f"{GATEWAY}/{PUBLIC.prefixlen}")
        self.inet.sysctl("net.ipv4.ip_forward", 0)
        self.relay = self.host("relay")
        self._plug(self.relay, RELAY)

    def _plug(self, host, public, v6=False):
        port = f"p{len(self.hosts)}-{host.name}"[:15]
        self.link(host, "wan", self.inet, port)
        self.inet.ip("link", "set", port, "master", "br0")
        host.address("wan", f"{public}/{PUBLIC.prefixlen}")
        host.ip("route", "add", "default", "via", GATEWAY)
        if v6:
            self.enable_v6(host, public)
        wait_carrier(host, "wan")

    @staticmethod
    def enable_v6(host, public):
        """The IPv6 twin of a public IPv4 address."""
        host.sysctl("net.ipv6.conf.wan.disable_ipv6", 0)
        host.address("wan", f"{PUBLIC6}{public.rsplit('.', 1)[1]}/64")

    def site(self, kind, name=None, v6=False):
        """A client behind a box of `kind` (nat.KINDS). `v6`: the client also has a firewalled public IPv6 address."""
        index = len(self.sites) + 1
        name = name or f"c{index}"
        external = str(PUBLIC[20 + index])
        client = self.host(name)
        # Port-preserving boxes that share an address must not see the same port twice, and neither may two clients of one test.
        low = 10000 + 1000 * (index % 20)
        client.sysctl("net.ipv4.ip_local_port_range", f"{low} {low + 999}")
        boxes = []
        if kind in ("open", "firewalled"):
            self._plug(client, external)
            if kind == "firewalled":
                client.nft(nat.rules(kind, external))
        else:
            outer = {"double": "port_restricted", "double_symmetric": "symmetric"}.get(kind, kind)
            inside = client
            if kind.startswith("double"):
                inner = self._box(f"{name}i", "port_restricted", f"100.64.{index}.2")
                self._behind(client, inner, f"10.{index}.0")
                boxes.append(inner)
                inside = inner
            box = self._box(f"{name}n", outer, external)
            if inside is client:
                self._behind(client, box, f"10.{index}.0")
            else:
                self.link(inside, "wan", box, "lan")
                inside.address("wan", f"100.64.{index}.2/24")
                box.address("lan", f"100.64.{index}.1/24")
                inside.ip("route", "add", "default", "via", f"100.64.{index}.1")
                wait_carrier(inside, "wan")
            self._plug(box, external)
            boxes.append(box)
        if v6:
            port = f"v6-{name}"[:15]
            self.link(client, "six", self.inet, port)
            self.inet.ip("link", "set", port, "master", "br0")
            client.sysctl("net.ipv6.conf.six.disable_ipv6", 0)
            client.address("six", f"{PUBLIC6}{external.rsplit('.', 1)[1]}/64")
            client.nft(nat.rules("firewalled", external))
            wait_carrier(client, "six")
        site = Site(client, boxes, external, f"10.{index}.0")
        self.sites.append(site)
        return site

    def beside(self, site, name, own_lan=False):
        """Another client behind the same box: on the same LAN, or (own_lan) on one of its own that the box keeps apart."""
        index = len(self.sites) + 1
        client = self.host(name)
        low = 10000 + 1000 * (index % 20)
        client.sysctl("net.ipv4.ip_local_port_range", f"{low} {low + 999}")
        box = site.boxes[0]
        if own_lan:
            self._behind(client, box, f"10.{index}.0", f"lan{index}")
        else:
            # A switch on the LAN side would do the same; routing between two legs of the box is less to build.
            self._behind(client, box, f"10.{index}.0", f"lan{index}")
            box.nft('insert rule ip gw pass iifname "lan*" oifname "lan*" accept')
        twin = Site(client, site.boxes, site.external)
        self.sites.append(twin)
        return twin

    def second_uplink(self, site, kind):
        """Another way out for the same client, unplugged: switch_uplink() moves it there. The new outside is a site of its own."""
        index = len(self.sites) + 1
        box = self._box(f"{site.client.name}u", kind, str(PUBLIC[20 + index]))
        self._plug(box, str(PUBLIC[20 + index]))
        self.link(site.client, "eth1", box, "lan")
        box.address("lan", f"10.{index}.0.1/24")
        site.client.ip("link", "set", "eth1", "down")
        other = Site(site.client, [box], str(PUBLIC[20 + index]), f"10.{index}.0")
        self.sites.append(other)
        return other

    @staticmethod
    def switch_uplink(site, other, interface="eth0", to="eth1"):
        """As when Wi-Fi ends and mobile data begins: the old interface goes, then the new one has an address and the route."""
        client = site.client
        client.ip("link", "set", interface, "down")
        client.ip("addr", "flush", "dev", interface)
        client.ip("link", "set", to, "up")
        wait_carrier(client, to)
        client.address(to, f"{other.net}.2/24")
        client.ip("route", "replace", "default", "via", f"{other.net}.1")

    @staticmethod
    def flush_conntrack(site):
        """The site's box forgets every connection, as when it is started anew: ctnetlink's deletion without a filter."""
        program = ("import socket, struct; s = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 12); "
                   "s.send(struct.pack('=IHHIIBBH', 20, 0x102, 5, 1, 0, 0, 0, 0)); "
                   "assert struct.unpack_from('=i', s.recv(4096), 16)[0] == 0, 'refused'")
        site.edge.run(sys.executable, "-c", program)

    def bridge_rules(self, name, *rules):
        """What the internet does to frames that pass it, as nftables rules; returns a function that takes it away."""
        text = "\n".join(rules)
        self.inet.nft(f"table bridge {name} {{ chain {name} {{ type filter hook forward priority filter;\n{text}\n}}\n}}\n")
        return lambda: self.inet.nft(f"delete table bridge {name}\n")

    def mtu_hole(self, bytes_max):
        """Longer IPv4 packets vanish without a word (no ICMP), whoever sends them. Sites that are there already, and the
        relay, cut what they send into packets themselves: what a segmentation offload has put together is not one packet."""
        for host, interface in [(self.relay, "wan"), *((site.client, "eth0") for site in self.sites)]:
            host.ip("link", "set", "dev", interface, "gso_max_segs", "1")
        return self.bridge_rules("hole", f"ip length > {bytes_max} drop")

    def no_udp(self, site):
        """No UDP passes from or to a site's outside any more."""
        return self.bridge_rules(f"u{site.client.name}", f"ip saddr {site.external} ip protocol udp drop",
                                 f"ip daddr {site.external} ip protocol udp drop")

    def cut(self, a, b):
        """No datagram between two sites' outsides passes any more, either way; the relay is still reached. Returns a function
        that heals it."""
        return self.bridge_rules("gw", f"ip saddr {a.external} ip daddr {b.external} drop",
                                 f"ip saddr {b.external} ip daddr {a.external} drop")

    def _box(self, name, kind, external):
        box = self.host(name)
        box.sysctl("net.ipv4.ip_forward", 1)
        box.nft(nat.rules(kind, external))
        return box

    def _behind(self, client, box, net, leg="lan"):
        self.link(client, "eth0", box, leg)
        client.address("eth0", f"{net}.2/24")
        box.address(leg, f"{net}.1/24")
        client.ip("route", "add", "default", "via", f"{net}.1")
        wait_carrier(client, "eth0")

    # Services and tools.

    def program(self, path):
        full = os.path.join(self.build, path)
        if not os.access(full, os.X_OK):
            raise LabError(f"{full} is not built")
        return full

    def turn(self):
        """A TURN server on the relay host, UDP and TCP: a godwit-relay of its own, whose accounts are nobody's."""
        directory = self.directory("turn")
        path = os.path.join(directory, "turn.toml")
        with open(path, "w") as file:
            file.write(TURN_SERVER_CONFIG + "accounts_only = false\n")
        process = self.relay.spawn(self.program("relay/godwit-relay"), "--data", os.path.join(directory, "data"), "--listen",
                                   f"{RELAY}:{TURN_PORT}", "--config", path, stdout=subprocess.PIPE, text=True)
        if not process.stdout.readline().startswith("ready "):
            raise LabError("the TURN server did not start")
        return process

    def coturn(self):
        """The same by coturn."""
        if shutil.which("turnserver") is None:
            raise Missing("no turnserver here (package coturn)")
        process = self.relay.spawn(
            "turnserver", "-n", "--no-cli", "--no-tls", "--no-dtls", "--use-auth-secret", f"--static-auth-secret={TURN_SECRET}", "--fingerprint",
            f"--listening-ip={RELAY}", f"--relay-ip={RELAY}", f"--listening-port={TURN_PORT}", "--min-port=49152",
            "--max-port=50151", "--realm=lab", "--log-file=stdout", "--simple-log",
            "--pidfile=/dev/null", "--userdb=/dev/null/none")
        until(lambda: f":{TURN_PORT}" in self.relay.run("ss", "-Hltn"), 10, "coturn does not listen", process)
        return process

    def wire(self, site, *options):
        """Puts a long, bad wire (tests/lab/forwarder) between a site's edge and the internet."""
        edge = site.edge
        middle = self.host(f"{site.client.name}w")
        port = next(line.split(":")[1].split("@")[0].strip()
                    for line in self.inet.run("ip", "-o", "link").splitlines() if f"-{edge.name}" in line)
        addresses = [word for line in edge.ip("-o", "addr", "show", "dev", "wan", "scope", "global").splitlines()
                     for word in re.findall(r"inet6? (\S+)", line)]
        edge.ip("link", "del", "wan")
        self.link(edge, "wan", middle, "near")
        self.link(middle, "far", self.inet, port)
        self.inet.ip("link", "set", port, "master", "br0")
        edge.address("wan", *addresses)
        edge.ip("route", "replace", "default", "via", GATEWAY)
        site.wire = middle
        self._forward(site, *options)
        wait_carrier(edge, "wan")

    def _forward(self, site, *options):
        process = site.wire.spawn(self.program("tests/lab/forwarder"), "near", "far", *options, stdout=subprocess.PIPE, text=True)
        if process.stdout.readline().strip() != "ready":
            raise LabError("the forwarder did not start")
        site.forwarder = process

    def rewire(self, site, *options):
        """Another wire in the place of the one that wire() has put there; what is on it is lost."""
        site.forwarder.terminate()
        site.forwarder.wait(5)
        self._forward(site, *options)

    def capture(self, host, interface="wan"):
        """tcpdump into a file; stop() of the result returns the packets as (seconds, bytes)."""
        return Capture(host, interface)


class Capture:
    def __init__(self, host, interface):
        self.path = f"/tmp/{host.netns}-{interface}-{time.monotonic_ns()}.pcap"
        self.process = host.spawn("tcpdump", "-i", interface, "-s", "0", "-U", "--immediate-mode", "-w", self.path,
                                  stderr=subprocess.PIPE, text=True)
        for line in self.process.stderr:
            if "listening on" in line:
                return
        raise LabError("tcpdump did not start")

    def packets(self):
        """So far, as a list of (time, frame bytes)."""
        with open(self.path, "rb") as file:
            data = file.read()
        packets, at = [], 24
        while at + 16 <= len(data):
            seconds, micro, length = (int.from_bytes(data[at + i:at + i + 4], "little") for i in (0, 4, 8))
            if at + 16 + length > len(data):
                break
            packets.append((seconds + micro / 1e6, data[at + 16:at + 16 + length]))
            at += 16 + length
        return packets

    def stop(self):
        self.process.send_signal(signal.SIGINT)
        try:
            self.process.wait(5)
        except subprocess.TimeoutExpired:
            self.process.kill()
        packets = self.packets()
        os.unlink(self.path)
        return packets


def until(condition, seconds, what, process=None):
    """Waits for something outside our control; the only sleeping in the lab."""
    deadline = time.monotonic() + seconds
    while True:
        result = condition()
        if result:
            return result
        if process is not None and process.poll() is not None:
            raise LabError(f"{what}: it ended with {process.returncode}")
        if time.monotonic() > deadline:
            raise LabError(f"{what} (waited {seconds} s)")
        time.sleep(0.02)


def wait_carrier(host, interface):
    """libnice looks only at interfaces that are RUNNING."""
    until(lambda: "LOWER_UP" in host.ip("link", "show", interface), 5, f"no carrier on {host.name} {interface}")
