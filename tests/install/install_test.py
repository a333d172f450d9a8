#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What is installed suffices: installs the build into a folder, then builds and runs programs that know nothing else, by pkg-config
and by CMake, against the shared and the static library. Says how large things are.

    install_test.py --build FOLDER --meson "meson" [--sizes]
"""
import argparse
import os
import pathlib
import re
import shlex
import shutil
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent / "consumer"
passed = failed = 0


def told(ok, what, why=""):
    global passed, failed  # pylint: disable=global-statement
    passed, failed = passed + ok, failed + (not ok)
    print(f"{'ok  ' if ok else 'FAIL'} {what}{'' if ok else ': ' + why}", flush=True)


def run(command, **more):
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False, **more)
    return done.returncode == 0, done.stdout


def relocated(root, prefix):
    """As a package manager would put it elsewhere: pkg-config's files say their prefix."""
    for file in root.rglob("godwit*.pc"):
        file.write_text(re.sub(r"^prefix=.*$", f"prefix={root}{prefix}", file.read_text(), flags=re.M))
        yield file.parent


def check_pkg_config(folder, environment):
    for language, compiler, source, standard in (("C", "cc", "main.c", "-std=c99"), ("C++", "c++", "main.cpp", "-std=c++20")):
        for module in ("godwit", "godwit-static"):
            ok, flags = run(["pkg-config", "--cflags", "--libs", module], env=environment)
            what = f"{language}, pkg-config {module}"
            if not ok:
                told(False, what, flags)
                continue
            program = folder / f"{compiler}-{module}"
            ok, out = run([compiler, standard, "-Wall", "-Wextra", "-Werror", HERE / source, "-o", program, *shlex.split(flags)])
            check_program(ok, out, what, program, folder, environment, module != "godwit-static")


def check_cmake(folder, environment, prefix):
    if not shutil.which("cmake"):
        print("not run: CMake is not here", flush=True)
        return
    tree = folder / "cmake"
    ok, out = run(["cmake", "-S", HERE, "-B", tree, f"-DCMAKE_PREFIX_PATH={prefix}"], env=environment)
    if ok:
        ok, out = run(["cmake", "--build", tree], env=environment)
    for name in ("c_shared", "c_static", "cpp_shared", "cpp_static"):
        check_program(ok, out, f"CMake, {name}", tree / name, folder, environment, name.endswith("shared"))


def check_program(built, out, what, program, folder, environment, shared):
    if built:
        ok, linked = run(["ldd", program], env=environment)
        if ok and ("libgodwit" in linked) != shared:
            told(False, what, f"is linked otherwise than it should be: {linked}")
            return
        built, out = run([program, folder / f"home-{program.name}"], env=environment)
    told(built, what, out)


def sizes(root):
    """Stripped, as a package has them."""
    for name in ("libgodwit.so.[0-9]*.[0-9]*", "libgodwit.a", "bin/godwit", "bin/godwit-relay"):
        for file in sorted(root.rglob(name)):
            if file.is_symlink():
                continue
            copy = root / "stripped"
            shutil.copy(file, copy)
            run(["strip", "--strip-unneeded", copy])
            print(f"     {file.name}: {file.stat().st_size:,} bytes, stripped {copy.stat().st_size:,}")
            copy.unlink()


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--build", type=pathlib.Path, required=True)
    arguments.add_argument("--meson", default="meson")
    arguments.add_argument("--prefix", default="/usr/local")
    given = arguments.parse_args()
    with tempfile.TemporaryDirectory(prefix="godwit-install-") as name:
        folder = pathlib.Path(name)
        root = folder / "root"
        ok, out = run([*shlex.split(given.meson), "install", "-C", given.build, "--no-rebuild", "--destdir", root])
        told(ok, "meson install", out)
        if not ok:
            sys.exit(1)
        paths = ":".join(sorted({str(path) for path in relocated(root, given.prefix)}))
        library = next(root.rglob("libgodwit.so")).parent
        environment = os.environ | {"PKG_CONFIG_PATH": paths, "LD_LIBRARY_PATH": str(library)}
        check_pkg_config(folder, environment)
        check_cmake(folder, environment, f"{root}{given.prefix}")
        sizes(root)
    print(f"install: {passed} passed, {failed} failed")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
