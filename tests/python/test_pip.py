"""pip installs the package into a fresh environment without a network, and it works from there.

The compiled part is the build tree's: building it again would take minutes and show nothing new.
"""

import os
import pathlib
import shutil
import subprocess
import sys

import qtot

ROOT = pathlib.Path(__file__).parents[2]


def run(*words, **more):
    done = subprocess.run([str(word) for word in words], stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          text=True, **more)
    assert done.returncode == 0, done.stdout
    return done.stdout


def test_pip_installs_offline_into_a_virtual_environment(tmp_path):
    source = tmp_path / "source"  # pip leaves its traces here, not in the tree
    for name in ("pyproject.toml", "setup.py", "CMakeLists.txt"):
        source.mkdir(exist_ok=True)
        shutil.copy(ROOT / name, source)
    shutil.copytree(ROOT / "python", source / "python", ignore=shutil.ignore_patterns("__pycache__"))
    run(sys.executable, "-m", "venv", "--system-site-packages", tmp_path / "venv")
    python = tmp_path / "venv" / "bin" / "python"

    environment = {key: value for key, value in os.environ.items() if not key.startswith("PYTHON")}
    environment.update(QTOT_EXTENSION=qtot._core.__file__, PIP_NO_INDEX="1", PIP_NO_CACHE_DIR="1",
                       PIP_DISABLE_PIP_VERSION_CHECK="1", PIP_CONFIG_FILE=os.devnull)
    run(python, "-m", "pip", "install", "--no-build-isolation", ".", cwd=source, env=environment)

    program = ("import qtot; print(qtot.__version__, qtot.__file__, "
               "qtot.lambda_returns([1., 2.], [0, 0], 1, 1, 1))")
    version, path, *returns = run(python, "-c", program, cwd=tmp_path, env=environment).split()
    assert version == qtot.__version__ and path.startswith(str(tmp_path / "venv"))
    assert returns == ["[3.", "2.]"]
    assert f"Version: {version}" in run(python, "-m", "pip", "show", "qtot", cwd=tmp_path, env=environment)
