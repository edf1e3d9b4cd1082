"""What is installed is whole: weights, templates, schemas and migrations come with the wheel."""

import fnmatch
import os
import shutil
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
SOURCES = ("pyproject.toml", "setup.py", "README.md", "LICENSE", "surveil", "training", "migrations")
INSTALLED_AS = {"migrations": "surveil_migrations"}
NOT_INSTALLED = {".pyc", ".mako"}  # the template of a migration is for developers


def files_of(package):
    """What the sources of a package hold, by the path that each has when it is installed."""
    folder = ROOT / package
    for path in folder.rglob("*"):
        if path.is_file() and path.suffix not in NOT_INSTALLED:
            yield f"{INSTALLED_AS.get(package, package)}/{path.relative_to(folder).as_posix()}"


def test_every_file_that_is_no_module_is_named_for_the_wheel():
    patterns = PROJECT["tool"]["setuptools"]["package-data"]
    named = [f"{package}/{pattern}" for package, given in patterns.items() for pattern in given]
    data = [name for package in ("surveil", "training", "migrations") for name in files_of(package)]
    data = [name for name in data if not name.endswith(".py")]
    assert {name for name in data if name.endswith(".safetensors")}, "the weights"
    assert [name for name in data if not any(fnmatch.fnmatch(name, pattern) for pattern in named)] == []


def test_every_folder_with_modules_is_a_package():
    for package in ("surveil", "training", "migrations"):
        for module in (ROOT / package).rglob("*.py"):
            assert (module.parent / "__init__.py").is_file(), f"{module.parent} would not be installed"


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    """A folder with what the wheel holds, as pip puts it there, and the wheel's list of files."""
    sources, wheels, target = (tmp_path_factory.mktemp(name) for name in ("sources", "wheels", "target"))
    for name in SOURCES:
        copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy
        copy(ROOT / name, sources / name)
    pip = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check"]
    offline = ["--no-deps", "--no-index"]
    subprocess.run([*pip, "wheel", *offline, "--no-build-isolation", "-w", wheels, sources], check=True)
    [wheel] = wheels.glob("*.whl")
    subprocess.run([*pip, "install", *offline, "--target", target, wheel], check=True)
    return target, set(zipfile.ZipFile(wheel).namelist())


@pytest.mark.slow
@pytest.mark.parametrize("package", ["surveil", "training", "migrations"])
def test_the_wheel_holds_every_file_of_the_package(installed, package):
    assert set(files_of(package)) - installed[1] == set()


@pytest.mark.slow
def test_what_is_installed_runs_away_from_its_sources(installed, tmp_path):
    target, _ = installed
    environment = os.environ | {"PYTHONPATH": str(target), "HOME": str(tmp_path), "PYTHONDONTWRITEBYTECODE": "1"}

    def run(*command):
        done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        return done.stdout

    where = "import surveil, surveil_migrations; print(surveil.__file__, surveil_migrations.__file__, sep='\\n')"
    for file in run(sys.executable, "-c", where).split():
        assert Path(file).is_relative_to(target), "not the sources beside"
    surveil = [sys.executable, str(target / "bin" / "surveil")]
    assert "search" in run(*surveil, "--help")
    assert "Schema" in run(*surveil, "--database", "sqlite:///x.db", "db", "upgrade")
    assert (tmp_path / "x.db").is_file()
    assert '"footage": []' in run(*surveil, "--database", "sqlite:///x.db", "status", "--json")
