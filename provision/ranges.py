"""Try the oldest and the newest of everything that the wheel asks for, on each Python: the table in docs/install.md.

python3 -m provision.ranges [TESTS...]

Each pair gets an environment of its own under `.phaseplan/ranges`, made by uv, which also fetches a Python that is not
there. Without TESTS: those of plans, settings, DAGs and operators, and of the wheel in an Airflow of another's making,
for which an engine has to answer (`make ranges` brings one).
"""

from __future__ import annotations

import os
import subprocess
import sys
import tomllib
from pathlib import Path

from provision.common import TOP, finish, run, say
from provision.packages import pinned

FOLDER = TOP / ".phaseplan" / "ranges"
PYTHONS = ("3.11", "3.12")
ENDS = {"oldest": "lowest-direct", "newest": "highest"}
#: What the table names.
SHOWN = ("apache-airflow", "pydantic", "docker", "aiodocker")
TESTS = ("tests/plan", "tests/config", "tests/compile", "tests/operators", "tests/install")
#: What the tests need besides; the wheel's own requirements are not moved for it.
_CHECKS: tuple[str, ...] = (
    "pytest",
    "pytest-timeout",
    "pytest-xdist",
    "hypothesis",
    "jsonschema",
    "hatchling",
    "pip",
    "statsd",
    "apache-airflow-providers-git",  # GitDagBundle, in tests/install
)


def requirements() -> list[str]:
    """Return what the wheel asks for."""
    with (TOP / "pyproject.toml").open("rb") as file:
        return list(tomllib.load(file)["project"]["dependencies"])


def need_uv() -> Path:
    """Install uv into an environment of its own, once."""
    program = FOLDER / "uv/bin/uv"
    if not program.exists():
        run(sys.executable, "-m", "venv", str(FOLDER / "uv"), quiet=True)
        run(str(FOLDER / "uv/bin/python"), "-m", "pip", "install", "-q", pinned(), quiet=True)
    return program


def make(uv: Path, version: str, end: str) -> tuple[Path, dict[str, str]]:
    """Make an environment with one end of all ranges; return its Python and what was installed."""
    place = FOLDER / f"{end}-{version}"
    python, pins = place / "bin/python", place / "pins.txt"
    run(str(uv), "venv", "-q", "--clear", "--python", version, str(place), quiet=True)
    pip = (str(uv), "pip", "install", "-q", "--no-config", "--python", str(python))
    run(*pip, "--resolution", ENDS[end], *requirements(), quiet=True)
    freeze = (str(uv), "pip", "freeze", "-q", "--python", str(python))
    frozen = subprocess.run(freeze, check=True, capture_output=True, text=True).stdout
    pins.write_text(frozen)
    run(*pip, "-c", str(pins), *_CHECKS, quiet=True)
    return python, dict(line.split("==", 1) for line in frozen.splitlines() if "==" in line)


def tried(python: Path, tests: list[str]) -> tuple[int, str]:
    """Run tests with a Python; return the exit code and the last line of what they say."""
    home = python.parents[1] / "home"
    home.mkdir(exist_ok=True)
    more = {"HOME": str(home), "AIRFLOW_HOME": str(home), "PYTHONPATH": str(TOP / "include")}
    command = [str(python), "-m", "pytest", "-q", "-p", "no:cacheprovider", "--timeout=0", *tests]
    done = subprocess.run(command, cwd=TOP, env=os.environ | more, stdout=subprocess.PIPE, text=True)
    lines = done.stdout.strip().splitlines() or ["nothing was said"]
    if done.returncode:
        say("\n".join(lines[-40:]))
    return done.returncode, lines[-1].strip("= ")


def main(argv: list[str]) -> int:
    """Try every pair, and print the table; return 1 if one of them failed."""
    uv = need_uv()
    tests = argv or list(TESTS)
    rows, failed = [], 0
    for version in PYTHONS:
        for end in ENDS:
            python, found = make(uv, version, end)
            code, last = tried(python, tests)
            failed |= code != 0
            rows.append(f"| {version} | {end} | {' | '.join(found.get(name, '?') for name in SHOWN)} | {last} |")
            say(rows[-1])
    head = f"| Python | ranges | {' | '.join(SHOWN)} | tests |\n|{'---|' * (len(SHOWN) + 3)}"
    print("\n".join([head, *rows]))
    return int(failed)


if __name__ == "__main__":
    finish(main)
