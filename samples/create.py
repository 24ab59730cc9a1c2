#!/usr/bin/env python3
"""Makes a fresh bare repository of a sample: `python3 samples/create.py SAMPLE TARGET.git [--replace]`.

One commit on `main`, its date and identity pinned, so that everybody starts from the same id.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
PINNED = {
    "GIT_AUTHOR_NAME": "Sample",
    "GIT_AUTHOR_EMAIL": "sample@example.com",
    "GIT_AUTHOR_DATE": "2024-01-15T09:00:00+0000",
    "GIT_COMMITTER_NAME": "Sample",
    "GIT_COMMITTER_EMAIL": "sample@example.com",
    "GIT_COMMITTER_DATE": "2024-01-15T09:00:00+0000",
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_SYSTEM": os.devnull,
}


def samples() -> list[str]:
    """The names of all samples."""
    return sorted(path.parent.name for path in HERE.glob("*/repository"))


def main(argv: list[str] | None = None) -> int:
    """Command line. Exit codes: 0 made, 1 the arguments are at fault, 2 git failed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("sample", choices=samples())
    parser.add_argument("target", type=Path, help="folder to make, for example demo.git")
    parser.add_argument("--replace", action="store_true", help="remove a repository that is there already")
    options = parser.parse_args(argv)
    if options.target.exists() and not _may_replace(options.target, options.replace):
        return 1
    try:
        print(f"{options.target}: main is {create(options.sample, options.target)}")
    except subprocess.CalledProcessError as error:
        print(f"create: {' '.join(error.cmd[:2])} failed: {error.stderr.strip()}", file=sys.stderr)
        return 2
    return 0


def _may_replace(target: Path, replace: bool) -> bool:
    if not replace:
        print(f"create: {target} exists; give another name or --replace", file=sys.stderr)
        return False
    if not (target / "HEAD").is_file() or not (target / "objects").is_dir():
        print(f"create: {target} is no bare repository, so it is not replaced", file=sys.stderr)
        return False
    return True


def create(sample: str, target: Path) -> str:
    """Make the repository beside its target, then put it in place; gives the commit."""
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=f".{target.name}-") as scratch:
        tree, bare = Path(scratch) / "tree", Path(scratch) / "bare.git"
        shutil.copytree(HERE / sample / "repository", tree, ignore=shutil.ignore_patterns("__pycache__"))
        _git(tree, "init", "--quiet", "--initial-branch=main", "--template=")
        _git(tree, "-c", "core.autocrlf=false", "add", "--all", "--force")
        _git(tree, "commit", "--quiet", "--message", f"Begin the sample {sample}")
        _git(tree, "clone", "--quiet", "--bare", "--no-local", "--template=", str(tree), str(bare))
        _git(bare, "remote", "remove", "origin")
        if target.exists():
            shutil.rmtree(target)
        bare.rename(target)
    return _git(target, "rev-parse", "refs/heads/main")


def _git(folder: Path, *arguments: str) -> str:
    environment = {k: v for k, v in os.environ.items() if not k.startswith("GIT_")} | PINNED
    command = ["git", *arguments]
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=True)
    return done.stdout.strip()


if __name__ == "__main__":
    sys.exit(main())
