# SPDX-License-Identifier: Apache-2.0
"""Documents as a test: links lead somewhere, the README's example is the one that is compiled, the index of decisions is whole.

    docs.py --root DIR        docs.py --selftest
"""

import argparse
import json
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
FENCE = re.compile(r"^```.*?^```$", re.M | re.S)
EXAMPLE = "examples/hello.cpp"


def documents(root):
    return sorted(p for p in root.rglob("*.md") if not any(part.startswith(("build", ".")) for part in p.relative_to(root).parts))


def check_links(root):
    """Every relative link names a file or folder; every #anchor a heading of that page."""
    out = []
    for page in documents(root):
        text = FENCE.sub("", page.read_text())
        for target in LINK.findall(text):
            if re.match(r"[a-z]+:", target):
                continue
            path, _, anchor = target.partition("#")
            there = (page.parent / path) if path else page
            if not there.exists():
                out.append(f"{page.relative_to(root)}: {target} leads nowhere")
            elif anchor and anchor not in headings(there):
                out.append(f"{page.relative_to(root)}: {target}: no such heading")
    return out


def headings(page):
    """Anchors as GitHub makes them."""
    titles = re.findall(r"^#+ (.*)$", FENCE.sub("", page.read_text()), re.M)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


def check_example(root):
    """The README shows, word for word, the marked part of a file that CI compiles."""
    source = (root / EXAMPLE).read_text()
    shown = re.search(r"// README: begin\n(.*?)// README: end", source, re.S)
    if not shown:
        return [f"{EXAMPLE}: no part marked for the README"]
    if f"```cpp\n{shown.group(1)}```" not in (root / "README.md").read_text():
        return [f"README.md: its example is not the marked part of {EXAMPLE}"]
    return []


def check_decisions(root):
    """docs/adr/README.md lists every decision, under its title; numbers are unique."""
    out, index, seen = [], (root / "docs/adr/README.md").read_text(), {}
    for page in sorted((root / "docs/adr").glob("[0-9]*.md")):
        number = page.name[:4]
        if number in seen:
            out.append(f"docs/adr/{page.name}: {number} is taken by {seen[number]}")
        seen[number] = page.name
        if f"({page.name})" not in index:
            out.append(f"docs/adr/README.md: does not list {page.name}")
    return out


def check_reachable(root):
    """Every page under docs/ is reached from the README over links."""
    reached, todo = set(), [root / "README.md"]
    while todo:
        page = todo.pop()
        if page in reached or not page.is_file():
            continue
        reached.add(page)
        if page.suffix == ".md":
            targets = (t.partition("#")[0] for t in LINK.findall(FENCE.sub("", page.read_text())) if not re.match(r"[a-z]+:", t))
            todo += [(page.parent / t).resolve() for t in targets if t]
    return [f"{p.relative_to(root)}: no page leads here from the README" for p in sorted((root / "docs").rglob("*.md")) if p not in reached]


def check_translation(root):
    """What is there in Chinese has the English page's headings, links, commands and examples, and no others, but for what examples say."""
    out = []
    for page in ("README.md", "docs/getting-started.md"):
        name = page.replace(".md", ".zh-CN.md")
        if not (root / page).is_file():
            continue
        if not (root / name).is_file():
            out.append(f"{name}: is missing")
            continue
        own, other = (root / page).read_text(), (root / name).read_text()
        if len(re.findall(r"^#+ ", FENCE.sub("", own), re.M)) != len(re.findall(r"^#+ ", FENCE.sub("", other), re.M)):
            out.append(f"{name}: has other headings than {page}")
        itself = {pathlib.PurePath(name).name, pathlib.PurePath(page).name}
        out += [f"{name}: lacks the link to {link}" for link in sorted(set(LINK.findall(own)) - set(LINK.findall(other)) - itself)]
        out += [f"{page}: lacks the command {line}" for line in sorted(set(commands(other)) - set(commands(own)))]
        out += [f"{name}: lacks the command {line}" for line in sorted(set(commands(own)) - set(commands(other)))]
        out += [f"{name}: an example is not that of {page}" for block in examples(own) if block not in examples(other)]
        out += [f"{page}: lacks an example that {name} has" for block in examples(other) if block not in examples(own)]
    return out


def commands(text):
    """What a page tells to type, without the words beside it."""
    return [line.partition("  #")[0].strip() for line in re.findall(r"^    \$ (.*)$", text, re.M)]


def examples(text):
    """Its blocks of code, without what stands in their strings and remarks."""
    silent = (re.sub(r'"(?:\\.|[^"\\])*"', '""', block) for block in re.findall(r"^```\w+\n.*?^```$", text, re.M | re.S))
    return [re.sub(r" *(?:#|//) .*$", "", block, flags=re.M) for block in silent]


def check_blocks(root):
    """Code blocks of Python compile, those of JavaScript are looked at by Node.js where it is."""
    out = []
    node = shutil.which("node")
    for page in documents(root):
        for language, code in re.findall(r"^```(\w+)\n(.*?)^```$", page.read_text(), re.M | re.S):
            where = f"{page.relative_to(root)}: a block of {language}"
            if language == "python":
                try:
                    compile(code, str(page), "exec", dont_inherit=True)
                except SyntaxError as trouble:
                    out.append(f"{where}: {trouble}")
            elif language == "js" and node:
                with tempfile.NamedTemporaryFile("w", suffix=".js") as file:
                    file.write(code)
                    file.flush()
                    done = subprocess.run([node, "--check", file.name], capture_output=True, text=True, check=False)
                if done.returncode:
                    out.append(f"{where}: {done.stderr.strip().splitlines()[-1]}")
    return out


def check_titles(root):
    """Decisions begin with their number and title, and the index names them so, in order."""
    out, index = [], (root / "docs/adr/README.md").read_text()
    rows = re.findall(r"^- \[(\d{4})\]\((\S+)\) (.*)$", index, re.M)
    if [number for number, _, _ in rows] != sorted(number for number, _, _ in rows):
        out.append("docs/adr/README.md: its decisions are not in order")
    for number, name, title in rows:
        page = root / "docs/adr" / name
        if not page.is_file():
            continue
        head = page.read_text().partition("\n")[0]
        # What it replaces is said behind the title in the index.
        if head != f"# {number} — {re.sub(r' [(].*[)]$', '', title)}":
            out.append(f"docs/adr/{name}: begins with {head!r}, and the index calls it {title!r}")
    return out


def check_tables(root):
    """No table of a page has a row twice; a table of folders has each folder once."""
    out = []
    for page in documents(root):
        for table in re.findall(r"(?:^\|.*\n)+", page.read_text(), re.M):
            rows = [row for row in table.splitlines() if not re.fullmatch(r"[|\-: ]+", row)]
            keys = [row.split("|")[1].strip() for row in rows]
            again = {row for row in rows if rows.count(row) > 1}
            again |= {key for key in keys if keys.count(key) > 1 and re.fullmatch(r"`[\w./-]+/`", key)}
            out += [f"{page.relative_to(root)}: a table has {one[:80]!r} twice" for one in sorted(again)]
    return out


def check_versions(root):
    """There is one version, that of meson.build."""
    wanted = re.search(r"^ *version: '([\d.]+)'", (root / "meson.build").read_text(), re.M).group(1)
    out = []
    for name, pattern in VERSIONS:
        file = root / name
        found = re.search(pattern, file.read_text(), re.M) if file.is_file() else None
        if not found:
            out.append(f"{name}: says no version")
        elif found.group(1) != wanted:
            out.append(f"{name}: is of version {found.group(1)}, and meson.build of {wanted}")
    return out


VERSIONS = (
    ("bindings/python/pyproject.toml", r'^version = "([^"]+)"'),
    ("bindings/python/src/godwit/__init__.py", r'^__version__ = "([^"]+)"'),
    ("bindings/node/package.json", r'^ *"version": "([^"]+)"'),
    ("include/godwit/client.hpp", r'client_version = "([^"]+)"'),
    ("lib/engine/engine.hpp", r'client_version = "([^"]+)"'),
    ("debian/changelog", r"^godwit \(([^)]+)\)"),
)


def check_vocabulary(root):
    """docs/cli.md names every request and event of the schema."""
    model = json.loads((root / "schema/godwit.json").read_text())
    page = (root / "docs/cli.md").read_text()
    return [f"docs/cli.md: does not name {name}, of the {kind}" for kind in ("requests", "events") for name in model[kind]
            if not re.search(rf'[`"]{name}[`"]', page)]


def check_commands(root):
    """The relay's man page names every command of the program."""
    page = (root / "docs/man/godwit-relay.1.scd").read_text()
    commands = set()
    for file in (root / "relay/daemon").glob("*.cpp"):
        commands |= set(re.findall(r'add_subcommand\(\s*"([a-z-]+)"', file.read_text()))
    return [f"docs/man/godwit-relay.1.scd: does not name {name}" for name in sorted(commands) if not re.search(rf"\b{name}\b", page)]


#: Which bindings docs/mobile.md promises each of its calls in.
PHONES = {"bindings/java/src/main/cpp", "bindings/swift/Sources"}
EVERYWHERE = PHONES | {"bindings/python/src", "bindings/node/src"}
CXX = "include/godwit/client.hpp"


def check_life(root):
    """What the mobile guide says to call is there in each binding that it names."""
    page = root / "docs/mobile.md"
    asked = re.findall(r"^\|[^|]*\| `(\w+)", page.read_text() if page.is_file() else "", re.M)
    sources = {folder: "".join(p.read_text() for p in (root / folder).rglob("*") if p.suffix in (".cpp", ".py", ".swift")) for folder in EVERYWHERE}
    typed = (root / CXX).read_text()
    return [f"{CXX}: has no {name}, which docs/mobile.md promises" for name in asked if not re.search(rf"\b{name}\(", typed)] + [
            f"{folder}: does not call godwit_{name}, which docs/mobile.md promises" for name in asked
            for folder in sorted(EVERYWHERE if name in ("suspend", "resume", "trim_memory") else PHONES)
            if not re.search(rf"\bgodwit_{name}\b", sources[folder])]


CHECKS = (check_links, check_example, check_decisions, check_reachable, check_translation, check_blocks, check_life,
          check_titles, check_tables, check_versions, check_vocabulary, check_commands)


def selftest():
    """A clean folder passes; each planted fault is found."""
    clean = {
        "README.md": "# A\n[b](docs/b.md#some-heading) [d](docs/adr/README.md) [w](https://example.org) [c](docs/cli.md)\n```cpp\nint main() {}\n```\n",
        "README.zh-CN.md": "# A\n[b](docs/b.md#some-heading) [d](docs/adr/README.md) [w](https://example.org) [c](docs/cli.md)\n```cpp\nint main() {}\n```\n",
        "docs/b.md": "# B\n## Some heading\n",
        "docs/adr/README.md": "- [0001](0001-x.md) X\n",
        "docs/adr/0001-x.md": "# 0001 — X\n",
        "meson.build": "project('godwit',\n  version: '0.1.0')\n",
        "schema/godwit.json": '{"requests": {"send": {}}, "events": {"message": {}}}',
        "docs/cli.md": "# C\n`send`, `message`\n",
        "docs/man/godwit-relay.1.scd": "*backup*\n",
        "relay/daemon/backup_command.cpp": 'app.add_subcommand("backup", "")',
        "bindings/python/pyproject.toml": 'version = "0.1.0"\n',
        "bindings/python/src/godwit/__init__.py": '__version__ = "0.1.0"\n',
        "bindings/node/package.json": '{\n  "version": "0.1.0"\n}\n',
        "include/godwit/client.hpp": 'client_version = "0.1.0"',
        "lib/engine/engine.hpp": 'client_version = "0.1.0"',
        "debian/changelog": "godwit (0.1.0) unstable\n",
        EXAMPLE: "// README: begin\nint main() {}\n// README: end\n",
    }
    planted = [
        (check_links, {"docs/b.md": "# B\n## Some heading\n[gone](nowhere.md)\n"}, "leads nowhere"),
        (check_links, {"docs/b.md": "# B\n"}, "no such heading"),
        (check_example, {EXAMPLE: "// README: begin\nint main() { }\n// README: end\n"}, "not the marked part"),
        (check_example, {EXAMPLE: "int main() {}\n"}, "no part marked"),
        (check_decisions, {"docs/adr/0002-y.md": "# 0002\n"}, "does not list"),
        (check_decisions, {"docs/adr/0001-z.md": "# 0001\n"}, "is taken"),
        (check_translation, {"README.zh-CN.md": "# A\n"}, "lacks the link"),
        (check_translation, {"README.zh-CN.md": "# A\n## B\n"}, "other headings"),
        (check_translation, {"README.zh-CN.md": "# A\n"}, "is not that of README.md"),
        (check_translation, {"docs/getting-started.md": "# A\n    $ make x  # all\n", "docs/getting-started.zh-CN.md": "# A\n    $ make\n"}, "lacks the command make x"),
        (check_translation, {"docs/getting-started.md": '```c\nf("a");\n```\n', "docs/getting-started.zh-CN.md": '```c\ng("b");\n```\n'}, "is not that of docs/getting-started.md"),
        (check_translation, {"docs/getting-started.md": "# A\n", "docs/getting-started.zh-CN.md": '```c\ng("b"); // d\n```\n# A\n'}, "lacks an example that"),
        (check_blocks, {"docs/b.md": "# B\n## Some heading\n```python\ndef\n```\n"}, "a block of python"),
        (check_titles, {"docs/adr/0001-x.md": "# 1. X\n"}, "begins with"),
        (check_titles, {"docs/adr/0001-x.md": "# 0001 — Y\n"}, "begins with"),
        (check_titles, {"docs/adr/README.md": "- [0002](0002-y.md) Y\n- [0001](0001-x.md) X\n"}, "not in order"),
        (check_tables, {"docs/b.md": "# B\n| a | b |\n|---|---|\n| 1 | 2 |\n| 1 | 2 |\n"}, "twice"),
        (check_tables, {"docs/b.md": "# B\n| a | b |\n|---|---|\n| `lib/x/` | 2 |\n| `lib/x/` | 3 |\n"}, "twice"),
        (check_versions, {"bindings/node/package.json": '{\n  "version": "0.2.0"\n}\n'}, "is of version 0.2.0"),
        (check_versions, {"debian/changelog": "godwit\n"}, "says no version"),
        (check_vocabulary, {"docs/cli.md": "# C\n`send`, a message\n"}, "does not name message"),
        (check_commands, {"docs/man/godwit-relay.1.scd": "nothing\n"}, "does not name backup"),
        (check_life, {"docs/mobile.md": "| short of memory | `trim_memory` | gives back |\n"}, "bindings/swift/Sources: does not call godwit_trim_memory"),
        (check_life, {"docs/mobile.md": "| short of memory | `trim_memory` | gives back |\n"}, "include/godwit/client.hpp: has no trim_memory"),
        (check_reachable, {"docs/lonely.md": "# Nobody comes\n"}, "docs/lonely.md"),
    ]
    passed = failed = 0
    for check, changes, expected in [(c, {}, None) for c in CHECKS] + planted:
        with tempfile.TemporaryDirectory(prefix="docs-") as folder:
            root = pathlib.Path(folder).resolve()
            for name, text in {**clean, **changes}.items():
                (root / name).parent.mkdir(parents=True, exist_ok=True)
                (root / name).write_text(text)
            found = check(root)
            good = any(expected in f for f in found) if expected else not found
            passed, failed = passed + good, failed + (not good)
            print(f"{'ok  ' if good else 'FAIL'} {check.__name__}: {expected or 'clean'}{'' if good else f': found {found}'}")
    print(f"docs selftest: {passed} passed, {failed} failed")
    return 1 if failed else 0


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--root")
    arguments.add_argument("--selftest", action="store_true")
    options = arguments.parse_args()
    if options.selftest:
        return selftest()
    failed = 0
    for check in CHECKS:
        findings = check(pathlib.Path(options.root).resolve())
        failed += bool(findings)
        print(("FAIL " if findings else "ok   ") + check.__doc__.split(";")[0].strip(".\n "))
        for finding in findings:
            print("     " + finding)
    print(f"docs: {len(CHECKS) - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
