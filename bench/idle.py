#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What clients cost that do nothing: wake-ups a minute, bytes an hour, resident memory. In a network namespace of its own, so that only
their packets are counted (needs root, or a kernel that gives users namespaces).

    idle.py --relay FILE --client FILE [--seconds 120]

One client alone with its relay; then two that have a direct path open; then the same two when that path has gone, as nobody said anything; each
for so long. Counted by the kernel: voluntary context switches of
all threads (a thread that sleeps and is woken has one), and what went over the loopback interface, headers included.
"""
import argparse
import os
import pathlib
import subprocess
import sys
import time

DIRECT_S = 180  # how long a direct path is kept for who says nothing: engine::Config::peer_link_idle_max
SETTLE_S = 15  # what connecting leaves behind (first checks, timers that are due) is not idling


def wakes(pid):
    out = 0
    for task in pathlib.Path(f"/proc/{pid}/task").iterdir():
        for line in (task / "status").read_text().splitlines():
            if line.startswith("voluntary_ctxt_switches"):
                out += int(line.split()[1])
    return out


def resident_kib(pid):
    rollup = pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text()
    return {line.split(":")[0]: int(line.split()[1]) for line in rollup.splitlines()[1:] if line.startswith(("Rss", "Pss:", "Private_Dirty"))}


def loopback_bytes():
    for line in pathlib.Path("/proc/net/dev").read_text().splitlines():
        if line.strip().startswith("lo:"):
            return int(line.split(":")[1].split()[0])
    return 0


def cpu_s(pid):
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def figure(name, value):
    """As bench/figures.hpp."""
    path = os.environ.get("GODWIT_BENCH_FIGURES")
    if path:
        with open(path, "a") as file:
            file.write(f"{name}\t{value:.9g}\n")


def watch(key, name, clients, relay, seconds):
    time.sleep(SETTLE_S)
    pids = [one.run.process.pid for one in clients]
    before = [wakes(pid) for pid in pids], wakes(relay), loopback_bytes(), [cpu_s(pid) for pid in pids], time.monotonic()
    time.sleep(seconds)
    took = time.monotonic() - before[4]
    woken = [(wakes(pid) - old) / took * 60 for pid, old in zip(pids, before[0])]
    hourly = (loopback_bytes() - before[2]) / took * 3600
    cpu = [(cpu_s(pid) - old) / took * 100 for pid, old in zip(pids, before[3])]
    memory = [resident_kib(pid) for pid in pids]
    print(f"{name}, {took:.0f} s:")
    for one, each, share, kib in zip(clients, woken, cpu, memory):
        print(f"  {one.name}: {each:.1f} wake-ups a minute, {share:.3f} % of a core, {kib['Rss'] / 1024:.1f} MiB resident, of it {kib['Private_Dirty'] / 1024:.1f} its own")
    figure(f"idle/{key}", max(woken))
    figure(f"idle/{key}_kb", hourly / 1000 / len(pids))
    print(f"  on the wire, all together and both ways: {hourly / 1000:.1f} kB an hour; relay: {(wakes(relay) - before[1]) / took * 60:.1f} wake-ups a minute", flush=True)


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--relay", required=True)
    arguments.add_argument("--client", required=True)
    arguments.add_argument("--seconds", type=float, default=120)
    arguments.add_argument("--inside", action="store_true", help=argparse.SUPPRESS)
    arguments.add_argument("--keep", action="store_true")
    given = arguments.parse_args()
    if not given.inside:
        again = ["unshare", "--net", *([] if os.geteuid() == 0 else ["--user", "--map-root-user"]), sys.executable, "-B", __file__, "--inside", *sys.argv[1:]]
        return subprocess.call(again)
    subprocess.check_call(["ip", "link", "set", "lo", "up"])
    given.relay, given.client = os.path.abspath(given.relay), os.path.abspath(given.client)
    sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "tests/integration"))
    from world import World, befriend, equal, password_of  # pylint: disable=import-error,import-outside-toplevel
    world = World(given)
    try:
        relay = world.relay()
        ann = world.client("ann")
        ann.ok("register", relay=relay.address, user="ann", password=password_of("ann"))
        watch("alone", "alone with its relay", [ann], relay.run.process.pid, given.seconds)
        bob = world.client("bob")
        bob.ok("register", relay=relay.address, user="bob", password=password_of("bob"))
        befriend(ann, bob)
        for text in ("first", "second", "third"):
            last = ann.final(ann.send("bob", text))
            time.sleep(3)
        equal(last["path"], "direct", "the path of the last message")
        said = time.monotonic()
        watch("direct", "with a direct path between the two", [ann, bob], relay.run.process.pid, min(given.seconds, DIRECT_S - 2 * SETTLE_S))
        time.sleep(max(0.0, said + DIRECT_S - time.monotonic()))
        watch("after", f"the same, nothing said for {DIRECT_S} s", [ann, bob], relay.run.process.pid, given.seconds)
    finally:
        world.close(False)
    return 0


if __name__ == "__main__":
    sys.exit(main())
