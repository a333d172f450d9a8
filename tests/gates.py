#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The gates at the counts that docs/campaigns.md names: `./dev test` has the same tests with smaller ones.

    ./dev gates [NAME...] [--list] [--within SECONDS]

NAME: those whose name begins so (D1, S1, …). Each prints what it did; the last line says `N passed, N failed`. --within: one that
would not be done in what is left of so many seconds, by what it took last time (COSTS), is not begun, one that is not done by then is
broken off, and a line says so: what CI has time for. Network (N1 to N3) is ./dev lab, fuzzing (F1) ./dev fuzz, the strength of the oracle (S2) ./dev sim --mutants.
"""
import argparse
import os
import shlex
import signal
import subprocess
import sys
import time

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))

# Name, what is counted, targets to build, command ({} is the build folder), environment.
PROCESSES = ["relay/godwit-relay", "examples/godwit"]
STRIKE = PROCESSES + ["tests/crash/libgodwit_strike.so"]
RELAY_AND_CLIENT = ["--relay", "{}/relay/godwit-relay", "--client", "{}/examples/godwit"]
CRASH = ["python3", "-B", "tests/crash/crash.py", *RELAY_AND_CLIENT, "--strike", "{}/tests/crash/libgodwit_strike.so"]
STORE, RELAY_CORE = "tests/lib/store/store_test", "tests/relay/relay_core_test"
GATES = [
    ("D1 random", "100 kills each of sender, receiver, relay", PROCESSES,
     ["python3", "-B", "tests/integration/crash_test.py", *RELAY_AND_CLIENT, "--kills", "100"], {}),
    ("D1 k-th", "kills and failures at the k-th call, 120 s", STRIKE, [*CRASH, "--only", "strikes", "--seconds", "120"], {}),
    ("D2 held", "syncs held at sender, receiver, relay", STRIKE, [*CRASH, "--only", "held"], {}),
    ("D3 each", "every single operation of the disk fails", ["tests/lib/sqlite/sqlite_test"],
     ["{}/tests/lib/sqlite/sqlite_test", "-tc=any single failing operation*"], {}),
    ("D4 client", "10,000 power-cut images", [STORE], ["{}/" + STORE, "-tc=power*"], {"GODWIT_IMAGES": "10000"}),
    ("D4 relay", "10,000 power-cut images", [RELAY_CORE], ["{}/" + RELAY_CORE, "-tc=power*"], {"GODWIT_IMAGES": "10000"}),
    ("D5 mls", "the disk refuses at every write of every journey of a commit", ["tests/lib/seal/seal_test"],
     ["{}/tests/lib/seal/seal_test", "-tc=crash*"], {}),
    ("S1 seeds", "2,000 seeds", ["tests/sim/sim"], ["{}/tests/sim/sim", "--gate"], {"GODWIT_SIM_SEEDS": "2000"}),
    ("S1 repeats", "20 seeds, each three times to one hash", ["tests/sim/sim"],
     ["python3", "-B", "tests/sim/repeats_test.py", "{}/tests/sim/sim"], {}),
    ("R4 levels", "200 levels of a full disk", ["tests/lib/sqlite/sqlite_test"],
     ["{}/tests/lib/sqlite/sqlite_test", "-tc=disk full*"], {}),
    ("R4 programs", "a full disk under the programs", PROCESSES,
     ["python3", "-B", "tests/integration/disk_test.py", *RELAY_AND_CLIENT], {}),
    ("R5 client", "1,000 damaged images", [STORE], ["{}/" + STORE, "-tc=many damages*"], {"GODWIT_IMAGES": "1000"}),
    ("R5 relay", "1,000 damaged images", [RELAY_CORE], ["{}/" + RELAY_CORE, "-tc=many damages*"], {"GODWIT_IMAGES": "1000"}),
    ("U1 relay", "every past schema, cut at each operation", [RELAY_CORE], ["{}/" + RELAY_CORE, "-tc=from every past schema*"], {"GODWIT_IMAGES": "1"}),
    ("X1 siege", "10 seeds of 3,000 datagrams, 120 connections, 600 frames", ["relay/godwit-relay", "tests/relay/relay_siege_test"],
     ["{}/tests/relay/relay_siege_test", "-tce=a siege of every port*"], {"GODWIT_TEST_SEEDS": "10"}),
    ("X1 ports", "1,000,000 datagrams for each UDP port, 5,000 connections for each stream port",
     ["relay/godwit-relay", "tests/relay/relay_siege_test"],
     ["{}/tests/relay/relay_siege_test", "-tc=a siege of every port*"],
     {"GODWIT_SIEGE_DATAGRAMS": "1000000", "GODWIT_SIEGE_CONNECTIONS": "5000"}),
    ("X1 media", "100,000 damaged frames of a member of a call", ["tests/media/pipeline/pipeline_test"],
     ["{}/tests/media/pipeline/pipeline_test", "-tc=a member who seals damaged frames*"], {"GODWIT_TEST_SEEDS": "50"}),
    ("X1 host", "20,000 of them by way of a host's threads", ["tests/media/host/media_host_test"],
     ["{}/tests/media/host/media_host_test", "-tc=host: a member who seals damaged frames*"], {"GODWIT_TEST_SEEDS": "10"}),
    ("Z1 threads", "16 threads on the public API, 20 seeds", ["tests/lib/assembly/assembly_test"],
     ["{}/tests/lib/assembly/assembly_test", "-tc=C: sixteen*,C: twelve*,C: closed under*,C++: sixteen*"],
     {"GODWIT_TEST_SEEDS": "20"}),
    ("Z1 media", "20 threads on two hosts of calls, 20 seeds", ["tests/media/host/media_host_test"],
     ["{}/tests/media/host/media_host_test", "-tc=host: sixteen threads*"], {"GODWIT_TEST_SEEDS": "20"}),
    ("Z1 memory", "memory runs out at each of the first 2,000 allocations", ["tests/alloc/alloc_test"],
     ["{}/tests/alloc/alloc_test"], {"GODWIT_ALLOCATIONS": "2000"}),
]

# Seconds on two cores that do nothing else, rounded up; of those that have been measured on busy ones only, what that was.
COSTS = {"D1 random": 250, "D1 k-th": 140, "D2 held": 40, "D3 each": 20, "D4 client": 90, "D4 relay": 90, "D5 mls": 40, "S1 seeds": 200,
         "S1 repeats": 20, "R4 levels": 20, "R4 programs": 60, "R5 client": 60, "R5 relay": 60, "U1 relay": 90, "X1 siege": 180, "X1 ports": 400,
         "X1 media": 120, "X1 host": 120, "Z1 threads": 180, "Z1 media": 180, "Z1 memory": 300}


# So many times what it costs, a gate that is not done is taken for one that hangs: the slowest that was seen, beside a load of 20, took 7.6.
PATIENCE = 20


def finish(command, environment, seconds):
    """(what it said, whether it passed); None for the latter when it was not done in time: then it and what it has begun are ended."""
    with subprocess.Popen(command, cwd=ROOT, env=environment, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          errors="replace", start_new_session=True) as process:
        try:
            output, _ = process.communicate(timeout=seconds)
            return output, process.returncode == 0
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            return process.communicate()[0], None


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*")
    parser.add_argument("--build", default="build")
    parser.add_argument("--list", action="store_true")
    parser.add_argument("--within", type=float, metavar="SECONDS", help="begin only what is done by then")
    given = parser.parse_args()
    chosen = [gate for gate in GATES if not given.names or any(gate[0].startswith(name) for name in given.names)]
    if not chosen:
        sys.exit("gates: no such gate: " + " ".join(given.names))
    build = os.path.abspath(given.build)
    if given.list:
        for name, what, _, command, environment in chosen:
            words = [f"{key}={value}" for key, value in environment.items()] + [word.format(given.build) for word in command]
            print(f"{name:12} {what}\n             {shlex.join(words)}")
        return 0
    targets = sorted({target for gate in chosen for target in gate[2]})
    if subprocess.run(["ninja", "-C", build, "--quiet", *targets], check=False).returncode != 0:
        sys.exit("gates: the build failed")
    passed = failed = 0
    begun = time.monotonic()
    if given.within:
        chosen.sort(key=lambda gate: COSTS[gate[0]])  # As many as there is time for.
    for name, what, _, command, environment in chosen:
        started = time.monotonic()
        if given.within and started - begun + COSTS[name] > given.within:
            print(f"no time {name}: {what}, some {COSTS[name]} s", flush=True)
            continue
        left = given.within - (started - begun) if given.within else None
        # One that hangs has failed, whatever time there is.
        patience = PATIENCE * COSTS[name]
        output, good = finish([word.format(build) for word in command], {**os.environ, **environment},
                              patience if left is None else min(left, patience))
        if good is None and (left is None or left > patience):
            good = False
            output += f"\nhangs: not done after {patience} s"
        if good is None:
            print(f"no time {name}: {what}, broken off after {time.monotonic() - started:.0f} s", flush=True)
            continue
        passed, failed = passed + good, failed + (not good)
        print(f"{'passed' if good else 'FAILED'}  {name}: {what}, {time.monotonic() - started:.0f} s", flush=True)
        lines = [line for line in output.splitlines() if line.strip() and "===" not in line]
        for line in lines[-3:] if good else lines[-40:]:
            print("        " + line)
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
