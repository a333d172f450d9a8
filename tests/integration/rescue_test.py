#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""`godwit check` and `godwit repair` over real processes: exit codes, JSON, a full disk; and after a repair the two clients talk
again, whatever was damaged: the history that is left, the outbox, and groups that were given up and joined anew."""
import json
import os
import resource
import signal
import subprocess
import time

from world import check, equal, main

PREFIX, PAGE, UNIT = 8192, 4096, 4128


def run(world, client, *words, **more):
    return subprocess.run([world.given.client, "--home", client.home, *words], capture_output=True, text=True, timeout=60, check=False, **more)


def report(world, client, do, code):
    done = run(world, client, do, "--json")
    equal(done.returncode, code, f"{do}: {done.stdout}{done.stderr}")
    return json.loads(done.stdout)


def flip(path, at):
    with open(path, "r+b") as file:
        file.seek(at)
        byte = file.read(1)[0]
        file.seek(at)
        file.write(bytes([byte ^ 0x20]))


def store(client):
    return os.path.join(client.home, "godwit.db")


def talk(world, alice, bob):
    """Both directions, after whatever happened. Contacts that were lost come back from the relay."""
    until = time.monotonic() + 20
    while not [c for c in alice.ok("contacts")["contacts"] if c["user"] == "bob" and c["state"] == "accepted"]:
        check(time.monotonic() < until, f"bob is no contact any more: {alice.ok('contacts')}")
        time.sleep(0.05)
    for one, other in ((alice, bob), (bob, alice)):
        one.final(one.send(other.name, f"again from {one.name}"))
    texts = [m["text"] for m in bob.history("alice")]
    check(texts[-2:] == ["again from alice", "again from bob"], f"both arrived, in order: {texts[-3:]}")
    ids = [m["message"] for m in bob.history("alice")]
    equal(len(ids), len(set(ids)), "nothing is there twice")


def exit_codes(world):
    relay = world.relay()
    alice, _ = world.pair(relay)
    done = run(world, alice, "check")
    equal(done.returncode, 7, f"in use: {done.stderr}")
    alice.quit()
    done = run(world, alice, "check")
    equal((done.returncode, done.stdout.splitlines()[-1]), (0, "sound"), done.stdout + done.stderr)
    equal(report(world, alice, "check", 0)["sound"], True, "sound")
    equal(run(world, alice, "repair").stdout, "sound: nothing to repair\n", "a sound store")
    phrase = os.path.join(world.folder, "phrase")
    with open(phrase, "w", encoding="ascii") as file:
        file.write("a passphrase that is another\n")
    done = run(world, alice, "--passphrase-file", phrase, "check")
    equal(done.returncode, 6, f"wrong key: {done.stderr}")
    equal(report(world, alice, "check", 0)["pages_lost"], 0, "untouched")
    nobody = subprocess.run([world.given.client, "--home", os.path.join(world.folder, "nobody"), "check"], capture_output=True, check=False)
    equal(nobody.returncode, 3, "no home")
    flip(store(alice), PREFIX + 3 * PAGE)
    done = run(world, alice, "check")
    equal(done.returncode, 5, f"damaged: {done.stdout}{done.stderr}")
    check("page 4 fails authentication" in done.stdout, done.stdout)
    for at in (100, 4096 + 100):
        flip(store(alice), at)
    done = run(world, alice, "repair")
    equal(done.returncode, 5, f"without its superblocks: {done.stdout}")
    check("backup" in done.stderr, done.stderr)


def each_kind_of_page(world):
    """One page damaged after another, each repaired: the clients talk after every one."""
    relay = world.relay()
    alice, bob = world.pair(relay)
    for n in range(30):
        for one, other in ((alice, bob), (bob, alice)):
            one.final(one.send(other.name, f"{n} " + "x" * 1500))
    alice.quit()
    lost_identity = kept = 0
    # The first pages are the roots of the tables, in the order of schema.cpp; the last ones are the newest.
    for page in (2, 4, 1, 0, 6, 11, 15, -5):
        pages = (os.path.getsize(store(alice)) - PREFIX) // PAGE
        check(pages > 20, f"a store of some size: {pages}")
        flip(store(alice), PREFIX + page % pages * PAGE + 50)
        opened = run(world, alice, "history", "bob")
        checked = report(world, alice, "check", 5)
        equal(checked["pages_lost"], 1, f"{checked['findings']}")
        if opened.returncode == 3:
            check("repair" in opened.stderr, f"says what to do: {opened.stderr}")
        done = run(world, alice, "repair", "--json")
        check(done.returncode in (0, 5), done.stdout + done.stderr)
        repaired = json.loads(done.stdout)
        equal(done.returncode == 0, repaired["complete"], f"{repaired}")
        check(os.path.exists(repaired["kept_as"]), "the damaged one is kept")
        os.remove(repaired["kept_as"])
        equal(report(world, alice, "check", 0)["sound"], True, "sound again")
        alice.past += alice.run.lines
        alice.start()
        if not repaired["identity"]:
            lost_identity += 1
            alice.ok("login", relay=relay.address, user="alice", password="a long password of alice")
        kept += repaired["groups"]
        talk(world, alice, bob)
        alice.quit()
    check(kept > 0, "some damage touches no group")
    check(lost_identity > 0, "some takes the identity")
    print(f"{pages} pages; groups kept {kept} times, identity lost {lost_identity} times")


def damaged_log(world):
    """A byte in the middle of the log that a kill left. What was on its way is sealed anew and arrives once."""
    relay = world.relay()
    alice, bob = world.pair(relay)
    for n in range(10):
        alice.final(alice.send("bob", f"before {n}"))
    bob.kill()
    waiting = [alice.send("bob", f"waiting {n}") for n in range(5)]
    for message in waiting:
        alice.run.wait(lambda line, m=message: line.get("event") == "message_state" and line["message"] == m
                       and line["state"] == "sent", "sent to the mailbox")
    alice.kill()
    log = store(alice) + "-wal"
    units = (os.path.getsize(log) - PREFIX) // UNIT
    check(units > 20, f"a log of some size: {units}")
    flip(log, PREFIX + units // 2 * UNIT + 99)
    opened = run(world, alice, "history", "bob")
    equal(opened.returncode, 3, f"not opened: {opened.stderr}")
    check("repair" in opened.stderr, f"says what to do: {opened.stderr}")
    repaired = json.loads(run(world, alice, "repair", "--json").stdout)
    equal((repaired["newest_lost"], repaired["groups"]), (True, False), f"{repaired}")
    bob.start()
    alice.start()
    if not repaired["identity"]:
        alice.ok("login", relay=relay.address, user="alice", password="a long password of alice")
    talk(world, alice, bob)
    texts = [m["text"] for m in bob.history("alice")]
    for n in range(5):
        equal(texts.count(f"waiting {n}"), 1, f"what the mailbox had arrived once: {texts}")


def full_disk(world):
    relay = world.relay()
    alice, _ = world.pair(relay)
    alice.quit()
    flip(store(alice), PREFIX + 3 * PAGE)

    def content(name):
        with open(os.path.join(alice.home, name), "rb") as file:
            return file.read()

    before = {name: content(name) for name in os.listdir(alice.home)}

    def no_room():
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (64 * 1024, 64 * 1024))

    done = run(world, alice, "repair", preexec_fn=no_room, restore_signals=False)
    equal(done.returncode, 3, f"full: {done.stdout}{done.stderr}")
    check("storage_failed" in done.stderr and "the damaged store is as it was" in done.stderr, done.stderr)
    equal({name: content(name) for name in os.listdir(alice.home)}, before, "nothing has changed")
    equal(run(world, alice, "repair").returncode in (0, 5), True, "with room it works")


main([exit_codes, each_kind_of_page, damaged_log, full_disk])
