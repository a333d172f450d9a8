#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Real processes, killed and failed on purpose, for as long as wanted (docs/crash.md).

    crash.py --relay … --client … --strike LIB [--seconds N] [--seed S] [--only NAME]

    strikes    relay and two clients that write to each other; each in turn is struck at its k-th sync, write, send or rename,
               k = 1, 2, 3, …: killed before, after or in the middle of it, or given EIO, ENOSPC or a short write, then killed;
               in between kills at random times. In the end everything accepted is there, once, in order.
    repairs    `godwit repair` of a damaged home, killed at its k-th call: the damaged store is as it was, or the repair has
               happened, and the next one finishes it.
    held       syncs that do not return: nothing is accepted, acknowledged or passed on that is not durable.
    disk_full  (--disk-full, root) relay and clients on small loop-mounted file systems that fill up and are emptied again.
"""
import argparse
import itertools
import json
import os
import random
import shutil
import subprocess
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "integration"))
# pylint: disable=wrong-import-position
from world import Client, Failed, Relay, World, befriend, check, equal, password_of
from writers import PATIENT, Writer, check_histories, wait_until_delivered

KILLS = [(kind, what) for kind in ("sync", "write", "send") for what in ("kill", "after")] + [("write", "torn"), ("name", "kill")]
FAULTS = [("sync", "eio"), ("write", "eio"), ("write", "enospc"), ("write", "short")]
HELD_S = 2
# What a struck client may say. It must say something, and not accept what it cannot keep.
STRUCK = PATIENT + ("storage_failed", "internal")


def striking(given, strike, told):
    """The environment of a process that is to be struck."""
    preload = [given.strike] + ([os.environ["LD_PRELOAD"]] if os.environ.get("LD_PRELOAD") else [])
    return {**os.environ, "LD_PRELOAD": ":".join(preload), "GODWIT_STRIKE": strike, "GODWIT_STRIKE_TELL": told,
            "GODWIT_STRIKE_WHILE": told + ".hold"}


class Struck:
    """A process that can be started to be struck."""

    def begin(self, strike):
        self.world.spawn["env"] = striking(self.world.given, strike, os.path.join(self.world.folder, "told"))
        try:
            self.start()
        finally:
            del self.world.spawn["env"]

    def dead(self):
        return self.run.process.poll() is not None


class StruckClient(Struck, Client):
    pass


class StruckRelay(Struck, Relay):
    def start(self, *more):
        try:
            super().start(*more)
        except Failed:
            check(self.run_ended(), "the relay neither ended nor got ready")

    def run_ended(self):
        program = self.world.owned[-1]
        try:
            program.process.wait(5)
        except subprocess.TimeoutExpired:
            return False
        self.run = program
        return True


def make_pair(world):
    relay = StruckRelay(world, world.given.relay, os.path.join(world.folder, "relay-data"))
    alice, bob = (StruckClient(world, world.given.client, name) for name in ("alice", "bob"))
    for one in (alice, bob):
        one.ok("register", relay=relay.address, user=one.name, password=password_of(one.name))
    befriend(alice, bob)
    return relay, alice, bob


def schedule():
    """(victim's number, KIND, WHAT, k) for ever: for each k all victims and ways, k growing; random kills in between (None)."""
    for k in itertools.count(1):
        ways = [(victim, kind, what, k) for victim in range(3) for kind, what in KILLS + FAULTS]
        random.shuffle(ways)
        for number, way in enumerate(ways):
            yield way
            if number % 4 == 3:
                yield (random.randrange(3), None, None, 0)


def replace(victim, lock, begin):
    with lock:
        if not victim.dead():
            victim.kill()
        elif isinstance(victim, Client):
            victim.run.reader.join(10)
            victim.past += victim.run.lines
        begin()


def strikes(world):
    relay, alice, bob = make_pair(world)
    lock = threading.Lock()
    writers = [Writer(alice, "bob", lock, STRUCK), Writer(bob, "alice", lock, STRUCK)]
    for writer in writers:
        writer.start()
    until = time.monotonic() + world.given.seconds
    struck = random_kills = reached = rounds = 0
    kinds = {}
    for number, kind, what, k in schedule():
        if time.monotonic() > until or any(writer.trouble for writer in writers):
            break
        rounds += 1
        victim = (relay, alice, bob)[number]
        if random.random() < 0.3:
            for one in (alice, bob):
                if not one.dead():
                    try:
                        one.post("fault", drop_direct=random.random() < 0.6)
                    except (OSError, ValueError):
                        pass
        if kind is None:
            time.sleep(random.random() * 0.4)
            random_kills += 1
        else:
            # Small k strike while it starts; others are counted in the middle of its work.
            replace(victim, lock, lambda v=victim, s=f"{kind}:{k * 3 if kind == 'send' else k}:{what}": v.begin(s))
            try:
                victim.run.process.wait(1.0 + 0.02 * k)
                reached += 1
                kinds[(kind, what)] = kinds.get((kind, what), 0) + 1
            except subprocess.TimeoutExpired:
                pass
            struck += 1
        replace(victim, lock, victim.start)
    for writer in writers:
        writer.stop.set()
    for writer in writers:
        writer.join(90)
        check(writer.trouble is None, f"{writer.client.name}: {writer.trouble}")
        check(not writer.is_alive(), f"{writer.client.name} hangs")
    for one in (alice, bob):
        one.ok("fault", drop_direct=False)
        one.ok("network_changed")
    wait_until_delivered((alice, bob), 120)
    check_histories(alice, bob, writers)
    for one in (alice, bob):
        one.quit()
        done = subprocess.run([world.given.client, "--home", one.home, "check"], capture_output=True, text=True, check=False)
        equal(done.returncode, 0, f"{one.name}'s store: {done.stdout}{done.stderr}")
    told = os.path.join(world.folder, "told")
    faults = sum(1 for _ in open(told, encoding="ascii")) if os.path.exists(told) else 0
    check(reached + faults > 0, "nothing was struck")
    print(f"{struck} processes set to be struck, {reached} killed at their k-th call, {faults} calls failed, {random_kills} kills at "
          f"random times; {sum(len(w.accepted) for w in writers)} messages accepted, all there, once, in order")


def held(world):
    """Acknowledged means synced: while the syncs of sender, receiver or relay hang, nobody is told anything."""
    relay, alice, bob = make_pair(world)
    flag = os.path.join(world.folder, "told.hold")

    held_now = []

    def start_held(victim):
        for other in held_now:  # One at a time: the others sync as they like.
            if other is not victim:
                other.kill()
                other.start()
        held_now[:] = [victim]
        victim.kill()
        victim.begin("sync:1+:hold")
        for one in (alice, bob):
            until = time.monotonic() + 60
            while not one.ok("status")["connected"]:
                check(time.monotonic() < until, f"{one.name} does not come back")
                time.sleep(0.05)

    def said_of(client, start, message=None):
        return [line for line in client.run.lines[start:]
                if line.get("event") == "message_received" or (line.get("event") == "message_state" and line["message"] == message)]

    def while_held(what):
        open(flag, "wb").close()
        try:
            return what()
        finally:
            os.remove(flag)

    for _ in range(2):
        start_held(alice)
        marks = alice.mark(), bob.mark()

        def sender():
            wanted = alice.post("send", to="bob", text="not before it is on the disk")
            time.sleep(HELD_S)
            check(not [line for line in alice.run.lines[marks[0]:] if line.get("id") == wanted], "accepted before it was synced")
            check(not said_of(bob, marks[1]), "on its way before it was synced")
            return wanted
        wanted = while_held(sender)
        reply = alice.run.wait(lambda line: "ok" in line and line.get("id") == wanted, "reply after the sync", marks[0])
        alice.final(reply["message"])

        start_held(bob)
        alice.final(alice.send("bob", "a path is open"))
        marks = alice.mark(), bob.mark()

        def receiver():
            message = alice.send("bob", "no receipt before it is on the disk")
            time.sleep(HELD_S)
            check(not [line for line in said_of(alice, marks[0], message) if line.get("state") == "delivered"],
                  "a receipt before it was synced")
            check(not said_of(bob, marks[1]), "shown before it was synced")
            return message
        alice.final(while_held(receiver))

        for one in (alice, bob):
            one.ok("fault", drop_direct=True)
        start_held(relay)
        alice.final(alice.send("bob", "by mailbox"))
        marks = alice.mark(), bob.mark()

        def at_the_relay():
            message = alice.send("bob", "not stored before it is on the relay's disk")
            time.sleep(HELD_S)
            check(not [line for line in said_of(alice, marks[0], message) if line.get("state") in ("sent", "delivered")],
                  "the relay acknowledged before it synced")
            check(not said_of(bob, marks[1]), "the relay passed on what it had not synced")
            return message
        alice.final(while_held(at_the_relay))
        for one in (alice, bob):
            one.ok("fault", drop_direct=False)
    check_histories_of(alice, bob)
    print(f"6 times syncs were held for {HELD_S} s: nothing was said meanwhile, everything after")


def check_histories_of(alice, bob):
    mine, theirs = ([m["message"] for m in one.history(other)] for one, other in ((alice, "bob"), (bob, "alice")))
    equal(mine, theirs, "both histories")


def repairs(world):
    relay, alice, bob = make_pair(world)
    for n in range(20):
        alice.final(alice.send("bob", f"{n} " + "x" * 800))
    alice.quit()
    bob.quit()
    with open(os.path.join(alice.home, "godwit.db"), "r+b") as file:
        file.seek(8192 + 4096 * 6 + 9)
        file.write(b"damage")
    wanted = None
    reached = runs = 0
    until = time.monotonic() + world.given.seconds / 4
    for kind, what in [("name", "kill"), ("name", "after"), ("sync", "kill"), ("sync", "after"), ("write", "kill"), ("write", "torn"),
                       ("write", "enospc"), ("sync", "eio"), ("name", "eio")]:
        for k in itertools.count(1):
            if k > 6 and time.monotonic() > until and wanted:
                break
            home = os.path.join(world.folder, "struck")
            shutil.rmtree(home, ignore_errors=True)
            shutil.copytree(alice.home, home)
            before = open(os.path.join(home, "godwit.db"), "rb").read()
            command = [world.given.client, "--home", home]
            done = subprocess.run([*command, "repair", "--json"], capture_output=True, text=True, check=False, timeout=60,
                                  env=striking(world.given, f"{kind}:{k}:{what}", os.path.join(home, "told")))
            runs += 1
            whole = done.returncode in (0, 5)
            hit = done.returncode < 0 or os.path.exists(os.path.join(home, "told"))
            reached += hit
            at = f"{kind}:{k}:{what}"
            again = subprocess.run([*command, "repair", "--json"], capture_output=True, text=True, check=False, timeout=60)
            check(again.returncode in (0, 5), f"{at}: the next repair: {again.stdout}{again.stderr}")
            rows = json.loads(subprocess.run([*command, "check", "--json"], capture_output=True, text=True, check=True).stdout)["rows"]
            wanted = wanted or rows
            equal(rows, wanted, f"{at}: what was saved")
            equal(open(os.path.join(home, "godwit.db.damaged-1"), "rb").read(), before, f"{at}: the damaged store is kept")
            check(not [n for n in os.listdir(home) if ".repair" in n], f"{at}: leftovers: {os.listdir(home)}")
            if not hit:
                check(whole, f"{at}: {done.stdout}{done.stderr}")
                break
    relay.kill()
    print(f"{runs} repairs, {reached} of them struck: each happened whole, or not at all and then the next did")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--relay", required=True)
    parser.add_argument("--client", required=True)
    parser.add_argument("--strike", required=True, help="the library of strike.cpp")
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(1 << 32))
    parser.add_argument("--only", default="")
    parser.add_argument("--disk-full", action="store_true")
    parser.add_argument("--keep", action="store_true")
    given = parser.parse_args()
    for name in ("relay", "client", "strike"):
        setattr(given, name, os.path.abspath(getattr(given, name)))
    if given.disk_full:
        from disk_full import disk_full
        scenarios = [disk_full]
    else:
        scenarios = [strikes, repairs, held]
    failures = 0
    for scenario in scenarios:
        if given.only not in scenario.__name__:
            continue
        random.seed(given.seed)
        started = time.monotonic()
        world = World(given)
        failed = None
        try:
            scenario(world)
        except Exception as trouble:  # pylint: disable=broad-except
            failed = trouble
            if not isinstance(trouble, Failed):
                import traceback
                traceback.print_exc()
        try:
            world.close(failed is not None)
        except Failed as trouble:
            failed = failed or trouble
        if failed is not None:
            failures += 1
            print(f"FAILED {scenario.__name__}: {failed}\nrepeat: ./dev crash --seed {given.seed} --seconds {given.seconds:g} "
                  f"--only {scenario.__name__}" + (" --disk-full" if given.disk_full else ""), flush=True)
        else:
            print(f"passed {scenario.__name__} in {time.monotonic() - started:.1f} s (seed {given.seed})", flush=True)
    sys.exit(1 if failures else 0)


if __name__ == "__main__":
    main()
