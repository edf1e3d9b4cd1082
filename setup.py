"""Which packages are installed, the one thing that pyproject.toml cannot say: `migrations` under a name of its own."""

from setuptools import find_packages, setup

setup(
    packages=[
        *find_packages(include=["surveil*", "training*"]),
        *(f"surveil_{name}" for name in find_packages(include=["migrations*"])),
    ],
    package_dir={"surveil_migrations": "migrations"},
)
