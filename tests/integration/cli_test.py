#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The commands that people type: help, exit codes, one-shot commands, and the chat fed from a pipe."""
import os
import pty
import select
import subprocess
import termios
import time

from world import WAIT_S, Failed, check, equal, main, password_of


def run(world, home, *words, text="", code=0):
    command = [world.given.client, "--home", os.path.join(world.folder, home), "--loopback", *words]
    done = subprocess.run(command, input=text.encode(), capture_output=True, timeout=60)
    equal(done.returncode, code, f"{words}: {done.stdout.decode()} {done.stderr.decode()}")
    return done.stdout.decode() + (done.stderr.decode() if code else "")


def helps(world):
    program = world.given.client
    text = subprocess.run([program, "--help"], capture_output=True, check=True, timeout=30).stdout.decode()
    commands = ["stdio", "register", "login", "logout", "add", "accept", "remove", "block", "unblock", "contacts", "status", "send",
                "history", "search", "policy", "devices", "link", "link-code", "revoke", "safety", "verify", "check", "repair"]
    for word in [*commands, "--home", "--loopback", "--passphrase-file", "Exit codes"]:
        check(word in text, f"--help does not mention {word}")
    for command in commands:
        text = subprocess.run([program, command, "--help"], capture_output=True, check=True, timeout=30).stdout.decode()
        check(f"Usage: godwit {command}" in text, f"{command} --help does not show its usage:\n{text}")
        check("A first conversation" not in text and "godwit --help" in text, f"{command} --help is not about it alone:\n{text}")
    for words in ([], ["--home"], ["--home", "x", "fly"], ["--home", "x", "send", "bob"], ["--home", "x", "history", "b", "--limit", "0"],
                  ["--home", "x", "policy", "fastest"], ["--home", "x", "link"], ["--home", "x", "link-code"], ["--home", "x", "revoke"],
                  ["--home", "x", "verify", "ben", "--undo", "--code", "x"], ["--home", "x", "--passphrase-file", "/nonexistent", "status"]):
        done = subprocess.run([program, *words], input=b"", capture_output=True, timeout=30, cwd=world.folder)
        equal(done.returncode, 2, f"{words}: {done.stderr}")
    check("godwit 0." in subprocess.run([program, "--version"], capture_output=True, check=True, timeout=30).stdout.decode(), "version")


def one_shots(world):
    relay = world.relay()
    for name in ("ann", "ben"):
        run(world, name, "register", "--relay", relay.address, "--user", name, text=password_of(name) + "\n")
    check("already_registered" in run(world, "ann", "register", "--relay", relay.address, "--user", "x", text="some password\n", code=1), "twice")
    run(world, "ann", "add", "ben")
    check("asks to be your contact" in run(world, "ben", "contacts"), "the request shows")
    run(world, "ben", "accept", "ann")
    check("accepted" not in run(world, "ann", "send", "ben", "hello ben"), "ben is away: his mailbox has it")
    check("sent [mailbox]" in run(world, "ann", "send", "ben", "-", text="a text from stdin"), "from stdin")
    run(world, "ben", "status")  # comes online, fetches
    history = run(world, "ben", "history", "ann")
    check("ann: hello ben" in history and "ann: a text from stdin" in history, history)
    check("[mailbox]" in history, history)
    check("ann at godwit://" in run(world, "ann", "status"), "status")
    run(world, "ann", "policy", "relay_only")
    check("relay_only" in run(world, "ann", "status"), "policy is kept")
    check("not_a_contact" in run(world, "ann", "send", "carl", "x", code=1), "a stranger")
    check("no_such_user" in run(world, "ann", "add", "carl", code=1), "nobody of that name")


def devices_by_hand(world):
    """A second device by its code, a safety number compared, the device out again: all by one-shot commands."""
    relay = world.relay()
    for name in ("ann", "ben"):
        run(world, name, "register", "--relay", relay.address, "--user", name, text=password_of(name) + "\n")
    run(world, "ann", "add", "ben")
    run(world, "ben", "accept", "ann")
    shown = run(world, "ann", "safety", "ben")
    digits = [line for line in shown.splitlines() if line.startswith("    ")]
    equal([len(line.split()) for line in digits], [4, 4, 4], shown)
    his = run(world, "ben", "safety", "ann")
    equal([line for line in his.splitlines() if line.startswith("    ")], digits, "the same digits on both sides")
    check("Not compared yet" in shown and "\x1b" not in shown and "█" not in shown, f"words, no picture, in a pipe:\n{shown}")
    code = his.split()[-1]
    check("authentication_failed" in run(world, "ann", "verify", "ben", "--code", shown.split()[-1], code=1), "her own code")
    run(world, "ann", "verify", "ben", code=2)  # what was compared?
    check("✔ ben" in run(world, "ann", "verify", "ben", "--code", code), "his code")
    check("✔ ann" in run(world, "ben", "verify", "ann", "--code", " ".join(" ".join(digits).split())), "the number")
    check("ben ✔" in run(world, "ann", "contacts"), "the mark")
    run(world, "ann", "verify", "ben", "--undo")
    check("ben ✔" not in run(world, "ann", "contacts"), "the mark is gone")

    command = [world.given.client, "--home", os.path.join(world.folder, "tablet"), "--loopback", "link-code", "--relay", relay.address,
               "--device-name", "tablet"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as tablet:
        link = tablet.stdout.readline().decode().strip()
        check(link.startswith("godwit-link:2:"), f"the code alone on its line: {link!r}")
        check("invalid_argument" in run(world, "ann", "link", "tablet", code=1), "no code")
        check("let in" in run(world, "ann", "link", link), "let in")
        equal((tablet.wait(30), tablet.stdout.read().decode()), (0, "this device is now one of ann's\n"), "the tablet is told")
    check("invalid_argument" in run(world, "ann", "link", link, code=1), "the code is used up")
    listed = run(world, "ann", "devices")
    check("tablet" in listed and "this device" in listed and len(listed.splitlines()) == 2, listed)
    check("no device of yours" in run(world, "ann", "revoke", "phone", code=1), "a device that is not there")
    check("is out" in run(world, "ann", "revoke", "tablet"), "revoked")
    equal(len(run(world, "ann", "devices").splitlines()), 1, "devices after that")
    out = world.client("tablet")
    out.event("logged_out")
    out.quit()
    check("not_registered" in run(world, "tablet", "devices", code=1), "the tablet is out")
    done = subprocess.run([*command[:2], os.path.join(world.folder, "late"), *command[3:], "--wait", "1"], capture_output=True, timeout=60)
    equal(done.returncode, 4, f"nobody lets it in: {done.stderr}")
    check(b"nobody let this device in within 1 s" in done.stderr, done.stderr)


def chat_from_a_pipe(world):
    relay = world.relay()
    for name in ("ann", "ben"):
        run(world, name, "register", "--relay", relay.address, "--user", name, text=password_of(name) + "\n")
    run(world, "ann", "add", "ben")
    run(world, "ben", "accept", "ann")
    ben = world.client("ben")
    ben.event("connected")
    screen = run(world, "ann", text="/help\n/contacts\n@ben first line\nsecond line \u00e9\n/history\n/policy\n/status\n/nonsense\n")
    for words in ("lists the commands", "● ben", "me → ben: first line", "policy is direct_first", "no command /nonsense", "account    ann"):
        check(words in screen, f"{words!r} is not in:\n{screen}")
    check("✓✓ delivered to ben" in screen or "✓ sent to ben" in screen, screen)
    equal(ben.event("message")["text"], "first line", "arrived")
    ben.event("message", text="second line \u00e9")
    ben.quit()
    screen = run(world, "ann", text="/quit\n")
    check("me: second line \u00e9" in screen, f"the history shows when it opens:\n{screen}")
    empty = run(world, "carl", text="hello?\n")
    check("/register" in empty, empty)


class Terminal:
    """The chat on a terminal of its own, typed into key by key."""

    def __init__(self, world, home):
        self.keys, inside = pty.openpty()
        self.before = termios.tcgetattr(inside)
        self.inside = inside
        self.process = subprocess.Popen([world.given.client, "--home", os.path.join(world.folder, home), "--loopback"],
                                        stdin=inside, stdout=inside, stderr=world.log(home))
        self.screen = ""

    def type(self, keys):
        os.write(self.keys, keys.encode())

    def see(self, words, start=0):
        """Waits for the words; returns where they end: one read may bring more of the screen than them."""
        until = time.monotonic() + WAIT_S
        while words not in self.screen[start:]:
            if not select.select([self.keys], [], [], max(0, until - time.monotonic()))[0]:
                raise Failed(f"{words!r} is not on the screen:\n{self.screen[-1500:]!r}")
            self.screen += os.read(self.keys, 65536).decode(errors="replace")
        return self.screen.index(words, start) + len(words)

    def ends(self):
        """^D, at an empty line. Returns the exit code."""
        self.type("\x04")
        return self.process.wait(WAIT_S)


def chat_on_a_terminal(world):
    relay = world.relay()
    ben = world.client("ben")
    ben.ok("register", relay=relay.address, user="ben", password=password_of("ben"))
    ann = Terminal(world, "ann")
    ann.see("No account in this home yet")
    ann.type(f"/register {relay.address} ann\r")
    ann.see("a new password")
    ann.type("secret words\r")
    ann.see("this device is now one of ann's")
    check("secret" not in ann.screen, "the password was shown")
    ann.see("ann> ")
    ann.type("/add ben\r")
    ben.event("contact_request", user="ann")
    ben.ok("contact_accept", user="ann")
    ann.see("ben is your contact")
    ann.see("ann → ben> ")
    ann.type("hexx\x7f\x7fllo \u00e9t\u00e9\x1b[D\x7fT\x01oh, \r")  # backspace, left, erase, home
    equal(ben.event("message")["text"], "oh, hello \u00e9T\u00e9", "what the keys made")
    ann.see("✓✓ delivered to ben [direct]")
    ann.type("/safety\r")
    ann.see("Safety number of you and ben")
    start = ann.see("/verify ben")
    ann.type("/verify ben\r")
    ann.see("ann → ben ✔> ", start)
    ann.type("/verify ben undo\r")
    start = ann.see("ann → ben> ", ann.see("counts as not compared", start))
    ann.type("/devices\r")
    ann.see("this device", start)
    ann.type("half a li")  # a message comes while we type
    seen = ann.see("half a li")
    ben.send("ann", "careful: \x1b[2J\x07 end")
    seen = ann.see("ben: careful: ?[2J? end", seen)  # what others write does not move our cursor
    ann.see("ann → ben> half a li", seen)
    ann.type("ne\r")
    ben.event("message", text="half a line")
    start = ann.see("me → ben: half a line")
    ann.type("\x1b[A\x1b[A\x15/status\r")  # up, up, erase all
    ann.see("account    ann", start)
    ann.type("\x04")
    equal(ann.process.wait(20), 0, "exit code after ^D")
    equal(termios.tcgetattr(ann.inside)[:4], ann.before[:4], "the terminal's mode is put back")


if __name__ == "__main__":
    main([helps, one_shots, devices_by_hand, chat_from_a_pipe, chat_on_a_terminal])
