#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Two people with the same example program, a message from one to the other: chat_test.py --relay FILE -- PROGRAM WORD…

{home}, {relay}, {user}, {password} and {peer} in the words are replaced."""
import argparse
import pathlib
import socket
import subprocess
import sys
import tempfile

WAIT_S = 60


class Lines:
    """A process whose output is read up to a wanted line."""

    def __init__(self, command):
        self.run = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1)

    def until(self, wanted):
        for line in self.run.stdout:
            if wanted in line:
                return line
        sys.exit(f"chat_test: it ended before it said {wanted!r}")


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--relay", required=True)
    arguments.add_argument("command", nargs="+")
    given = arguments.parse_args()
    with tempfile.TemporaryDirectory(prefix="godwit-chat-") as name:
        folder = pathlib.Path(name)
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        started = [Lines([given.relay, "--data", folder / "relay", "--listen", f"127.0.0.1:{port}"])]
        try:
            relay = started[0].until("ready ").split()[1]

            def chat(user, peer):
                words = [w.format(home=folder / user, relay=relay, user=user, password=f"a long password of {user}", peer=peer) for w in given.command]
                started.append(Lines(words))
                return started[-1]

            for words in ('Hello "from" Alaska', "I come again"):  # the second time in the homes of the first
                ann, ben = chat("ann", "ben"), chat("ben", "ann")
                for one in (ann, ben):
                    one.until("you can write")
                ann.run.stdin.write(words + "\n")
                ann.run.stdin.flush()
                ben.until("]: " + words[:5])
                ann.until("✓✓")
                for one in (ann, ben):
                    one.run.stdin.close()
                    if one.run.wait(WAIT_S):
                        sys.exit(f"chat_test: it ended with {one.run.returncode}")
        finally:
            for one in started:
                one.run.kill()
                one.run.wait()
    print("chat_test: 1 passed, 0 failed")


if __name__ == "__main__":
    main()
