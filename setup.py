"""Builds the compiled part of the Python package with CMake.

QTOT_BUILD_DIR=DIR takes a build tree that is configured already, in place of a fresh one below build/.
QTOT_EXTENSION=FILE takes the compiled part as it is and builds nothing.
CMAKE_ARGS and CMAKE_BUILD_PARALLEL_LEVEL mean what they mean elsewhere.
"""

import os
import pathlib
import re
import shlex
import shutil
import subprocess
import sys

from setuptools import Extension, setup
from setuptools.command.build_ext import build_ext

HERE = pathlib.Path(__file__).resolve().parent


class CMakeBuild(build_ext):
    def build_extension(self, extension):
        target = pathlib.Path(self.get_ext_fullpath(extension.name))
        target.parent.mkdir(parents=True, exist_ok=True)
        ready = os.environ.get("QTOT_EXTENSION")
        built = pathlib.Path(ready) if ready else self.build_with_cmake(target.name)
        shutil.copyfile(built, target)

    def build_with_cmake(self, name):
        folder = os.environ.get("QTOT_BUILD_DIR")
        if folder is None:
            folder = pathlib.Path(self.build_temp).resolve()
            run("cmake", "-S", HERE, "-B", folder, "-DCMAKE_BUILD_TYPE=Release", "-DQTOT_PYTHON=ON",
                "-DQTOT_BUILD_TESTS=OFF", f"-DPython_EXECUTABLE={sys.executable}",
                *shlex.split(os.environ.get("CMAKE_ARGS", "")))
        parallel = [] if "CMAKE_BUILD_PARALLEL_LEVEL" in os.environ else ["--parallel", os.cpu_count() or 1]
        run("cmake", "--build", folder, "--target", "qtot_python", *parallel)
        return pathlib.Path(folder) / "python" / "qtot" / name


def run(*words):
    subprocess.run([str(word) for word in words], check=True)


def version():
    return re.search(r"project\(qtot VERSION ([0-9.]+) ", (HERE / "CMakeLists.txt").read_text())[1]


setup(version=version(), ext_modules=[Extension("qtot._core", sources=[])],
      cmdclass={"build_ext": CMakeBuild})
