# SPDX-License-Identifier: Apache-2.0
"""Relay and clients on small file systems of their own (loop mounts, which needs root) that fill up while they write to each other.
Each level of free space: refusals with a clear error, reading goes on, and with room again everything goes on without a restart, or
after one. In the end everything accepted is there, once, in order."""
import os
import random
import shutil
import subprocess
import sys
import threading
import time

from world import check, password_of, befriend, Client, Relay
from writers import PATIENT, Writer, check_histories, wait_until_delivered

FULL = PATIENT + ("storage_failed", "relay_unavailable")
SIZE_KIB = 24 * 1024
# Bytes that are left when the disk is made full.
LEVELS = [0, 0, 4096, 20_000, 65_536, 150_000, 400_000]


class SmallDisk:
    def __init__(self, image, folder):
        self.image, self.folder, self.ballast = image, folder, os.path.join(folder, "ballast")
        os.makedirs(folder)
        with open(image, "wb") as file:
            file.truncate(SIZE_KIB * 1024)
        run("mkfs.ext4", "-q", "-m", "0", "-F", image)
        run("mount", "-o", "loop", image, folder)
        os.chmod(folder, 0o700)
        with open(self.ballast, "wb"):
            pass

    def fill(self, left):
        """All but about `left` bytes: what cannot be had in large pieces is taken in small ones."""
        room = os.statvfs(self.folder)
        want, have, piece = room.f_bavail * room.f_frsize - left, 0, 1 << 22
        with open(self.ballast, "r+b") as file:
            while piece >= 1024 and have < want:
                size = min(piece, want - have)
                try:
                    os.posix_fallocate(file.fileno(), have, size)
                    have += size
                except OSError:
                    piece //= 2

    def empty(self):
        os.truncate(self.ballast, 0)

    def unmount(self):
        subprocess.run(["umount", "-l", self.folder], check=False)


def run(*command):
    subprocess.run(command, check=True, capture_output=True)


def disk_full(world):
    if os.geteuid() != 0 or shutil.which("mkfs.ext4") is None:
        print("skipped: needs root and mkfs.ext4")
        sys.exit(77)
    disks = []
    try:
        for name in ("relay-data", "alice", "bob"):
            disks.append(SmallDisk(os.path.join(world.folder, name + ".img"), os.path.join(world.folder, name)))
        fly(world, disks)
    finally:
        for program in world.owned:
            if program.process.poll() is None:
                program.kill()
        for disk in disks:
            disk.unmount()


def fly(world, disks):
    relay = Relay(world, world.given.relay, disks[0].folder)
    alice, bob = (Client(world, world.given.client, name) for name in ("alice", "bob"))
    for one in (alice, bob):
        one.ok("register", relay=relay.address, user=one.name, password=password_of(one.name))
    befriend(alice, bob)
    lock = threading.Lock()
    writers = [Writer(alice, "bob", lock, FULL), Writer(bob, "alice", lock, FULL)]
    for writer in writers:
        writer.start()
    until = time.monotonic() + world.given.seconds
    rounds = refusals = restarts = 0
    while time.monotonic() < until and not any(writer.trouble for writer in writers):
        left = random.choice(LEVELS)
        which = random.randrange(3)
        mailbox = random.random() < 0.5  # without a direct path the relay's disk is needed
        for one in (alice, bob):
            one.post("fault", drop_direct=mailbox)
        disks[which].fill(left)
        started = time.monotonic()
        refused = False
        while time.monotonic() - started < 2.5 and not refused:
            time.sleep(0.05)
            if which > 0:
                one = (alice, bob)[which - 1]
                with one.run.changed:
                    refused = any(line.get("ok") is False and line["error"]["code"] == "storage_failed" for line in one.run.lines[-30:])
        if which > 0:
            one, other = ((alice, "bob"), (bob, "alice"))[which - 1]
            patience = time.monotonic() + 10  # one that shares its tick with a write is refused, and told when to ask again
            while not (reply := one.ask("history", **{"with": other, "limit": 5}))["ok"]:
                check(reply["error"]["code"] == "storage_failed" and time.monotonic() < patience, f"reading goes on: {reply}")
                time.sleep(reply["error"]["retry"] / 1000)
        restart = random.random() < 0.4
        if restart:  # while it is full
            victim = (relay, alice, bob)[which]
            with lock:
                victim.kill()
                if victim is relay or not refused:
                    disks[which].empty()
                victim.start()
            restarts += 1
        disks[which].empty()
        rounds += 1
        refusals += refused
        counts = [len(writer.accepted) for writer in writers]
        patience = time.monotonic() + 60
        while any(len(writer.accepted) < count + 3 for writer, count in zip(writers, counts)):
            check(time.monotonic() < patience, f"there is room again (left was {left} on {disks[which].folder}), and nothing goes on: "
                                               f"{[one.ok('status') for one in (alice, bob)]}")
            check(not any(writer.trouble for writer in writers), f"{[writer.trouble for writer in writers]}")
            time.sleep(0.05)
    for writer in writers:
        writer.stop.set()
    for writer in writers:
        writer.join(90)
        check(writer.trouble is None, f"{writer.client.name}: {writer.trouble}")
    for one in (alice, bob):
        one.ok("fault", drop_direct=False)
    wait_until_delivered((alice, bob), 120)
    check_histories(alice, bob, writers)
    print(f"{rounds} times full, {refusals} times with refusals at a client, {restarts} restarts in it; "
          f"{sum(len(w.accepted) for w in writers)} messages accepted, all there, once, in order")
