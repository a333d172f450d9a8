# SPDX-License-Identifier: Apache-2.0
"""Structure as a test: who includes whom, vendor headers, headers that stand alone, link graph, symbols, sizes, paths.

    layers.py --root DIR [--relay FILE] [--library FILE] [--cxx "g++ clang++-19"]

Each check takes a Tree and returns findings as text; none means passed. tests/layers/selftest.py plants one violation of each
kind and sees it found: a check that cannot fail proves nothing.
"""

import argparse
import graphlib
import os
import pathlib
import re
import subprocess
import sys
import tomllib

SOURCE = (".hpp", ".cpp", ".h", ".c")
TEXT = SOURCE + (".py", ".md", ".toml", ".build", ".txt", ".sh", ".json", "")
LINES_WARN, LINES_MAX = 500, 800
INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*([<"])([^>"]+)[>"]', re.M)
# Written in pieces, so that this file passes its own check.
MACHINE_PATHS = re.compile("|".join(("/" + "work/", "/" + "home/[a-z]", "/" + "root/", "/" + "Users/", "/" + "tmp/bash")))


class Tree:
    def __init__(self, root):
        self.root = pathlib.Path(root)
        config = tomllib.loads((self.root / "tools/layers.toml").read_text())
        self.rooms, self.never, self.vendors = config["rooms"], config.get("never", {}), config["vendors"]
        self.files = sorted(self._walk())

    def _walk(self):
        for folder, folders, names in os.walk(self.root):
            folders[:] = [f for f in folders if not f.startswith(("build", ".git", ".cache", "__pycache__"))]
            for name in names:
                if name != ".git":  # a file in a linked work tree
                    yield (pathlib.Path(folder) / name).relative_to(self.root).as_posix()

    def text(self, path):
        return (self.root / path).read_text(errors="replace")

    def room_of(self, path):
        fits = [room for room in self.rooms if path.startswith(room + "/")]
        return max(fits, key=len) if fits else None

    def sources(self):
        """(path, room) of every source outside tests/."""
        for path in self.files:
            if path.endswith(SOURCE) and not path.startswith("tests/"):
                yield path, self.room_of(path)

    def includes(self, path):
        """(line, True when quoted, name) of every include."""
        text = self.text(path)
        for hit in INCLUDE.finditer(text):
            yield text.count("\n", 0, hit.start()) + 1, hit.group(1) == '"', hit.group(2)

    def resolve(self, path, quoted, name):
        """The file in the tree that an include names, or None."""
        if name.startswith("godwit/"):
            return "include/" + name
        if not quoted:
            return None
        beside = (pathlib.PurePosixPath(path).parent / name).as_posix()
        return name if name in self._file_set() else beside if beside in self._file_set() else name

    def _file_set(self):
        if not hasattr(self, "_set"):
            self._set = set(self.files)
        return self._set

    def vendor_of(self, name):
        for vendor, beginnings in self.vendors.items():
            if name.startswith(tuple(beginnings)):
                return vendor
        return None


def check_edges(tree):
    """A room includes only what tools/layers.toml lets it include; every source is in a room; the edges have no circle."""
    out = []
    for path, room in tree.sources():
        if room is None:
            out.append(f"{path}: in no room of tools/layers.toml")
            continue
        allowed = {room, *tree.rooms[room].get("uses", [])}
        for line, quoted, name in tree.includes(path):
            target = tree.resolve(path, quoted, name)
            if target is None:
                continue
            if target not in tree._file_set():
                out.append(f'{path}:{line}: "{name}" is not in the tree')
            elif (other := tree.room_of(target)) not in allowed:
                out.append(f"{path}:{line}: {room} may not include {other or target} ({name})")
    for room, about in tree.rooms.items():
        out += [f"tools/layers.toml: {room} uses {other}, which is no room" for other in about.get("uses", []) if other not in tree.rooms]
    try:
        graphlib.TopologicalSorter({room: about.get("uses", []) for room, about in tree.rooms.items()}).prepare()
    except graphlib.CycleError as circle:
        out.append("tools/layers.toml: a circle: " + " -> ".join(circle.args[1]))
    return out


def check_vendors(tree):
    """A vendor's headers appear only in the rooms that name the vendor."""
    out = []
    for path, room in tree.sources():
        if room is None:
            continue
        allowed = set(tree.rooms[room].get("vendors", []))
        for line, quoted, name in tree.includes(path):
            if quoted or name.startswith("godwit/") or not ("." in name or "/" in name):
                continue
            vendor = tree.vendor_of(name)
            if vendor is None:
                out.append(f"{path}:{line}: <{name}> belongs to no vendor of tools/layers.toml")
            elif vendor not in allowed and not (vendor == "c" and path.endswith(".h")):
                out.append(f"{path}:{line}: {room} may not include <{name}> ({vendor})")
    return out


def reachable_files(tree, room):
    """Files that the sources of `room` include, directly or not -> how they came in."""
    came = {path: None for path, own in tree.sources() if own and (own == room or own.startswith(room + "/"))}
    todo = list(came)
    while todo:
        path = todo.pop()
        for _, quoted, name in tree.includes(path):
            target = tree.resolve(path, quoted, name)
            if target in tree._file_set() and target not in came:
                came[target] = path
                todo.append(target)
    return came


def check_never(tree):
    """What [never] forbids is not reachable over any number of includes."""
    out = []
    for room, forbidden in tree.never.items():
        came = reachable_files(tree, room)
        for path in sorted(came):
            if tree.room_of(path) in forbidden:
                chain, at = [path], came[path]
                while at:
                    chain.append(at)
                    at = came[at]
                out.append(f"{room} reaches {tree.room_of(path)}: " + " <- ".join(chain))
    return out


def symbols(binary, *options):
    answer = subprocess.run(["nm", "-C", *options, str(binary)], capture_output=True, text=True, check=True)
    return [line.split(" ", 2)[-1].strip() if line[0] != " " else line.strip().split(" ", 1)[-1] for line in answer.stdout.splitlines() if line]


def check_link(binary, forbidden_rooms):
    """No symbol of a forbidden room's namespace is in the binary. It must not be stripped, or this would prove nothing."""
    names = symbols(binary)
    if not any("godwit::" in name for name in names):
        return [f"{binary}: has no symbols to look at (stripped?)"]
    out = []
    for room in forbidden_rooms:
        space = "godwit::" + room.split("/")[-1] + "::"
        found = [name for name in names if space in name]
        out += [f"{binary}: links {room}: {name}" for name in found[:3]]
    return out


def exported(library):
    """Dynamic symbols that the library defines, demangled, sorted."""
    answer = subprocess.run(["nm", "-D", "-C", "--defined-only", str(library)], capture_output=True, text=True, check=True)
    return sorted({line.split(" ", 2)[2].strip() for line in answer.stdout.splitlines() if len(line.split(" ", 2)) == 3})


def check_exports(tree, library, pinned="tests/layers/exported_symbols.txt"):
    """The shared library exports what the pinned list says, no more and no less."""
    want = {line for line in tree.text(pinned).splitlines() if line and not line.startswith("#")}
    have = set(exported(library))
    return [f"{library}: exports {name}, which {pinned} does not list" for name in sorted(have - want)] + [
        f"{library}: no longer exports {name}: an ABI break" for name in sorted(want - have)]


def check_headers_alone(tree, compilers):
    """Every public header compiles by itself, with warnings as errors."""
    out = []
    public = [p for p in tree.files if p.startswith("include/godwit/") and p.endswith((".hpp", ".h"))]
    if not public:
        out.append("include/godwit: no public headers")
    strict = ["-fsyntax-only", "-Wall", "-Wextra", "-Wpedantic", "-Wshadow", "-Wconversion", "-Werror", "-I" + str(tree.root / "include")]
    for compiler in compilers:
        for path in public:
            languages = [["-x", "c++", "-std=c++20"]] + ([["-x", "c", "-std=c99"]] if path.endswith(".h") else [])
            for language in languages:
                program = f"#include <{path.removeprefix('include/')}>\n"
                done = subprocess.run([compiler, *language, *strict, "-"], input=program, capture_output=True, text=True)
                if done.returncode != 0:
                    out.append(f"{path}: does not compile alone ({compiler} {language[1]}): {done.stderr.strip().splitlines()[0]}")
    return out


def check_sizes(tree, warn=lambda text: None):
    """Files stay readable: a note above 500 lines, a failure above 800."""
    out = []
    for path in tree.files:
        if not path.endswith(SOURCE + (".py",)) or "/vectors/" in path:
            continue
        text = tree.text(path)
        if "Made by tools/schema.py" in text[:200]:  # nobody reads or writes it; schema/ is what is read
            continue
        lines = text.count("\n")
        if lines > LINES_MAX:
            out.append(f"{path}: {lines} lines, more than {LINES_MAX}: split it")
        elif lines > LINES_WARN:
            warn(f"{path}: {lines} lines: which second thing moved in?")
    return out


def check_paths(tree):
    """No path of somebody's machine stands in the tree."""
    out = []
    for path in tree.files:
        if pathlib.PurePosixPath(path).suffix not in TEXT:
            continue
        for number, line in enumerate(tree.text(path).splitlines(), 1):
            if MACHINE_PATHS.search(line):
                out.append(f"{path}:{number}: a path of one machine: {line.strip()[:80]}")
    return out


def check_leftovers(tree):
    """No merge was committed half done."""
    out = []
    for path in tree.files:
        if pathlib.PurePosixPath(path).suffix in TEXT:
            for number, line in enumerate(tree.text(path).splitlines(), 1):
                if line.startswith(("<" * 7 + " ", ">" * 7 + " ")):
                    out.append(f"{path}:{number}: left over from a merge")
    return out


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--root", required=True)
    arguments.add_argument("--relay", help="the relay's program: must not link what [never] forbids")
    arguments.add_argument("--library", help="the shared library: its exports are pinned")
    arguments.add_argument("--cxx", default="g++ clang++-19", help="compilers for the public headers; those not installed are skipped, one must be")
    options = arguments.parse_args()
    tree = Tree(options.root)
    which = lambda name: subprocess.run(["sh", "-c", f"command -v {name}"], capture_output=True).returncode == 0
    compilers = [name for name in options.cxx.split() if which(name)]

    checks = [
        ("edges", lambda: check_edges(tree)),
        ("vendor headers", lambda: check_vendors(tree)),
        ("never reachable", lambda: check_never(tree)),
        (f"public headers alone ({', '.join(compilers)})", lambda: check_headers_alone(tree, compilers) if compilers else ["no compiler"]),
        ("file sizes", lambda: check_sizes(tree, lambda text: print("note:", text))),
        ("machine paths", lambda: check_paths(tree)),
        ("leftovers of merges", lambda: check_leftovers(tree)),
    ]
    if options.relay:
        checks.append(("relay's link graph", lambda: check_link(options.relay, tree.never["relay"])))
    if options.library:
        checks.append(("exported symbols", lambda: check_exports(tree, options.library)))

    failed = 0
    for name, check in checks:
        findings = check()
        failed += bool(findings)
        print(("FAIL " if findings else "ok   ") + name)
        for finding in findings:
            print("     " + finding)
    print(f"layers: {len(checks) - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
