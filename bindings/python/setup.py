# SPDX-License-Identifier: Apache-2.0
"""Puts the shared library that GODWIT_LIBRARY names into the wheel, which is then one of a platform, and of any Python 3."""
import os
import pathlib
import shutil
import subprocess

from setuptools import Distribution, setup
from setuptools.command.build_py import build_py

try:
    from setuptools.command.bdist_wheel import bdist_wheel  # of 70.1 and later
except ImportError:
    from wheel.bdist_wheel import bdist_wheel


class WithLibrary(build_py):
    def run(self):
        super().run()
        library = os.environ.get("GODWIT_LIBRARY")
        if not library:
            raise SystemExit("GODWIT_LIBRARY: say where libgodwit.so is, e.g. build/lib/assembly/libgodwit.so")
        target = pathlib.Path(self.build_lib) / "godwit" / ("libgodwit" + "".join(pathlib.Path(library).suffixes[:1]))
        self.mkpath(str(target.parent))
        shutil.copyfile(library, target)
        if shutil.which("strip"):  # debug information is most of it
            subprocess.run(["strip", "--strip-unneeded", str(target)], check=True)


class Native(Distribution):
    def has_ext_modules(self):
        return True


class OfPlatform(bdist_wheel):
    def get_tag(self):
        return "py3", "none", super().get_tag()[2]


setup(distclass=Native, cmdclass={"build_py": WithLibrary, "bdist_wheel": OfPlatform})
