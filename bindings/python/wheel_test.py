#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Builds the wheel, unpacks it where nothing else is, and runs the tests against it: wheel_test.py --library FILE --relay FILE"""
import argparse
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import zipfile

HERE = pathlib.Path(__file__).resolve().parent


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--library", type=pathlib.Path, required=True)
    arguments.add_argument("--relay", type=pathlib.Path, required=True)
    arguments.add_argument("--keep", type=pathlib.Path, help="a folder that gets the wheel")
    given = arguments.parse_args()
    with tempfile.TemporaryDirectory(prefix="godwit-wheel-") as name:
        folder = pathlib.Path(name)
        sources = folder / "source"
        shutil.copytree(HERE, sources, ignore=shutil.ignore_patterns("__pycache__"))
        environment = os.environ | {"GODWIT_LIBRARY": str(given.library.resolve())}
        built = subprocess.run([sys.executable, "-c", "import setuptools.build_meta as b; b.build_wheel('dist')"], cwd=sources, env=environment,
                               stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
        if built.returncode:
            sys.exit(f"{built.stdout}\nwheel_test: the wheel was not built")
        [wheel] = (sources / "dist").glob("*.whl")
        tag = wheel.stem.split("-", 2)[2]
        if not tag.startswith("py3-none-") or tag.endswith("-any"):
            sys.exit(f"wheel_test: {wheel.name} is not of one platform")
        with zipfile.ZipFile(wheel) as archive:
            archive.extractall(folder / "installed")
            names = archive.namelist()
        for needed in ("godwit/py.typed", "godwit/libgodwit.so", "godwit/_schema.py"):
            if needed not in names:
                sys.exit(f"wheel_test: {needed} is not in {wheel.name}")
        print(f"{wheel.name}: {wheel.stat().st_size} bytes", flush=True)
        if given.keep:
            given.keep.mkdir(parents=True, exist_ok=True)
            shutil.copy(wheel, given.keep)
        environment = {key: value for key, value in os.environ.items() if key != "GODWIT_LIBRARY"}
        environment |= {"PYTHONPATH": str(folder / "installed"), "GODWIT_RELAY": str(given.relay.resolve())}
        sys.exit(subprocess.run([sys.executable, "-B", HERE / "tests" / "test_client.py"], env=environment, cwd=folder, check=False).returncode)


if __name__ == "__main__":
    main()
