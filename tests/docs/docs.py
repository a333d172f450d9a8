# SPDX-License-Identifier: Apache-2.0
"""Documents as a test: links lead somewhere, the README's example is the one that is compiled, the index of decisions is whole.

    docs.py --root DIR        docs.py --selftest
"""

import argparse
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
    """README.zh-CN.md has the README's headings, examples and links, each where the other has it."""
    there = root / "README.zh-CN.md"
    if not there.is_file():
        return ["README.zh-CN.md: is missing"]
    own, other = (root / "README.md").read_text(), there.read_text()
    out = []
    if len(re.findall(r"^#+ ", FENCE.sub("", own), re.M)) != len(re.findall(r"^#+ ", FENCE.sub("", other), re.M)):
        out.append("README.zh-CN.md: has other headings than the README")
    out += [f"README.zh-CN.md: lacks the link to {link}" for link in sorted(set(LINK.findall(own)) - set(LINK.findall(other)) - {"README.zh-CN.md"})]
    out += ["README.zh-CN.md: an example is not the README's" for block in re.findall(r"^```cpp\n.*?^```$", own, re.M | re.S) if block not in other]
    return out


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


CHECKS = (check_links, check_example, check_decisions, check_reachable, check_translation, check_blocks)


def selftest():
    """A clean folder passes; each planted fault is found."""
    clean = {
        "README.md": "# A\n[b](docs/b.md#some-heading) [d](docs/adr/README.md) [w](https://example.org)\n```cpp\nint main() {}\n```\n",
        "README.zh-CN.md": "# A\n[b](docs/b.md#some-heading) [d](docs/adr/README.md) [w](https://example.org)\n```cpp\nint main() {}\n```\n",
        "docs/b.md": "# B\n## Some heading\n",
        "docs/adr/README.md": "- [0001](0001-x.md) X\n",
        "docs/adr/0001-x.md": "# 0001 — X\n",
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
        (check_translation, {"README.zh-CN.md": "# A\n"}, "is not the README's"),
        (check_blocks, {"docs/b.md": "# B\n## Some heading\n```python\ndef\n```\n"}, "a block of python"),
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
