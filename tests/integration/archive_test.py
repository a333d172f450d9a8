#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The history between real programs: into a file and out of it, damaged and with a wrong passphrase, through kill -9, on a full disk; and to a new device."""
import os
import resource
import subprocess
import sys

from world import check, equal, main, password_of

CANARY = "a canary that sings in no archive"
PHRASE = "a passphrase of many words"


def another(world, relay, name):
    device = world.client(name)
    device.ok("login", relay=relay.address, user="alice", password=password_of("alice"), device_name=name)
    return device


def texts(client):
    return [line["text"] for line in client.ok("history", **{"with": "bob"}, limit=1000)["messages"]]


def talked(world, relay, many):
    alice, bob = world.pair(relay)
    for n in range(many):
        alice.send("bob", f"{n} {CANARY}")
    equal(bob.final(bob.send("alice", "the last one"))["state"], "delivered", "the last one")
    return alice, bob


def a_backup_and_a_new_home(world):
    relay = world.relay()
    alice, bob = talked(world, relay, 300)
    path = os.path.join(world.folder, "first.archive")
    made = alice.ok("archive_make", path=path, passphrase=PHRASE)["archive"]
    equal(made["posts"], 301, "what is in it")
    with open(path, "rb") as file:
        content = file.read()
    equal(len(content), made["bytes"], "its length")
    check(CANARY.encode() not in content, "the archive shows what was said")
    check(alice.ok("history", **{"with": "bob"}, limit=1)["messages"], "the home serves meanwhile")
    alice.refused("conflict", "archive_make", path=path, passphrase=PHRASE)
    alice.refused("invalid_argument", "archive_make", path=path, passphrase="short", replace=True)
    alice.refused("invalid_argument", "archive_make", path="/nowhere/at/all", passphrase=PHRASE)
    alice.ok("send", to="bob", text="one more")
    later = os.path.join(world.folder, "second.archive")
    made = alice.ok("archive_make", path=later, passphrase=PHRASE, changes_only=True)["archive"]
    check(made["posts"] < 5 and made["bytes"] < 4096, f"only what is new: {made}")

    tablet = another(world, relay, "alice-tablet")
    equal(texts(tablet), [], "a new device has nothing")
    tablet.refused("wrong_key", "archive_read", path=path, passphrase="another passphrase")
    for name, change in (("cut", content[:-1]), ("longer", content + b"x"), ("flipped", content[:9000] + bytes([content[9000] ^ 1]) + content[9001:]),
                         ("empty", b""), ("other", b"PK\x03\x04" + bytes(100))):
        bad = os.path.join(world.folder, name + ".archive")
        with open(bad, "wb") as file:
            file.write(change)
        reply = tablet.ask("archive_read", path=bad, passphrase=PHRASE, check_only=True)
        check(not reply["ok"] and reply["error"]["code"] in ("malformed", "storage_corrupt"), f"{name}: {reply}")
    equal(texts(tablet), [], "nothing of the damaged ones")
    equal(tablet.ok("archive_read", path=path, passphrase=PHRASE)["archive"]["added"], 301, "what came")
    check(tablet.ok("archive_read", path=later, passphrase=PHRASE)["archive"]["complete"], "the second continues the first")
    equal(texts(tablet), texts(alice), "one history")
    bob.refused("invalid_argument", "archive_read", path=path, passphrase=PHRASE)


def killed_while_it_reads(world):
    relay = world.relay()
    alice, _ = talked(world, relay, 900)
    path = os.path.join(world.folder, "history.archive")
    alice.ok("archive_make", path=path, passphrase=PHRASE)
    tablet = another(world, relay, "alice-tablet")
    for _ in range(4):
        tablet.post("archive_read", path=path, passphrase=PHRASE)
        tablet.kill()
        tablet.start()
    tablet.ok("archive_read", path=path, passphrase=PHRASE)
    equal(texts(tablet), texts(alice), "one history, each once")
    for _ in range(3):
        alice.post("archive_make", path=path, passphrase=PHRASE, replace=True)
        alice.kill()
        alice.start()
        check(alice.ok("archive_read", path=path, passphrase=PHRASE, check_only=True)["archive"]["posts"] == 901, "a whole one, old or new")


def on_a_full_disk(world):
    """The archive does not fit: an error, no half file, and the home goes on."""
    world.spawn["restore_signals"] = False  # SIGXFSZ stays ignored
    relay = world.relay()
    alice, bob = talked(world, relay, 60)
    path = os.path.join(world.folder, "history.archive")
    size = alice.ok("archive_make", path=path, passphrase=PHRASE)["archive"]["bytes"]
    resource.prlimit(alice.run.process.pid, resource.RLIMIT_FSIZE, (size // 2, resource.RLIM_INFINITY))
    other = os.path.join(world.folder, "other.archive")
    alice.refused("storage_failed", "archive_make", path=other, passphrase=PHRASE)
    resource.prlimit(alice.run.process.pid, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    equal([name for name in os.listdir(world.folder) if name.startswith("other")], [], "what is left of it")
    alice.ok("archive_make", path=other, passphrase=PHRASE)
    bob.ok("send", to="alice", text="still there")


def to_a_new_device(world):
    relay = world.relay()
    alice, _ = talked(world, relay, 200)
    tablet = another(world, relay, "alice-tablet")
    tablet.ok("history_ask")
    device = alice.event("history_wanted")["device"]
    alice.refused("invalid_argument", "history_send", device="ab" * 32)
    alice.ok("history_send", device=device)
    received = tablet.event("history_received", seconds=60)
    equal(received["archive"]["added"], 201, "what came")
    alice.event("history_taken", device=device, seconds=60)
    equal(texts(tablet), texts(alice), "one history")
    for one in (alice, tablet):
        equal(one.ok("files")["files"], [], "nothing is left of its file")


def on_the_command_line(world):
    relay = world.relay()
    alice, _ = talked(world, relay, 5)
    alice.quit()
    phrase = os.path.join(world.folder, "phrase")
    with open(phrase, "w") as file:
        file.write(PHRASE + "\n")
    path = os.path.join(world.folder, "cli.archive")

    def godwit(*args):
        return subprocess.run([world.given.client, "--home", alice.home, *args, "--archive-passphrase-file", phrase],
                              capture_output=True, text=True, timeout=60, check=False)
    done = godwit("export", path)
    equal(done.returncode, 0, f"export: {done.stderr}")
    check("6 messages" in done.stdout, done.stdout)
    done = godwit("import", path, "--check")
    check(done.returncode == 0 and "6 messages, 0 of them new here" in done.stdout, done.stdout + done.stderr)
    done = godwit("export", path)
    check(done.returncode == 1 and "conflict" in done.stderr, done.stderr)


if __name__ == "__main__":
    sys.exit(main([a_backup_and_a_new_home, killed_while_it_reads, on_a_full_disk, to_a_new_device, on_the_command_line]))
