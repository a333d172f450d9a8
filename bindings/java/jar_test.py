#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Compiles the jar, puts the native libraries into it, runs the tests against it, and compiles the Android glue against stubs.

    jar_test.py --javac FILE --json JAR --jni FILE --library FILE --relay FILE [--keep FOLDER]
"""
import argparse
import pathlib
import shutil
import socket
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
WAIT_S = 120


def sources(*folders):
    return [path for folder in folders for path in sorted((HERE / folder).rglob("*.java"))]


def compiled(javac, files, classpath, into):
    into.mkdir()
    subprocess.run([javac, "--release", "11", "-Xlint:all,-options,-serial", "-Werror", "-cp", ":".join(map(str, classpath)), "-d", into, *files], check=True)
    return into


class Lines:
    """A process whose output is read up to a wanted line."""

    def __init__(self, command):
        self.run = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def until(self, wanted):
        for line in self.run.stdout:
            if wanted in line:
                return line
        sys.exit(f"jar_test: it ended before it said {wanted!r}")


def chats(java, classpath, relay_program, folder):
    """The example, twice."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    relay = Lines([relay_program, "--data", folder / "relay", "--listen", f"127.0.0.1:{port}"])
    started = [relay]
    try:
        address = relay.until("ready ").split()[1]
        for words in ("Hello from Alaska", "I come again"):  # the second time in the homes of the first
            people = {}
            for name, peer in (("ann", "ben"), ("ben", "ann")):
                (folder / f"{name}.password").write_text(f"a long password of {name}\n")
                people[name] = Lines([java, "-cp", classpath, "Chat", folder / name, address, name, folder / f"{name}.password", peer, "register"])
                started.append(people[name])
            for one in people.values():
                one.until("you can write")
            people["ann"].run.stdin.write(words + "\n")
            people["ann"].run.stdin.flush()
            people["ben"].until("]: " + words)
            people["ann"].until("✓✓")
            for name, one in people.items():
                one.run.stdin.close()
                if one.run.wait(WAIT_S):
                    sys.exit(f"jar_test: {name}'s chat ended with {one.run.returncode}")
    finally:
        for one in started:
            one.run.kill()
            one.run.wait()
    print("ok   the example chats", flush=True)


def main():
    arguments = argparse.ArgumentParser()
    for name in ("--javac", "--json", "--jni", "--library", "--relay"):
        arguments.add_argument(name, type=pathlib.Path, required=True)
    arguments.add_argument("--keep", type=pathlib.Path, help="a folder that gets the jar")
    given = arguments.parse_args()
    bin_folder = given.javac.resolve().parent
    with tempfile.TemporaryDirectory(prefix="godwit-jar-") as name:
        folder = pathlib.Path(name)
        classes = compiled(given.javac, sources("src/main/java"), [given.json], folder / "classes")
        properties = subprocess.run([bin_folder / "java", "-XshowSettings:properties", "-version"], stderr=subprocess.PIPE, text=True, check=True).stderr
        told = {name.strip(): value for name, _, value in (line.partition(" = ") for line in properties.splitlines())}
        native = classes / "native" / f"{told['os.name'].lower()}-{told['os.arch']}"
        native.mkdir(parents=True)
        shutil.copy(given.jni, native / "libgodwit_jni.so")
        shutil.copy(given.library, native / "libgodwit.so.0")
        if shutil.which("strip"):
            subprocess.run(["strip", "--strip-unneeded", *native.iterdir()], check=True)
        jar = folder / "godwit-0.1.0.jar"
        subprocess.run([bin_folder / "jar", "--create", "--file", jar, "-C", classes, "."], check=True)
        print(f"{jar.name}: {jar.stat().st_size} bytes", flush=True)
        tests = compiled(given.javac, sources("src/test/java", "examples"), [jar, given.json], folder / "tests")
        stubs = compiled(given.javac, sources("android/stubs"), [jar], folder / "stubs")
        compiled(given.javac, sources("android/src/main/java"), [jar, stubs], folder / "android")
        print("ok   the Android glue compiles", flush=True)
        if given.keep:
            given.keep.mkdir(parents=True, exist_ok=True)
            shutil.copy(jar, given.keep)
        classpath = ":".join(map(str, (jar, given.json, tests)))
        chats(bin_folder / "java", classpath, given.relay.resolve(), folder)
        sys.exit(subprocess.run([bin_folder / "java", "-ea", "-Xcheck:jni", "-cp", classpath, "org.godwit.ClientTest", given.relay.resolve()], check=False).returncode)


if __name__ == "__main__":
    main()
