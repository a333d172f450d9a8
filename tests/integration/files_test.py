#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Files between real programs: directly, through kill -9 and a full disk, by the relay while their sender is away; paused, cancelled, taken back."""
import hashlib
import io
import os
import random
import resource
import stat
import sys
import tarfile
import time

from world import check, equal, main

MIB = 1 << 20


def made(world, name, size):
    """A file of random bytes with a word in it that nothing may show."""
    path = os.path.join(world.folder, name)
    content = bytearray(random.randbytes(size))
    content[100:100 + len(CANARY)] = CANARY
    with open(path, "wb") as out:
        out.write(content)
    return path, hashlib.sha256(content).hexdigest()


CANARY = b"a canary that sings in no home folder"


def digest(path):
    with open(path, "rb") as file:
        return hashlib.sha256(file.read()).hexdigest()


def reference(client, path):
    file = client.ok("file_add", path=path, media_type="application/octet-stream")
    return {name: file[name] for name in ("file", "size", "name", "media_type", "key")}


def post_file(client, to, path, **more):
    """The message and the file."""
    file = reference(client, path)
    body = {"kind": "attachment", "as": "file", "file": file}
    return client.ok("send", to=to, text="", body=body, **more)["message"], file["file"]


def send_file(client, to, path):
    return post_file(client, to, path)[1]


def kept(client):
    folder = os.path.join(client.home, "files")
    return os.listdir(folder) if os.path.isdir(folder) else []


def until(holds, what, seconds=60):
    end = time.monotonic() + seconds
    while not holds():
        check(time.monotonic() < end, what)
        time.sleep(0.1)


def no_plaintext(world, *homes):
    for home in homes:
        for folder, _, names in os.walk(home):
            for name in names:
                path = os.path.join(folder, name)
                if not os.path.isfile(path):
                    continue # a socket
                with open(path, "rb") as file:
                    check(CANARY not in file.read(), f"{folder}/{name} shows what was sent")


def directly(world):
    relay = world.relay()
    alice, bob = world.pair(relay)
    bob.ok("set_auto_fetch", bytes=1 << 30)
    path, wanted = made(world, "film.bin", 64 * MIB)
    started = time.monotonic()
    file = send_file(alice, "bob", path)
    sent = time.monotonic()
    done = bob.event("file_done", file=file, seconds=120)
    took = time.monotonic() - sent
    print(f"    {64 / took:.0f} MiB/s direct, {64 / (sent - started):.0f} MiB/s in", flush=True)
    equal((done["path"], done["from"], done["name"]), ("direct", "alice", "film.bin"), "how it came")
    check(any(line.get("event") == "file_progress" for line in bob.run.lines), "no progress was told")
    out = os.path.join(world.folder, "out.bin")
    equal(bob.ok("file_save", file=file, path=out)["path"], out, "where it is")
    equal(digest(out), wanted, "content")
    bob.refused("conflict", "file_save", file=file, path=out)
    folder = os.path.join(world.folder, "saved")
    os.mkdir(folder)
    equal(bob.ok("file_save", file=file, path=folder)["path"], os.path.join(folder, "film.bin"), "its own name")
    equal(relay.stats()["blob_pieces_stored"], 0, "pieces at the relay")
    equal(stat.S_IMODE(os.stat(os.path.join(bob.home, "files")).st_mode), 0o700, "mode of the folder")
    no_plaintext(world, alice.home, bob.home, relay.folder)
    bob.ok("file_cancel", file=file)
    bob.ok("status")
    equal(kept(bob), [], "files after the cancel")


def through_kills(world):
    """The receiver is killed again and again in the middle of it: what was marked is not fetched twice, and it ends whole."""
    relay = world.relay()
    alice, bob = world.pair(relay)
    alice.ok("set_rate", up=4 * MIB)
    bob.ok("set_auto_fetch", bytes=1 << 30)
    path, wanted = made(world, "film.bin", 24 * MIB)
    file = send_file(alice, "bob", path)
    before = 0
    for _ in range(3):
        line = bob.run.wait(lambda line: line.get("event") == "file_progress" and line["done"] > before + 2 * MIB,
                            "progress", 0, 60)
        before = line["done"] - 2 * MIB
        bob.kill()
        bob.start()
    bob.event("file_done", file=file, seconds=120)
    out = os.path.join(world.folder, "out.bin")
    bob.ok("file_save", file=file, path=out)
    equal(digest(out), wanted, "content")
    equal(len(kept(bob)), 1, "files that lie there")


def by_the_relay(world):
    relay = world.relay()
    alice, bob = world.pair(relay)
    bob.kill()
    path, wanted = made(world, "photo.jpg", MIB + 7)
    file = send_file(alice, "bob", path)
    until(lambda: relay.stats()["blob_pieces_stored"] == 18, "the file is not left at the relay")
    no_plaintext(world, relay.folder)
    alice.quit()
    relay.kill()
    relay.start()
    bob.start()
    done = bob.event("file_done", file=file, seconds=60)
    equal((done["path"], done["from"]), ("mailbox", ""), "how it came")
    out = os.path.join(world.folder, "out.jpg")
    bob.ok("file_save", file=file, path=out)
    equal(digest(out), wanted, "content")


def paused_and_cancelled(world):
    """Pause holds through a restart; resume fetches the rest; cancel leaves nothing, and it can be fetched again."""
    relay = world.relay()
    alice, bob = world.pair(relay)
    alice.ok("set_rate", up=2 * MIB)
    path, wanted = made(world, "film.bin", 12 * MIB)
    file = send_file(alice, "bob", path)
    until(lambda: bob.ok("files")["files"], "bob does not know of it")
    equal(bob.ok("files")["files"][0]["state"], "known", "longer than what comes by itself")
    bob.refused("no_such_file", "file_save", file=file, path=world.folder)
    bob.ok("file_fetch", file=file)
    bob.run.wait(lambda line: line.get("event") == "file_progress" and line["done"] > MIB, "progress")
    bob.ok("file_pause", file=file)
    before = bob.ok("files")["files"][0]
    equal(before["state"], "paused", "state")
    bob.kill()
    bob.start()
    bob.event("connected")
    alice.send("bob", "still there?")
    bob.event("message", text="still there?")
    after = bob.ok("files")["files"][0]
    equal((after["state"], after["done"]), ("paused", before["done"]), "paused through a restart")
    bob.ok("file_resume", file=file)
    bob.event("file_done", file=file, seconds=60)
    bob.ok("file_cancel", file=file)
    bob.ok("status")
    equal(kept(bob), [], "files after the cancel")
    alice.ok("set_rate", up=0)
    start = bob.mark()
    bob.ok("file_fetch", file=file)
    bob.event("file_done", start, file=file)
    out = os.path.join(world.folder, "out.bin")
    bob.ok("file_save", file=file, path=out)
    equal(digest(out), wanted, "content")


def taken_back(world):
    """Recalled, or gone by its lifetime: no home has it any more, nor the relay."""
    relay = world.relay()
    alice, bob = world.pair(relay)
    path, _ = made(world, "one.bin", 2 * MIB)
    message, file = post_file(alice, "bob", path)
    bob.event("file_done", file=file)
    alice.ok("recall", message=message)
    bob.event("message_changed", what="recalled")
    until(lambda: kept(alice) == [] and kept(bob) == [], "the file of a recalled message lies there")
    bob.refused("no_such_file", "file_fetch", file=file)
    equal((alice.ok("files")["files"], bob.ok("files")["files"]), ([], []), "files")

    path, _ = made(world, "two.bin", MIB)
    _, file = post_file(alice, "bob", path, lifetime={"seconds": 3, "from": "sent"})
    bob.event("file_done", file=file)
    until(lambda: kept(alice) == [] and kept(bob) == [], "the file of an expired message lies there")

    bob.kill()
    path, _ = made(world, "three.bin", MIB)
    message, file = post_file(alice, "bob", path)
    until(lambda: relay.stats()["blob_pieces_stored"] == 17, "the file is not left at the relay")
    alice.ok("recall", message=message)
    until(lambda: kept(alice) == [], "the file of a recalled message lies there")
    bob.start()
    bob.event("connected")
    alice.send("bob", "nothing is left")
    bob.event("message", text="nothing is left")
    until(lambda: kept(bob) == [], "a file that was fetched after the recall")
    no_plaintext(world, alice.home, bob.home, relay.folder)


def limit(client, most):
    """No file of this client grows past `most` bytes."""
    resource.prlimit(client.run.process.pid, resource.RLIMIT_FSIZE, (most, resource.RLIM_INFINITY))


def full_disk(world):
    """A file that has no room waits, says so once, and goes on by itself; messages go meanwhile. What cannot be added is refused."""
    world.spawn["restore_signals"] = False
    relay = world.relay()
    alice, bob = world.pair(relay)
    path, wanted = made(world, "film.bin", 9 * MIB)
    limit(alice, 4 * MIB)
    alice.refused("storage_failed", "file_add", path=path)
    until(lambda: kept(alice) == [], "what was not added lies there")
    limit(alice, resource.RLIM_INFINITY)
    start = bob.mark()
    limit(bob, 4 * MIB)
    file = send_file(alice, "bob", path)
    equal(bob.event("warning", start)["error"]["code"], "storage_failed", "what is told")
    alice.final(alice.send("bob", "messages go"))
    limit(bob, resource.RLIM_INFINITY)
    bob.event("file_done", file=file, seconds=90)
    out = os.path.join(world.folder, "out.bin")
    limit(bob, 8 * MIB)
    bob.refused("storage_failed", "file_save", file=file, path=out)
    equal([name for name in os.listdir(world.folder) if name.startswith(".godwit") or name == "out.bin"], [], "what was not saved")
    limit(bob, resource.RLIM_INFINITY)
    bob.ok("file_save", file=file, path=out)
    equal(digest(out), wanted, "content")


def names(world):
    """What a sender calls a file is data: it comes out in the folder that was meant, under a harmless name, over nothing."""
    relay = world.relay()
    alice, bob = world.pair(relay)
    folder = os.path.join(world.folder, "saved")
    os.mkdir(folder)
    bad = ["../../escaped", "..", "/etc/passwd", "CON", "a\u0000b", "new\nline\u001b[31m", "x" * 255, "\u202egpj.exe", "-rf", " .hidden ",
           "C:\\boot.ini"]
    for number, name in enumerate(bad):
        path, wanted = made(world, f"in-{number}", 3000 + number)
        file = dict(reference(alice, path), name=name)
        alice.ok("send", to="bob", text="", body={"kind": "attachment", "as": "file", "file": file})
        done = bob.event("file_done", file=file["file"])
        saved = bob.ok("file_save", file=file["file"], path=folder)["path"]
        equal(os.path.dirname(saved), folder, f"where {name!r} went")
        equal(os.path.basename(saved), done["name"], f"what {name!r} is called")
        check(os.path.basename(saved).isprintable() and "/" not in done["name"] and len(done["name"].encode()) <= 200,
              f"{name!r} became {done['name']!r}")
        equal(digest(saved), wanted, "content")
    equal(len(os.listdir(folder)), len(bad), "files that were saved")
    alice.refused("invalid_argument", "file_add", path=os.path.join(world.folder, "none"))
    alice.refused("invalid_argument", "file_add", path="/dev/zero")
    os.mkfifo(os.path.join(world.folder, "pipe"))
    alice.refused("invalid_argument", "file_add", path=os.path.join(world.folder, "pipe"))


def stickers(world):
    """A pack is fetched once, whatever is sent out of it."""
    relay = world.relay()
    alice, bob = world.pair(relay)
    path = os.path.join(world.folder, "pack.tar")
    with tarfile.open(path, "w", format=tarfile.USTAR_FORMAT) as tar:
        for name in ("wave.png", "smile.png", "late.png"):
            entry = tarfile.TarInfo(name)
            entry.size = 100_000
            tar.addfile(entry, io.BytesIO(random.randbytes(entry.size)))
    pack = reference(alice, path)
    for name in ("wave.png", "smile.png", "wave.png"):
        alice.ok("send", to="bob", text="", body={"kind": "sticker", "pack": pack, "name": name, "emoji": "", "animated": False})
    bob.event("file_done", file=pack["file"])
    alice.ok("send", to="bob", text="", body={"kind": "sticker", "pack": pack, "name": "late.png", "emoji": "", "animated": False})
    alice.send("bob", "that was all")
    bob.event("message", text="that was all")
    equal(sum(line.get("event") == "file_done" for line in bob.run.lines), 1, "times that it came")
    equal(len(kept(bob)), 1, "packs that lie there")


if __name__ == "__main__":
    sys.exit(main([directly, through_kills, by_the_relay, paused_and_cancelled, taken_back, full_disk, names, stickers]))
