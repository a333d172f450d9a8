#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The programs of docs/getting-started.md, each as it stands on the page, beside a relay and two accounts that are made as the page says.

    started_test.py --root DIR --relay FILE --godwit FILE --library FILE [--cxx …] [--cc cc] [--addon FILE] [--jni FILE --javac FILE --json JAR]

A language whose toolchain or binding is not here is said to be not run."""
import argparse
import json
import os
import pathlib
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import threading

WAIT_S = 120
TEXT = "Hello from Alaska"


def programs(page):
    """Those of the page that say hello, by language."""
    blocks = re.findall(r"^```(\w+)\n(.*?)^```$", page.read_text(), re.M | re.S)
    return {language: code for language, code in blocks if TEXT in code}


class World:
    """A relay; ann, who is used by the programs; bob, who listens."""

    def __init__(self, given, folder):
        self.given, self.folder, self.started = given, folder, []
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        relay = self.start([given.relay, "--data", "relay", "--listen", f"127.0.0.1:{port}"])
        self.address = next(line for line in relay.stdout if line.startswith("ready ")).split()[1]
        for user in ("ann", "bob"):
            self.client(user, "register", "--relay", self.address, "--user", user, text=f"a long password of {user}\n")
        self.client("ann", "add", "bob")
        self.client("bob", "add", "ann")
        self.bob = self.start([given.godwit, "--home", "bob", "--loopback", "stdio"], stdin=subprocess.PIPE)

    def client(self, user, *words, text=""):
        subprocess.run([self.given.godwit, "--home", user, "--loopback", *words], input=text, text=True, cwd=self.folder, check=True, timeout=WAIT_S,
                       stdout=subprocess.DEVNULL)

    def start(self, command, **more):
        self.started.append(subprocess.Popen(command, cwd=self.folder, stdout=subprocess.PIPE, text=True, **more))
        return self.started[-1]

    def heard(self, key):
        """What bob was told next by this text, whose key is not told to him: any message is new."""
        late = threading.Timer(WAIT_S, self.bob.kill)
        late.start()
        try:
            for line in self.bob.stdout:
                event = json.loads(line)
                if event.get("event") == "message":
                    return event["text"] == TEXT and event["from"] == "ann"
        finally:
            late.cancel()
        sys.exit(f"started_test: bob ended before he heard {key}")

    def end(self):
        for one in self.started:
            one.kill()
            one.wait()


def commands(given, folder):
    """How each language's program is made, and run: code -> (what makes it, or None; what runs it; its environment)."""
    library = given.library.parent
    c_like = lambda compiler, standard, suffix: lambda code: (
        [*compiler.split(), f"-std={standard}", "-I", given.root / "include", "-o", folder / f"hello{suffix}", folder / f"hello.{suffix}", "-L", library,
         f"-Wl,-rpath,{library}", "-lgodwit"], [folder / f"hello{suffix}"], {}, f"hello.{suffix}", code)
    out = {}
    if shutil.which(given.cxx.split()[-1]):
        out["cpp"] = c_like(given.cxx, "c++20", "cpp")
    if shutil.which(given.cc):
        out["c"] = c_like(given.cc, "c99", "c")
    out["python"] = lambda code: (None, [sys.executable, "hello.py"], {"PYTHONPATH": str(given.root / "bindings/python/src"), "GODWIT_LIBRARY": str(given.library)},
                                  "hello.py", code)
    if given.addon and shutil.which("node"):
        (folder / "node_modules").mkdir()
        (folder / "node_modules/godwit").symlink_to(given.root / "bindings/node")
        out["js"] = lambda code: (None, ["node", "hello.js"], {"GODWIT_ADDON": str(given.addon), "LD_LIBRARY_PATH": str(library)}, "hello.js", code)
    if given.jni and given.javac and pathlib.Path(given.json).exists():
        sources = [str(path) for path in (given.root / "bindings/java/src/main/java").rglob("*.java")]
        out["java"] = lambda code: (
            [given.javac, "-d", "classes", "-cp", given.json, "Hello.java", *sources],
            [pathlib.Path(given.javac).parent / "java", f"-Dorg.godwit.library={given.jni}", f"-Djava.library.path={given.jni.parent}", "-cp", f"classes:{given.json}", "Hello"],
            {"LD_LIBRARY_PATH": str(library)}, "Hello.java", code)
    return out


def main():
    arguments = argparse.ArgumentParser()
    for name in ("--root", "--relay", "--godwit", "--library", "--addon", "--jni"):
        arguments.add_argument(name, type=lambda text: pathlib.Path(text).resolve())
    arguments.add_argument("--cxx", default="c++")
    arguments.add_argument("--cc", default="cc")
    arguments.add_argument("--javac")
    arguments.add_argument("--json", default="")
    given = arguments.parse_args()
    passed = failed = 0
    with tempfile.TemporaryDirectory(prefix="godwit-started-") as name:
        folder = pathlib.Path(name)
        how = commands(given, folder)
        world = World(given, folder)
        try:
            for language, code in programs(given.root / "docs/getting-started.md").items():
                if language not in how:
                    print(f"not run: {language}: its toolchain or binding is not here")
                    continue
                # Another key each: the same one would be the same message.
                make, run, more, file, code = how[language](code.replace("hello-1", f"hello-{language}"))
                (folder / file).write_text(code)
                if make:
                    subprocess.run(make, cwd=folder, check=True, timeout=WAIT_S)
                program = world.start(run, env={**os.environ, **more})
                fine = world.heard(language)
                program.kill()
                program.wait()
                passed, failed = passed + fine, failed + (not fine)
                print(f"{'ok  ' if fine else 'FAIL'} {language}", flush=True)
        finally:
            world.end()
    print(f"getting started: {passed} passed, {failed} failed")
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main())
