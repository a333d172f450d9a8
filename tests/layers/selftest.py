# SPDX-License-Identifier: Apache-2.0
"""The layer test must be able to fail: a small clean tree passes, and each planted violation is found."""

import pathlib
import shutil
import subprocess
import sys
import tempfile

import layers

CLEAN = {
    "tools/layers.toml": """
[rooms]
"include" = {}
"lib/low" = { uses = ["include"], vendors = ["sodium"] }
"lib/secret" = { uses = ["lib/low"] }
"lib/high" = { uses = ["lib/low", "lib/secret"] }
"relay" = { uses = ["lib/low", "lib/high"] }
"examples" = { uses = ["include"] }
[never]
"relay" = ["lib/secret"]
[vendors]
sodium = ["sodium.h"]
uv = ["uv.h"]
c = ["stdint.h"]
""",
    "include/godwit/a.hpp": "#pragma once\n#include <string>\ninline std::string a() { return {}; }\n",
    "include/godwit/a.h": "#include <stdint.h>\nint32_t a_c(void);\n",
    "lib/low/low.hpp": "#include <godwit/a.hpp>\n",
    "lib/low/low.cpp": '#include "lib/low/low.hpp"\n#include <sodium.h>\n',
    "lib/secret/secret.hpp": '#include "lib/low/low.hpp"\n',
    "lib/high/high.hpp": '#include "lib/low/low.hpp"\n',
    "lib/high/high.cpp": '#include "lib/high/high.hpp"\n#include "lib/secret/secret.hpp"\n',
    "relay/main.cpp": '#include "lib/high/high.hpp"\n',
    "examples/program.cpp": "#include <godwit/a.hpp>\n",
}

results = {"passed": 0, "failed": 0}


def expect(name, condition, detail=""):
    results["passed" if condition else "failed"] += 1
    print(("ok   " if condition else "FAIL ") + name + (f": {detail}" if detail and not condition else ""))


class Planted:
    """A copy of the clean tree with some files written over."""

    def __init__(self, changes):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="layers-"))
        for path, text in {**CLEAN, **changes}.items():
            (self.folder / path).parent.mkdir(parents=True, exist_ok=True)
            (self.folder / path).write_text(text)

    def __enter__(self):
        return layers.Tree(self.folder)

    def __exit__(self, *_):
        shutil.rmtree(self.folder)


def finds(name, changes, check, expected):
    with Planted(changes) as tree:
        found = check(tree)
        expect(name, any(expected in finding for finding in found), f"found {found}")


def binaries(compiler):
    """The checks that look into programs, on programs made here."""
    with Planted({}) as tree:
        def build(name, text, *options):
            subprocess.run([compiler, "-x", "c++", "-", "-o", str(tree.root / name), *options], input=text, text=True, check=True)
            return tree.root / name

        good = build("good", "namespace godwit::wire { int f() { return 0; } }\nint main() { return godwit::wire::f(); }\n")
        bad = build("bad", "namespace godwit::seal { int f() { return 0; } }\nint main() { return godwit::seal::f(); }\n")
        stripped = build("stripped", "int main() {}\n", "-s")
        expect("link: clean program", not layers.check_link(good, ["lib/seal", "lib/mls"]))
        expect("link: forbidden room is found", bool(layers.check_link(bad, ["lib/seal", "lib/mls"])))
        expect("link: a stripped program proves nothing", bool(layers.check_link(stripped, ["lib/seal"])))

        library = build("lib.so", 'extern "C" int one() { return 1; }\nextern "C" int two() { return 2; }\n', "-shared", "-fPIC")
        pin = tree.root / "tests/layers/exported_symbols.txt"
        pin.parent.mkdir(parents=True, exist_ok=True)
        pin.write_text("# comment\none\ntwo\n")
        expect("exports: as pinned", not layers.check_exports(tree, library))
        pin.write_text("one\n")
        expect("exports: a new symbol is found", any("two" in f for f in layers.check_exports(tree, library)))
        pin.write_text("one\nthree\ntwo\n")
        expect("exports: a lost symbol is found", any("three" in f for f in layers.check_exports(tree, library)))


def main():
    compiler = next((c for c in ("g++", "clang++-19", "c++") if shutil.which(c)), None)
    alone = lambda tree: layers.check_headers_alone(tree, [compiler])
    everything = (layers.check_edges, layers.check_vendors, layers.check_never, layers.check_sizes, layers.check_paths, layers.check_leftovers, alone)
    with Planted({}) as tree:
        for check in everything:
            found = check(tree)
            expect(f"clean tree: {getattr(check, '__name__', 'headers')}", not found, str(found))

    finds("edge that is not allowed", {"lib/low/low.hpp": '#include "lib/high/high.hpp"\n'}, layers.check_edges, "lib/low may not include lib/high")
    finds("examples see only include", {"examples/program.cpp": '#include "lib/low/low.hpp"\n'}, layers.check_edges, "examples may not include lib/low")
    finds("a relative include is no way around", {"lib/low/low.hpp": '#include "../high/high.hpp"\n'}, layers.check_edges, "not in the tree")
    finds("a folder without a room", {"lib/new/new.cpp": "\n"}, layers.check_edges, "in no room")
    finds("an include of nothing", {"lib/low/low.hpp": '#include "lib/low/gone.hpp"\n'}, layers.check_edges, "not in the tree")
    circle = CLEAN["tools/layers.toml"].replace('"lib/low" = { uses = ["include"]', '"lib/low" = { uses = ["include", "lib/high"]')
    finds("a circle of rooms", {"tools/layers.toml": circle}, layers.check_edges, "a circle")
    finds("a vendor's header elsewhere", {"lib/high/high.cpp": "#include <sodium.h>\n"}, layers.check_vendors, "lib/high may not include <sodium.h>")
    finds("an unknown vendor", {"lib/low/low.cpp": "#include <openssl/ssl.h>\n"}, layers.check_vendors, "no vendor")
    finds("a C header in C++", {"lib/low/low.cpp": "#include <stdint.h>\n"}, layers.check_vendors, "may not include <stdint.h>")
    finds("relay reaches a forbidden room over two headers", {"lib/high/high.hpp": '#include "lib/secret/secret.hpp"\n'}, layers.check_never,
          "lib/secret/secret.hpp <- lib/high/high.hpp <- relay/main.cpp")
    finds("a header that needs another one first", {"include/godwit/a.hpp": "#pragma once\ninline std::string a();\n"}, alone, "does not compile alone")
    finds("a C header that only C++ takes", {"include/godwit/a.h": "bool a_c(void);\nclass A;\n"}, alone, "does not compile alone")
    finds("no public headers at all", {"include/godwit/a.hpp": "", "include/godwit/a.h": "int 1;"}, alone, "a.h")
    finds("a file too long", {"lib/low/low.cpp": "\n" * 801}, layers.check_sizes, "801 lines")
    finds("a path of one machine", {"README.md": "see /" + "home/somebody/godwit\n"}, layers.check_paths, "README.md:1")
    finds("a merge left half done", {"README.md": "<" * 7 + " ours\n"}, layers.check_leftovers, "README.md:1")
    binaries(compiler)

    print(f"layers selftest: {results['passed']} passed, {results['failed']} failed")
    return 1 if results["failed"] else 0


if __name__ == "__main__":
    sys.exit(main())
