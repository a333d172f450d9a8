#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The tables of docs/performance.md, measured in one run on one machine: ./dev bench table [--write] [--messages N] [--only NAME…]

Each program appends what it measured to a file (bench/figures.hpp). What does not run leaves a gap, which is said. Without --write the
tables are printed; with it they take the place of those between the marks in docs/performance.md.
"""
import argparse
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "performance.md"
BEGIN, END = "<!-- made by ./dev bench table --write: begin -->", "<!-- end -->"

# Name, figure of ours, figure beside it or a number, what that is, "less" or "more" is better, what the goal asks of the ratio.
ROWS = [
    ("message of 100 bytes there and back, durable on both sides, p50 (us)", "ours/trip_us", "wanted/trip_us", "10 UDP round trips and 2 fdatasync", "less", 1),
    ("the same", "ours/trip_us", "toxcore/trip_asked_us", "c-toxcore in the loop that it asks for, nothing stored", "less", 50),
    ("the same", "ours/trip_us", "toxcore/trip_eager_us", "c-toxcore in a loop of 1 ms", "less", 1),
    ("the same", "ours/trip_us", "datachannel.trip_us", "WebRTC data channel, nothing stored, no receipt", "less", None),
    ("messages one way, durable on both sides, receipted (a second)", "ours/one_way", "toxcore/one_way", "c-toxcore, best window, nothing stored", "more", 1),
    ("the same", "ours/one_way", "floor/rows_batched", "rows of bare SQLite, 64 a transaction, durable", "more", 0.5),
    ("the same", "ours/one_way", "datachannel.one_way", "WebRTC data channel, nothing stored, no receipt", "more", None),
    ("mailbox, one way, durable three times, receipted (a second)", "flight/mailbox_one_way", "floor/rows_batched", "rows of bare SQLite, 64 a transaction, durable", "more", None),
    ("file, direct, checked and durable (MiB/s)", "ours/file_mib", "toxcore/file_mib", "c-toxcore, from memory to nowhere", "more", 10),
    ("the same", "ours/file_mib", "datachannel.mib", "WebRTC data channel, from memory to nowhere", "more", 1),
    ("the same", "ours/file_mib", "bare/file_mib", "ngtcp2 alone, from memory to nowhere, the better of CUBIC and BBR2", "more", 0.7),
    ("processor time of it, both sides (s a GiB)", "ours/file_cpu", "bare/file_cpu", "the same", "less", None),
    ("start of both programs to the first message on the direct path (ms)", "ours/connect_ms", 100, "wanted", "less", 1),
    ("the same", "ours/connect_ms", "toxcore/connect_ms", "c-toxcore, each knowing the other's node", "less", 1),
    ("the same", "ours/connect_ms", "datachannel.connect_ms", "WebRTC data channel, signalling by a function call", "less", None),
    ("MLS: seal 100 bytes, 2 members (ms of CPU)", "mls/2/encrypt 100 bytes", "libsignal_seal_ms", "libsignal by its Node binding, two parties", "less", 1),
    ("open 100 bytes", "mls/2/decrypt 100 bytes", "libsignal_open_ms", "the same", "less", 1),
    ("seal 100 bytes", "mls/2/encrypt 100 bytes", "tsmls_seal_ms", "ts-mls (TypeScript over WebCrypto)", "less", None),
    ("open 100 bytes", "mls/2/decrypt 100 bytes", "tsmls_open_ms", "the same", "less", None),
    ("add one of 1,000, with its Welcome (ms of CPU)", "mls/1000/add one", 29, "a native OpenMLS-based library, measured elsewhere", "less", 2),
    ("update of 1,000, blank tree (ms of CPU)", "mls/1000/update, blank tree", 211, "the same", "less", 2),
    ("join 1,000 by Welcome (ms of CPU)", "mls/1000/join by Welcome with the tree", 138, "the same", "less", 2),
    ("search, two Chinese characters, rare (ms of CPU)", "store/search: two Chinese characters, rare", 10, "wanted, of a million messages", "less", 1),
    ("search, the beginning of an English word, rare (ms of CPU)", "store/search: beginning of an English word, rare", 10, "wanted, of a million messages", "less", 1),
    ("open the store and read the newest page (ms of CPU)", "store/open, and the newest page of a conversation", 50, "wanted, of a million messages", "less", 1),
    ("a store that is open and searched (KiB resident, all of the program)", "store/resident_kib_searched", 20480, "wanted of a client, a million messages", "less", 1),
    ("relay: an idle QUIC client (KiB)", "flight/relay_client_kib", 80, "wanted", "less", 1),
    ("relay: messages of 1 KiB, committed, answered, delivered, acknowledged (a CPU second)", "relay/messages", 10_000, "wanted", "more", 1),
    ("the same", "relay/messages", "ejabberd/offline", "ejabberd, kept for who is away, not synced, not delivered", "more", 3),
    ("the same", "relay/messages", "ejabberd/online", "ejabberd, to who is there, nothing kept, no TLS", "more", 2),
    ("relay: accepted after, p99 (ms)", "relay/accept_p99_ms", 50, "wanted", "less", 1),
    ("relay: logins (a CPU second)", "relay/logins", 1_500, "wanted", "more", 1),
    ("the same", "relay/logins", "ejabberd/logins", "ejabberd, SASL PLAIN, no TLS", "more", None),
    ("an idle client, alone with its relay (wake-ups a minute)", "idle/alone", 2, "wanted", "less", 1),
    ("the same, a direct path open to one other", "idle/direct", 2, "wanted", "less", 1),
    ("the same, nothing said to them for three minutes", "idle/after", 2, "wanted", "less", 1),
    ("the same, on the wire (kB an hour)", "idle/after_kb", 100, "wanted", "less", 1),
    ("TURN, 160 bytes, 50 clients, 1 under way each (datagrams a CPU second)", "turn/ours/160 bytes, 50 clients, 1 under way each", "turn/coturn/160 bytes, 50 clients, 1 under way each", "coturn", "more", 1),
    ("TURN, 160 bytes, 50 clients, 4 under way each", "turn/ours/160 bytes, 50 clients, 4 under way each", "turn/coturn/160 bytes, 50 clients, 4 under way each", "coturn", "more", 1),
    ("TURN, 1,200 bytes, 4 clients, 32 under way each", "turn/ours/1,200 bytes, 4 clients, 32 under way each", "turn/coturn/1,200 bytes, 4 clients, 32 under way each", "coturn", "more", 1),
    ("TURN: an idle allocation (KiB)", "turn/ours/allocation_kib", "turn/coturn/allocation_kib", "coturn", "less", None),
    ("libgodwit.so, stripped, with media (MB)", "size/so_mb", 3, "wanted, without media", "less", 1),
]
DERIVED = {
    "wanted/trip_us": lambda f: 10 * f["floor/udp_us"] + 2 * f["floor/sync_us"],
    "libsignal_seal_ms": lambda f: f["libsignal.seal_us"] / 1e3,
    "libsignal_open_ms": lambda f: f["libsignal.open_us"] / 1e3,
    "tsmls_seal_ms": lambda f: f["tsmls.seal_us"] / 1e3,
    "tsmls_open_ms": lambda f: f["tsmls.open_us"] / 1e3,
}


def programs(given):
    bench = given.build / "bench"
    relay = ["--relay", str(given.build / "relay" / "godwit-relay")]
    return {
        "peers": ([bench / "peers", *relay, "--messages", "10000", "--mib", "64"], 300),
        "flight": ([bench / "flight", *relay, "--messages", "4000", "--idle", "50"], 240),
        "relay_load": ([bench / "relay_load", *relay, "--clients", "300", "--logins", "300", "--messages", "30000", "--seconds", "8", "--strangers", "0"], 240),
        "ejabberd": ([sys.executable, "-B", ROOT / "bench/relay/ejabberd.py", "--messages", "30000", "--seconds", "8"], 180),
        "turn": ([bench / "turn", *relay, "--seconds", "3"], 120),
        "mls": ([bench / "mls", "--rounds", "11"], 120),
        "store": ([bench / "store", "--messages", str(given.messages)], 900),
        "growth": ([bench / "growth", *relay, "--messages", str(given.messages), "--contacts", "32"], 600),
        "npm": (["node", ROOT / "bench/peers/npm/beside.mjs", given.npm], 320),
    }


def start_idle(given, into):
    """Beside the others, all the time: it counts wake-ups of processes that nobody disturbs, in a network of their own."""
    if given.only and "idle" not in given.only:
        return None
    words = [sys.executable, "-B", ROOT / "bench/idle.py", "--relay", given.build / "relay/godwit-relay", "--client", given.build / "examples/godwit", "--seconds", "90"]
    return subprocess.Popen([str(word) for word in words], env={**os.environ, "GODWIT_BENCH_FIGURES": str(into)}, stdout=sys.stderr)


def measure(given):
    kept, troubles = {}, []
    with tempfile.TemporaryDirectory(prefix="godwit-table-") as folder:
        into = pathlib.Path(folder) / "figures"
        idle = start_idle(given, into)
        for name, (words, seconds) in programs(given).items():
            if given.only and name not in given.only:
                continue
            print(f"== {name}", file=sys.stderr, flush=True)
            try:
                done = subprocess.run([str(word) for word in words], env={**os.environ, "GODWIT_BENCH_FIGURES": str(into)}, timeout=seconds,
                                      stdout=sys.stderr, stderr=subprocess.STDOUT)
                if done.returncode != 0:
                    troubles.append(f"{name}: exit {done.returncode}")
            except (OSError, subprocess.TimeoutExpired) as trouble:
                troubles.append(f"{name}: {trouble}")
        if idle is not None and idle.wait(timeout=900) != 0:
            troubles.append(f"idle: exit {idle.returncode}")
        if into.exists():
            for line in into.read_text().splitlines():
                what, _, value = line.partition("\t")
                kept[what] = float(value)
        library = next((given.build / "lib/assembly").glob("libgodwit.so.*.*.*"), None)
        if library is not None and library.is_file():
            bare = pathlib.Path(folder) / "bare.so"
            subprocess.check_call(["strip", "-o", bare, library])
            kept["size/so_mb"] = bare.stat().st_size / 1e6
    for name, made in DERIVED.items():
        try:
            kept[name] = made(kept)
        except KeyError:
            pass
    return kept, troubles


def version(command, pattern):
    try:
        said = subprocess.run(command, capture_output=True, text=True, timeout=20)
    except (OSError, subprocess.TimeoutExpired):
        return "not here"
    found = re.search(pattern, said.stdout + said.stderr)
    return found.group(1) if found else "unknown"


def machine(given):
    cpu = next((line.split(":")[1].strip() for line in pathlib.Path("/proc/cpuinfo").read_text().splitlines() if line.startswith("model name")), "unknown")
    memory = int(re.search(r"MemTotal:\s+(\d+)", pathlib.Path("/proc/meminfo").read_text()).group(1)) / 2**20
    packages = {name: version(["dpkg-query", "-W", "-f", "${Version}", name], r"(\S+)") for name in
                ("libsqlite3-0", "libsodium23", "libngtcp2-9", "libgnutls30", "libnice10", "libtoxcore2", "coturn", "ejabberd")}
    used = ", ".join(f"{name} {number}" for name, number in packages.items() if number != "unknown")
    return (f"{time.strftime('%Y-%m-%d')}, {cpu}, {os.cpu_count()} processors, {memory:.0f} GiB, Linux {os.uname().release.split('-')[0]}, a virtual disk; load average "
            f"{os.getloadavg()[0]:.1f} at the end, so other work shared the machine when it is above 2. Built by g++ {version(['g++', '--version'], r'g[+][+] .* ([0-9.]+)')} with -O2. {used}; "
            f"node {version(['node', '--version'], r'(v[0-9.]+)')}. Histories of {given.messages:,} messages.")


def number(value):
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"


def table(kept):
    out = ["| What | godwit | Beside | Its figure | better by | wanted |", "|---|---|---|---|---|---|"]
    for what, ours, other, beside, better, wanted in ROWS:
        have = kept.get(ours)
        theirs = kept.get(other) if isinstance(other, str) else other
        wish = "" if wanted is None else f"{wanted}"
        if have is None or theirs is None:
            out.append(f"| {what} | {'not measured' if have is None else number(have)} | {beside} | {'not measured' if theirs is None else number(theirs)} | | {wish} |")
            continue
        ratio = theirs / have if better == "less" else have / theirs
        short = wanted is not None and ratio < wanted
        out.append(f"| {what} | {number(have)} | {beside} | {number(theirs)} | {'**' if short else ''}{number(ratio)}{'**' if short else ''} | {wish} |")
    return out


def floors(kept):
    names = {"floor/udp_us": "UDP there and back {} us", "floor/tcp_us": "TCP {} us", "floor/sync_us": "4 KiB and fdatasync {} us",
             "floor/rows_alone": "a row of bare SQLite and its transaction {} a second", "floor/rows_batched": "64 rows a transaction {} rows a second"}
    told = [text.format(number(kept[name])) for name, text in names.items() if name in kept]
    return ["", "Floors of this run, p50: " + ", ".join(told) + "."] if told else []


def curves(kept):
    found = {}
    for name, value in kept.items():
        parts = name.split("/")
        if parts[0] == "growth":
            found.setdefault((parts[1], parts[2]), {})[parts[3]] = value
    if not found:
        return []
    out = ["", "| Cost (us of CPU; what is written: KiB) | of | at each size | grows as |", "|---|---|---|---|"]
    for (work, of), points in found.items():
        sizes = sorted((int(size), cost) for size, cost in points.items() if size != "exponent")
        told = ", ".join(f"{size:,}: {number(cost)}" for size, cost in sizes)
        out.append(f"| {work} | {of} | {told} | n^{points.get('exponent', 0):.2f} |")
    return out


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--build", type=pathlib.Path, required=True)
    arguments.add_argument("--npm", default="")
    arguments.add_argument("--messages", type=int, default=100_000)
    arguments.add_argument("--only", nargs="*")
    arguments.add_argument("--write", action="store_true")
    given = arguments.parse_args()
    if shutil.which("strip") is None:
        sys.exit("binutils are needed")
    kept, troubles = measure(given)
    lines = ["", machine(given), "", *table(kept), *floors(kept), *curves(kept), ""]
    if troubles:
        lines += ["Did not run: " + "; ".join(troubles) + ".", ""]
    if given.write and not given.only:
        page = PAGE.read_text()
        before, rest = page.split(BEGIN)
        after = rest.split(END)[1]
        PAGE.write_text(before + BEGIN + "\n" + "\n".join(lines) + END + after)
    else:
        print("\n".join(lines))
    return 0


if __name__ == "__main__":
    sys.exit(main())
