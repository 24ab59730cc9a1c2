"""One branch built in a workspace: check what it needs, write, generate, test, commit."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Callable
from pathlib import Path

from kcpagent import golang, gotest
from kcpagent.model import Branch

MODULE = "example.com/kcp-lite"
IMPORTS = {
    name.rsplit("/", 1)[-1]: name
    for name in ("encoding/json", "errors", "fmt", "reflect", "sort", "strings", "sync", "testing", "time")
} | {
    "context": "context",
    "meta": f"{MODULE}/pkg/apis/meta",
    "metatest": f"{MODULE}/pkg/apis/meta/metatest",
    **{f"{group}v1alpha1": f"{MODULE}/pkg/apis/{group}/v1alpha1" for group in ("workload", "apiresource", "placement")},
}
Say = Callable[[str], None]


class Blocked(Exception):
    """Something that another branch must deliver is not in the workspace."""


class Failed(Exception):
    """A command that must pass did not."""


def missing(branch: Branch, workspace: Path) -> list[str]:
    """What the branch needs and the workspace lacks, in words."""
    out = []
    for owner, package, name in branch.needs:
        declared = re.compile(rf"^type {name} ", re.MULTILINE)
        if not any(declared.search(file.read_text()) for file in sorted((workspace / package).glob("*.go"))):
            out.append(f"{name} ({package}) of branch {owner}")
    return out


def write(branch: Branch, workspace: Path, owner: str) -> list[str]:
    """Write all files of the branch; gives their paths."""
    if branch.tree:
        return _write_tree(branch.tree, workspace, owner)
    files: dict[str, str] = {}
    if branch.group:
        files |= {"doc.go": _doc(branch, owner), "register.go": _register(branch)}
    for file in branch.files:
        files[file.path] = golang.types_file(file, IMPORTS)
    if branch.kinds:
        files[f"{branch.area}_test.go"] = _with_imports(gotest.test_code(branch), "v1alpha1")
    for name, body in branch.tests.items():
        files[name] = _with_imports(body, Path(branch.package).name)
    for name, body in branch.raw.items():
        files[name] = _with_imports(body.replace("OWNER", owner), Path(branch.package).name)
    target = workspace / branch.package
    target.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        (target / name).write_text(content)
    if branch.kinds and not branch.group:
        _add_registrations(branch, target / "register.go")
        files["register.go"] = ""
    return [f"{branch.package}/{name}" for name in files]


def _write_tree(tree: Path, workspace: Path, owner: str) -> list[str]:
    """Copy whole files, each to the place it has in the tree."""
    paths = []
    for source in sorted(path for path in tree.rglob("*") if path.is_file()):
        target = workspace / source.relative_to(tree)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(source.read_text().replace("// Owner: OWNER\n", f"// Owner: {owner}\n"))
        paths.append(source.relative_to(tree).as_posix())
    return paths


def _with_imports(body: str, package: str) -> str:
    """A whole file; text before a line `PACKAGE` is the package comment."""
    comment, _, code = body.rpartition("PACKAGE\n")
    return f"{comment.lstrip()}package {package}\n\n{golang.import_block(code, IMPORTS)}{code.lstrip()}"


def _doc(branch: Branch, owner: str) -> str:
    contributors = f"// Contributors: {branch.contributors}\n" if branch.contributors else ""
    return f"// {branch.doc}\n//\n// Owner: {owner}\n{contributors}//\n// +groupName={branch.group}.kcp-lite.example.com\npackage v1alpha1\n"


def _lines(branch: Branch) -> list[str]:
    return [f"\t\t&{name}{{}},\n" for kind in branch.kinds for name in (kind.name, f"{kind.name}List")]


def _register(branch: Branch) -> str:
    return f"""package v1alpha1

import "{MODULE}/pkg/apis/meta"

// GroupVersion identifies this API group.
var GroupVersion = meta.GroupVersion{{Group: "{branch.group}.kcp-lite.example.com", Version: "v1alpha1"}}

// AddToScheme adds every type of the group to a scheme. One line per type, so that branches merge.
func AddToScheme(scheme *meta.Scheme) error {{
	return scheme.AddKnownTypes(GroupVersion,
{"".join(_lines(branch))}	)
}}
"""


def _add_registrations(branch: Branch, register: Path) -> None:
    text = register.read_text()
    new = [line for line in _lines(branch) if line not in text]
    head, mark, tail = text.rpartition("\t)\n}")
    register.write_text(head + "".join(new) + mark + tail)


def run(workspace: Path, say: Say, *command: str) -> str:
    """Run a command in the workspace and pass its output on.

    :raises Failed: it exits non-zero.
    """
    say("$ " + " ".join(word for word in command if "\n" not in word))
    done = subprocess.run(command, cwd=workspace, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    for line in done.stdout.splitlines():
        say("  " + line)
    if done.returncode:
        raise Failed(f"`{' '.join(command)}` exited with {done.returncode}")
    return done.stdout


def build(branch: Branch, workspace: Path, owner: str, say: Say) -> list[str]:
    """Write the branch, generate, and see that it holds together; gives the hand-written paths."""
    if lacking := missing(branch, workspace):
        raise Blocked("need " + ", ".join(lacking))
    paths = write(branch, workspace, owner)
    for path in paths:
        say(f"wrote {path}")
    run(workspace, say, "gofmt", "-w", *(path for path in paths if path.endswith(".go")))
    run(workspace, say, "make", "generate")
    if branch.tree:
        run(workspace, say, "go", "generate", f"./{branch.package}/...")
    run(workspace, say, "go", "test", "-tags", "integration", f"./{branch.package}/...")
    return paths


def commit(branch: Branch, workspace: Path, author: str, phase: object, say: Say) -> None:
    """Commit everything, unless there is nothing new."""
    if not subprocess.run(
        ["git", "status", "--porcelain"], cwd=workspace, capture_output=True, text=True, check=True
    ).stdout:
        say("nothing changed: the workspace already holds this branch")
        return
    run(workspace, lambda _: None, "git", "add", "--all")
    identity = ["-c", f"user.name={author}", "-c", "user.email=agent@example.com"]
    message = f"{branch.subject}\n\nBranch {branch.id} of phase {phase}, with its tests and generated files."
    run(workspace, say, "git", *identity, "commit", "--quiet", "--no-verify", "--message", message)
