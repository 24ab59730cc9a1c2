"""Define the collector's places, its git, and its report."""

import os
import re
import shutil
import subprocess

WORKSPACE = os.environ.get("COLLECTOR_WORKSPACE", "/workspace")
AGENTS = f"{WORKSPACE}/.git"
HOME = os.environ.get("COLLECTOR_HOME", "/collector")
GIT_DIR = f"{HOME}/git"
INDEX = f"{HOME}/index"
OUT = f"{HOME}/out"
SPOKEN = 20  # findings of one kind that are reported one by one
PATIENCE = 600  # seconds for one git command: a named pipe planted as an object would block it for ever
SETTINGS = (
    "core.hooksPath=/dev/null",
    "core.fsmonitor=false",
    "core.attributesFile=/dev/null",
    "core.excludesFile=/dev/null",
    "gc.auto=0",
    "diff.ignoreSubmodules=all",
    "core.bigFileThreshold=16m",
    "core.looseCompression=0",  # written once, read once, then removed: time matters, size does not
    "pack.compression=1",
)
# What is on disk is what is committed: no .gitattributes may convert it. This file overrides all others.
BYTES = "* -text !eol -ident -filter !working-tree-encoding\n"
ID = re.compile(r"[0-9a-f]{40}")


class Damaged(Exception):
    """The agent's repository cannot be used."""


def git(*args, feed=None, work_tree=None, check=True, to=None, index=INDEX, git_dir=GIT_DIR, patience=PATIENCE):
    """Run git in our own repository; return the bytes of its output.

    :param work_tree: the folder whose files it looks at, where it looks at any.
    :param git_dir: another repository of our own.
    :raises Damaged: git failed, or did not end in time.
    """
    env = {**os.environ, "GIT_DIR": git_dir, "GIT_INDEX_FILE": index}
    if work_tree:
        env["GIT_WORK_TREE"] = work_tree
    command = ["git", *(f for setting in SETTINGS for f in ("-c", setting)), *args]
    try:
        done = subprocess.run(
            command,
            input=feed if feed is not None else b"",
            stdout=to or subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=env,
            cwd=work_tree or WORKSPACE,
            timeout=patience,
        )
    except subprocess.TimeoutExpired as late:
        raise Damaged(f"git {args[0]} did not end within {patience} s") from late
    if check and done.returncode:
        raise Damaged(f"git {args[0]}: {done.stderr.decode(errors='replace').strip()[:1000]}")
    return done.stdout


def text(data):
    """Decode bytes as text that keeps bytes that are no UTF-8."""
    return data.decode("utf-8", "surrogateescape")


def raw(data):
    """Encode text as the bytes it was."""
    return data.encode("utf-8", "surrogateescape")


def names(*args, **how):
    """List the NUL-separated names that a git command prints."""
    return [name for name in text(git(*args, **how)).split("\0") if name]


def init(borrow, git_dir=GIT_DIR):
    """Create a repository of our own, which borrows the objects of one of the agent's, or none."""
    shutil.rmtree(git_dir, ignore_errors=True)
    subprocess.run(["git", "init", "--quiet", "--bare", "--template=", git_dir], check=True, cwd=HOME)
    for folder in ("objects/info", "info"):
        os.makedirs(f"{git_dir}/{folder}", exist_ok=True)
    with open(f"{git_dir}/info/attributes", "w", encoding="ascii") as file:
        file.write(BYTES)
    if borrow:
        with open(f"{git_dir}/objects/info/alternates", "w", encoding="utf-8", errors="surrogateescape") as file:
            file.write(f"{borrow}/objects\n")


class Report:
    """Collect the lines for the worker."""

    def __init__(self):
        self.lines = []

    def say(self, *fields):
        """Add one line; no field can begin another."""
        clean = [re.sub(r"[\x00-\x1f\x7f]", "?", str(f)) for f in fields]
        self.lines.append("\t".join(clean))

    def finding(self, message, file="", limit="", actual="", gate="size"):
        """Add a finding."""
        self.say("finding", gate, file, limit, actual, message)

    def write(self):
        """Write the report where the worker fetches it."""
        with open(f"{OUT}/report", "w", encoding="utf-8", errors="surrogateescape") as file:
            file.write("\n".join(self.lines) + "\n")
