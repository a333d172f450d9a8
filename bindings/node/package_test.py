#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Puts the package together, and runs the tests against it as a program would have it: in node_modules, with nothing else around.

    package_test.py --node FILE --addon FILE --library FILE --relay FILE [--keep FOLDER]     npm, where it is, packs it
    --keep: also leaves the package (or npm's archive) there
"""
import argparse
import os
import pathlib
import platform
import shutil
import subprocess
import sys
import tarfile
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
PLATFORM = f"{sys.platform}-{ {'x86_64': 'x64', 'aarch64': 'arm64'}.get(platform.machine(), platform.machine()) }"


def assemble(folder, addon, library):
    """The package, with the addon and the library that it loads beside it."""
    for name in ("lib", "package.json", "README.md"):
        (shutil.copytree if (HERE / name).is_dir() else shutil.copy)(HERE / name, folder / name)
    native = folder / "prebuilds" / PLATFORM
    native.mkdir(parents=True)
    shutil.copy(addon, native / "godwit.node")
    shutil.copy(library, native / "libgodwit.so.0")
    if shutil.which("strip"):
        subprocess.run(["strip", "--strip-unneeded", native / "libgodwit.so.0", native / "godwit.node"], check=True)


def main():
    arguments = argparse.ArgumentParser()
    for name in ("--node", "--addon", "--library", "--relay"):
        arguments.add_argument(name, type=pathlib.Path, required=True)
    arguments.add_argument("--keep", type=pathlib.Path)
    given = arguments.parse_args()
    with tempfile.TemporaryDirectory(prefix="godwit-node-package-") as name:
        folder = pathlib.Path(name)
        package = folder / "package"
        package.mkdir()
        assemble(package, given.addon, given.library)
        modules = folder / "app" / "node_modules"
        modules.mkdir(parents=True)
        if npm := shutil.which("npm"):
            subprocess.run([npm, "pack", "--offline", "--silent"], cwd=package, check=True, stdout=subprocess.DEVNULL)
            [archive] = package.glob("*.tgz")
            with tarfile.open(archive) as tar:
                tar.extractall(folder / "unpacked", filter="data")
            shutil.move(folder / "unpacked" / "package", modules / "godwit")
            print(f"{archive.name}: {archive.stat().st_size} bytes", flush=True)
        else:
            archive = package
            shutil.copytree(package, modules / "godwit")
            print("npm is not here: the package is tested as a folder", flush=True)
        if given.keep:
            given.keep.mkdir(parents=True, exist_ok=True)
            (shutil.copytree if archive.is_dir() else shutil.copy)(archive, given.keep / archive.name)
        environment = os.environ | {"GODWIT_PACKAGE": str(modules / "godwit"), "GODWIT_RELAY": str(given.relay.resolve())}
        environment.pop("GODWIT_ADDON", None)
        run = subprocess.run([given.node, "--test", HERE / "test"], env=environment, cwd=folder / "app", check=False)
        if not run.returncode and (tsc := shutil.which("tsc")):
            shutil.copy(HERE / "test" / "types.ts", folder / "app")
            run = subprocess.run([tsc, "--strict", "--noEmit", "--target", "es2022", "--moduleResolution", "node", "types.ts"], cwd=folder / "app", check=False)
        elif not run.returncode:
            print("not run: the declarations of TypeScript: tsc is not installed")
        sys.exit(run.returncode)


if __name__ == "__main__":
    main()
