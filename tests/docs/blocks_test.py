#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Code blocks of the documents are code: each is compiled, or read by the language's own parser, as it stands.

    blocks_test.py --root DIR [--cxx g++] [--cc cc]

C and C++: a whole program, or declarations, or what stands in a function, after blocks/cpp.hpp. Java: a whole program, members of
a class, or what stands in a method, over bindings/java. Python, JavaScript, shell, TOML, JSON: read. CMake: word for word in tests/install/consumer, which the test `install`
builds. docs/mls.md speaks about rooms of its own with names of its own.
"""
import argparse
import json
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import tomllib

BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.M | re.S)
HERE = pathlib.Path(__file__).resolve().parent
# Said in the page to be code for people's eyes: its names stand for things of theirs.
SKETCHES = {("docs/mls.md", "cpp")}


def run(command, text=None):
    done = subprocess.run(command, input=text, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    return "" if done.returncode == 0 else next((line for line in done.stdout.splitlines() if "error" in line), done.stdout.strip()[-200:] or "?")


def c_family(compiler, language, standard, root, before):
    command = [*compiler.split(), "-x", language, f"-std={standard}", "-fsyntax-only", "-Wall", "-Wextra", "-Werror", "-Wno-unused-variable", "-Wno-unused-but-set-variable",
               "-I", str(root / "include"), "-"]
    inside = "int block(void)\n{{\n{}\nreturn 0;\n}}\n" if language == "c" else "void block()\n{{\n{}\n}}\n"

    def check(code):
        trouble = run(command, before + code)
        return trouble and run(command, before + inside.format(code)) and trouble
    return check


def java(javac, root):
    jar = "/usr/share/java/com.android.json.jar"
    sources = [str(path) for path in (root / "bindings/java/src/main/java").rglob("*.java")]
    if not javac or not pathlib.Path(jar).exists():
        return None
    generated = [str(path) for path in (root / "bindings/java").rglob("Schema.java")]

    def check(code):
        with tempfile.TemporaryDirectory(prefix="godwit-java-") as folder:
            if whole := re.search(r"^public class (\w+)", code, re.M):
                file = pathlib.Path(folder) / (whole[1] + ".java")
                file.write_text(code)
                return run([javac, "-d", folder, "-cp", jar, str(file), *dict.fromkeys(sources + generated)])
            file = pathlib.Path(folder) / "Block.java"
            for body in (code, "static void block() throws Exception {\n" + code + "\n}"):
                file.write_text("import org.godwit.*;\nimport org.godwit.Schema.*;\nclass Block {\n" + body + "\n}\n")
                trouble = run([javac, "-d", folder, "-cp", jar, str(file), *dict.fromkeys(sources + generated)])
                if not trouble:
                    return ""
            return trouble
    return check


def python(code):
    try:
        compile(code, "block", "exec", dont_inherit=True)
    except SyntaxError as trouble:
        return str(trouble)
    return ""


def javascript(node):
    def check(code):
        with tempfile.NamedTemporaryFile("w", suffix=".js") as file:
            file.write(code)
            file.flush()
            return run([node, "--check", file.name])
    return check if node else None


def parsed(parser, kind):
    def check(code):
        try:
            parser(code)
        except kind as trouble:
            return str(trouble)
        return ""
    return check


def cmake(root):
    words = " ".join((root / "tests/install/consumer/CMakeLists.txt").read_text().split())

    def check(code):
        # `app` is one of the consumer's programs there.
        lines = [re.sub(r"\s*#.*", "", line).strip() for line in code.splitlines()]
        return next((f"{line!r} is in no program of tests/install" for line in lines if line and re.sub(r"\bapp\b", "c_shared", line) not in words), "")
    return check


def checks(root, compilers, cc):
    before = (HERE / "blocks/cpp.hpp").read_text()
    all_cxx = [c_family(one, "c++", "c++20", root, before) for one in compilers]
    return {
        "cpp": (lambda code: next(filter(None, (check(code) for check in all_cxx)), "")) if all_cxx else None,
        "c": c_family(cc, "c", "c99", root, "#include <godwit/godwit.h>\n#include <stdio.h>\n#include <string.h>\n") if cc else None,
        "java": java(shutil.which("javac"), root),
        "python": python,
        "js": javascript(shutil.which("node")),
        "sh": lambda code: run(["bash", "-n"], code),
        "toml": parsed(tomllib.loads, tomllib.TOMLDecodeError),
        "json": parsed(json.loads, ValueError),
        "cmake": cmake(root),
        "swift": None,  # no toolchain here: bindings/swift/README.md says so
    }


def look(root, by_language):
    """(passed, failed, skipped) of all documents."""
    passed, failed, skipped = 0, 0, {}
    pages = sorted(p for p in root.rglob("*.md") if not any(part.startswith(("build", ".")) for part in p.relative_to(root).parts))
    for page in pages:
        name = page.relative_to(root).as_posix()
        for language, code in BLOCK.findall(page.read_text()):
            if (name, language) in SKETCHES:
                continue
            if language not in by_language:
                failed += 1
                print(f"FAIL {name}: a block of {language}, which nothing here can read")
            elif by_language[language] is None:
                skipped[language] = skipped.get(language, 0) + 1
            elif trouble := by_language[language](code):
                failed += 1
                print(f"FAIL {name}: a block of {language}: {trouble}")
            else:
                passed += 1
    for language, count in skipped.items():
        print(f"not run: {count} of {language}: its toolchain is not here")
    return passed, failed


def selftest(root, by_language):
    """What is no code is found, in every language that is looked at."""
    wrong = {"cpp": "auto client = Client::opened({});\n", "c": "godwit_client* client = godwit_opened();\n", "java": "Client.opened();\n", "python": "def\n",
             "js": "const = 1;\n", "sh": "if true; then\n", "toml": "a = \n", "json": "{\n", "cmake": "find_package(goodwit)\n"}
    failed = 0
    for language, code in wrong.items():
        if by_language[language] is None:
            continue
        found = bool(by_language[language](code))
        failed += not found
        print(f"{'ok  ' if found else 'FAIL'} {language}: a wrong block is found")
    return failed


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--root", type=pathlib.Path, required=True)
    arguments.add_argument("--cxx", default="g++")
    arguments.add_argument("--cc", default="cc")
    given = arguments.parse_args()
    root = given.root.resolve()
    by_language = checks(root, [one for one in given.cxx.split(",") if shutil.which(one.split()[-1])], shutil.which(given.cc))
    failed = selftest(root, by_language)
    passed, more = look(root, by_language)
    failed += more
    print(f"blocks: {passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
