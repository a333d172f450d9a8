#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The scripting face without a relay: lines good and bad, ends of all kinds, homes that cannot be opened."""
import fcntl
import json
import os
import stat
import subprocess
import sys
import termios
import time

from world import Failed, check, equal, main


def lines_good_and_bad(world):
    client = world.client("ann")
    client.write(b"\n   \n\r\n")  # empty lines get no reply
    for line, code, echoed in [
        (b"hello\n", "invalid_argument", None),
        (b"{\n", "invalid_argument", None),
        (b"[]\n", "invalid_argument", None),
        (b'{"id":1}\n', "invalid_argument", 1),
        (b'{"id":"x","do":"fly"}\n', "unknown_request", "x"),
        (b'{"id":2,"do":"send","to":"bob"}\n', "invalid_argument", 2),
        (b'{"id":3,"do":"send","to":"bob","text":5}\n', "invalid_argument", 3),
        (b'{"id":4,"do":"status","do":"status"}\n', "invalid_argument", 4),
        (b'{"id":5,"do":"send","to":"bob","text":"\xff\xfe"}\n', "invalid_argument", 5),
        (b'{"id":6,"do":"status","x":' + b"[" * 40 + b"]" * 40 + b"}\n", "invalid_argument", 6),
        (b'{"id":7,"do":"send","to":"bob","text":"' + b"a" * (1 << 20) + b'"}\n', "message_too_large", 7),
        (b'{"do":"send","to":"bob","text":"' + b"a" * (1 << 20) + b'","id":7}\n', "message_too_large", None),
        (b'{"id":8,"do":"history","with":"bob","limit":0}\n', "invalid_argument", 8),
        (b"\x00\x01\x02\n", "invalid_argument", None),
        (b'{"id":9,"do":"send","to":"bob","text":"hi"}\n', "not_registered", 9),
        (b'{"id":10,"do":"register","relay":"http://x","user":"ann","password":"long enough"}\n', "invalid_argument", 10),
        (b'{"id":11,"do":"contact_add","user":"bob"}\n', "not_registered", 11),
        (b'{"id":12,"do":"device_link"}\n', "invalid_argument", 12),
        (b'{"id":13,"do":"device_link","code":"godwit-link:2:AAAA"}\n', "not_registered", 13),
        (b'{"id":14,"do":"device_revoke","device":"12"}\n', "invalid_argument", 14),
        (b'{"id":15,"do":"device_revoke","device":"' + b"ab" * 32 + b'"}\n', "not_registered", 15),
        (b'{"id":16,"do":"devices"}\n', "not_registered", 16),
        (b'{"id":17,"do":"device_link_code"}\n', "invalid_argument", 17),
        (b'{"id":18,"do":"device_link_code","relay":"http://x"}\n', "invalid_argument", 18),
        (b'{"id":19,"do":"device_link_code","relay":"godwit://127.0.0.1:1#' + b"A" * 43 + b'","device_name":"' + b"x" * 65 + b'"}\n',
         "invalid_argument", 19),
        (b'{"id":20,"do":"safety_number"}\n', "invalid_argument", 20),
        (b'{"id":21,"do":"safety_number","with":"bob"}\n', "not_registered", 21),
        (b'{"id":22,"do":"verify","with":"bob","verified":"yes"}\n', "invalid_argument", 22),
        (b'{"id":23,"do":"verify","with":"bob","code":"x"}\n', "not_registered", 23),
    ]:
        start = client.mark()
        client.write(line)
        reply = client.run.wait(lambda got: "ok" in got, f"reply to {line[:60]!r}", start)
        check(not reply["ok"], f"{line[:60]!r} was accepted: {reply}")
        equal(reply["error"]["code"], code, f"{line[:60]!r}: {reply}")
        equal(reply["id"], echoed, f"id of the reply to {line[:60]!r}")
    status = client.ok("status")
    equal((status["user"], status["connected"]), ("", False), "status of an empty home")
    client.quit()


def a_flood_of_lines(world):
    """More requests at once than any queue holds: each is answered, in order."""
    client = world.client("ann")
    count = 20_000
    client.write("".join(f'{{"id":{n},"do":"status"}}\n' for n in range(count)))
    client.run.wait(lambda line: line.get("id") == count - 1, "last reply", 0)
    equal([line["id"] for line in client.run.lines], list(range(count)), "replies")
    client.quit()


def ends(world):
    """End of input: what was asked is answered first. quit: answered, too. A reader that goes away: an end, not a crash."""
    program, home = world.given.client, os.path.join(world.folder, "eof")
    def run(text, **more):
        return subprocess.run([program, "--home", home, "stdio"], input=text, capture_output=True, timeout=30, **more)
    done = run(b'{"id":1,"do":"status"}\n{"id":2,"do":"contacts"}')  # the last line without its newline
    equal(done.returncode, 0, "exit code at end of input")
    equal([json.loads(line)["id"] for line in done.stdout.splitlines()], [1, 2], "replies at end of input")
    equal(run(b"").returncode, 0, "exit code without any input")
    done = run(b'{"id":1,"do":"quit"}\n{"id":2,"do":"status"}\n')
    equal([json.loads(line) for line in done.stdout.splitlines()], [{"id": 1, "ok": True}], "nothing after quit")
    with subprocess.Popen([program, "--home", home, "stdio"], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as gone:
        gone.stdout.close()
        gone.stdin.write(b'{"id":1,"do":"status"}\n')
        gone.stdin.flush()
        equal(gone.wait(20), 0, "exit code when nobody reads")
    # A reader that holds the pipe and does not read: SIGTERM still ends it.
    with subprocess.Popen([program, "--home", home, "stdio"], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as stuck:
        stuck.stdin.write(b'{"id":1,"do":"status"}\n' * 1000)
        stuck.stdin.flush()
        until = time.monotonic() + 20
        while waiting(stuck.stdout) < 50_000:  # of 65536, in pages that lines of some 400 do not fill
            check(time.monotonic() < until, f"only {waiting(stuck.stdout)} bytes in the pipe")
            time.sleep(0.01)
        stuck.terminate()
        try:
            equal(stuck.wait(10), 0, "exit code on SIGTERM while nobody reads")
        finally:
            stuck.kill()


def waiting(pipe):
    """How many bytes lie in a pipe."""
    return int.from_bytes(fcntl.ioctl(pipe, termios.FIONREAD, bytes(4)), sys.byteorder)


def stops(world):
    """SIGTERM ends it whenever it comes: just when the last line was written is when it could be missed."""
    home = os.path.join(world.folder, "stops")
    for _ in range(60):
        with subprocess.Popen([world.given.client, "--home", home, "stdio"], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as one:
            one.stdin.write(b'{"id":1,"do":"status"}\n')
            one.stdin.flush()
            one.stdout.readline()
            one.terminate()
            try:
                equal(one.wait(20), 0, "exit code after SIGTERM")
            except subprocess.TimeoutExpired:
                one.kill()
                raise Failed("SIGTERM was missed") from None


def homes(world):
    """Each home that cannot be opened says why, with exit code 3, and is left as it was."""
    program = world.given.client

    def opens(home, *more, code=3, user=None):
        done = subprocess.run([program, "--home", home, *more, "stdio"], input=b"", capture_output=True, timeout=30, user=user)
        equal(done.returncode, code, f"{home} {more}: {done.stdout!r} {done.stderr!r}")
        if code == 0:
            return None
        line = json.loads(done.stdout)
        equal(line["event"], "open_failed", "the only line")
        check(done.stderr.startswith(b"godwit: cannot open "), done.stderr)
        check(len(line["error"]["detail"]) > 10, f"helps nobody: {line}")
        return line["error"]["code"]

    home = os.path.join(world.folder, "ann")
    client = world.client("ann")
    client.ok("status")
    equal(opens(home), "storage_in_use", "a second process")
    equal(stat.S_IMODE(os.stat(home).st_mode), 0o700, "mode of the home")
    equal(stat.S_IMODE(os.stat(os.path.join(home, "store.key")).st_mode), 0o600, "mode of store.key")
    client.quit()
    opens(home, code=0)

    words = os.path.join(world.folder, "words")
    with open(words, "w") as file:
        file.write("correct horse\n")
    equal(opens(home, "--passphrase-file", words), "wrong_key", "a passphrase for a home with a key")
    second = os.path.join(world.folder, "second")
    opens(second, "--passphrase-file", words, code=0)
    check(not os.path.exists(os.path.join(second, "store.key")), "a passphrase needs no store.key")
    equal(opens(second), "wrong_key", "no passphrase")
    with open(words, "w") as file:
        file.write("battery staple\n")
    before = tree(second)
    equal(opens(second, "--passphrase-file", words), "wrong_key", "another passphrase")
    equal(tree(second), before, "files after a wrong passphrase")

    key = os.path.join(home, "store.key")
    with open(key, "rb") as file:
        good = file.read()
    for bad in (b"", good[:31], good + b"x", bytes(32), bytes(31) + b"x"):
        with open(key, "wb") as file:
            file.write(bad)
        check(opens(home) in ("wrong_key", "invalid_argument"), f"a key of {len(bad)} bytes")
    os.unlink(key)
    equal(opens(home), "wrong_key", "store.key is gone")
    check(not os.path.exists(key), "no new key for an old store")
    with open(key, "wb") as file:
        file.write(good)
    opens(home, code=0)

    database = os.path.join(home, "godwit.db")
    with open(database, "r+b") as file:
        for page in range(4096, os.path.getsize(database), 4096):
            file.seek(page + 1000)
            old = file.read(64)
            file.seek(page + 1000)
            file.write(bytes(byte ^ 0x55 for byte in old))
    code = opens_or_runs(program, home)
    check(code in ("storage_corrupt", "wrong_key"), f"damaged pages: {code}")

    a_file = os.path.join(world.folder, "file")
    with open(a_file, "w"):
        pass
    equal(opens(a_file), "invalid_argument", "a file instead of a folder")
    read_only = os.path.join(world.folder, "read-only")
    os.mkdir(read_only, 0o555)
    os.chmod(world.folder, 0o755)
    nobody = 65534 if os.geteuid() == 0 else None  # root may write anywhere
    if nobody is None or subprocess.run([program, "--version"], capture_output=True, user=nobody, check=False).returncode == 0:
        equal(opens(read_only, user=nobody), "storage_failed", "a read-only home")
        equal(opens(os.path.join(read_only, "sub"), user=nobody), "storage_failed", "a home in a read-only folder")
    else:
        print("skipped: read-only homes (root may write anywhere, and nobody else may run this program)")


def opens_or_runs(program, home):
    """The code with which a damaged store is refused: at opening, or by the first request that meets the damage."""
    done = subprocess.run([program, "--home", home, "stdio"], input=b'{"id":1,"do":"status"}\n', capture_output=True, timeout=30)
    for line in done.stdout.splitlines():
        found = json.loads(line)
        if "error" in found:
            return found["error"]["code"]
    return None


def tree(folder):
    out = {}
    for name in sorted(os.listdir(folder)):
        with open(os.path.join(folder, name), "rb") as file:
            out[name] = file.read()
    return out


main([lines_good_and_bad, a_flood_of_lines, ends, stops, homes])
