"""Make the Python environment `.venv` from requirement files; leave it alone while they are what it was made from.

python3 -m provision.environment [--lock]
"""

from __future__ import annotations

import shutil
from pathlib import Path

from provision.common import TOP, ProvisionError, digest, finish, install, locked, output, run, say
from provision.packages import install_packages

VENV = TOP / ".venv"
STAMP = VENV / ".made-from"
REQUIREMENTS = (TOP / "requirements.txt", TOP / "requirements-stack.txt", TOP / "requirements-dev.txt")
LOCK = TOP / "constraints.txt"
_PYTHONS = ("python3.11", "python3.12", "python3.13", "python3")
_VERSION = "import sys; print('%d.%d.%d' % sys.version_info[:3])"
_GIT = (2, 38)  # the first with `merge-tree --write-tree`


def find_python() -> tuple[str, str]:
    """Find the interpreter to use and its version: 3.11 if there is one, else the next newer."""
    for name in _PYTHONS:
        path = shutil.which(name)
        version = output(path, "-c", _VERSION) if path else None
        if path and version and tuple(map(int, version.split("."))) >= (3, 11):
            return path, version
    raise ProvisionError(
        "Phaseplan needs Python 3.11 or newer, and none of " + ", ".join(_PYTHONS) + " is one. "
        "Install it; on Debian 12: sudo apt-get install python3.11 python3.11-venv"
    )


def need_venv(python: str, version: str) -> None:
    """Make sure that `python` can make environments: Debian splits that off into a package."""
    if output(python, "-c", "import ensurepip, venv") is None:
        short = ".".join(version.split(".")[:2])
        install(f"python{short}-venv", why=f"{python} cannot make virtual environments")


def need_git() -> None:
    """Make sure of a git that merges without a work tree."""
    if shutil.which("git") is None:
        install("git", why="git is missing")
    answer = output("git", "--version") or ""
    words = answer.split()
    version = tuple(int(n) for n in words[2].split(".")[:2]) if len(words) > 2 else (0, 0)
    if version < _GIT:
        raise ProvisionError(
            f"Phaseplan needs git 2.38 or newer (merge-tree --write-tree); this is: {answer or 'none'}"
        )


def own() -> None:
    """Make sure that `.venv` is a folder of this checkout: what is made anew is cleared first, also behind a link.

    :raises ProvisionError: it is a symbolic link, or something else that is no folder.
    """
    if VENV.is_symlink():
        raise ProvisionError(
            f"{VENV} is a symbolic link to {VENV.resolve()}, which was not made for this checkout. "
            "Nothing was changed, for others may use that folder. Next: run `make environment` where it belongs, or "
            f"remove the link (rm {VENV}) and run it here."
        )
    if VENV.exists() and not VENV.is_dir():
        raise ProvisionError(f"{VENV} is no folder. Next: move it away, then run `make environment`.")


def make(python: str, version: str, *wanted: str) -> None:
    """Make `.venv` anew, install into it what is wanted, and let it import `phaseplan` from this checkout.

    :param wanted: as `pip install` takes it.
    """
    own()
    say(f"making the Python environment .venv with Python {version} (some seconds; minutes where uv cannot be had)")
    run(python, "-m", "venv", "--clear", str(VENV), quiet=True)
    install_packages(str(VENV / "bin/python"), *wanted)
    (packages,) = VENV.glob("lib/python*/site-packages")
    (packages / "phaseplan-checkout.pth").write_text(f"{TOP / 'include'}\n")


def lock() -> int:
    """Renew constraints.txt from what the direct requirements resolve to today."""
    python, version = find_python()
    need_venv(python, version)
    make(python, version, *(word for path in REQUIREMENTS for word in ("-r", str(path))))
    frozen = output(str(VENV / "bin/python"), "-m", "pip", "freeze") or ""
    head = "".join(line for line in LOCK.read_text().splitlines(keepends=True) if line.startswith("#"))
    LOCK.write_text(head + "".join(f"{line}\n" for line in sorted(frozen.splitlines(), key=str.lower)))
    STAMP.write_text(digest([*REQUIREMENTS, LOCK], version, str(TOP)))
    return 0


def ensure() -> int:
    """Make `.venv` unless it was made from these very files, by this Python, at this place."""
    need_git()
    python, version = find_python()
    made_from = digest([*REQUIREMENTS, LOCK], version, str(TOP))
    with locked("environment"):
        if STAMP.is_file() and STAMP.read_text() == made_from and usable(VENV):
            return 0
        need_venv(python, version)
        make(python, version, "--no-deps", "-r", str(LOCK))  # the lock has all: nothing is left to be resolved
        STAMP.write_text(made_from)
    return 0


def usable(venv: Path) -> bool:
    """Say whether the environment's interpreter still starts (the system's Python may have gone)."""
    return output(str(venv / "bin/python"), "-c", "") is not None


def main(argv: list[str]) -> int:
    """Make `.venv` if needed; with `--lock` renew constraints.txt."""
    if argv not in ([], ["--lock"]):
        raise ProvisionError(f"usage: {__doc__}")
    return lock() if argv else ensure()


if __name__ == "__main__":
    finish(main)
