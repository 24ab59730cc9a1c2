"""Find files that the repository ignores although they are in paths of the branch.

A pattern of the plan that names an ignored place (`lib/`, where .gitignore has `lib/`; `conf/*.yaml`,
where it has `*.yaml`) makes what is there the branch's work. What is ignored inside an owned folder (`web/`, and in
it `web/app.log`) is not work, but it is kept. Caches that tools make again are neither, unless a pattern names them.
"""

import re

from collector.door import HOME, WORKSPACE, names, raw

GLOB = re.compile(r"[*?\[\\]")
CACHES = frozenset(
    (
        *(".cache", ".eggs", ".gradle", ".hypothesis", ".mypy_cache", ".next", ".nox", ".parcel-cache", ".pnpm-store"),
        *(".pytest_cache", ".ruff_cache", ".svelte-kit", ".terraform", ".tox", ".turbo", ".venv", ".yarn"),
        *("__pycache__", "bower_components", "node_modules", "target", "venv"),
    )
)
COMPILED = re.compile(r"\.(py[co]|o|obj|class|swp|swo)$|(^|/)\.DS_Store$")


def ignored(patterns):
    """Return (work, kept): ignored files in owned paths."""
    own_patterns = [pattern for pattern in patterns if pattern and not pattern.startswith("#")]
    if not own_patterns:
        return [], []
    hidden = _others("--ignored", "--exclude-standard")
    if not hidden:
        return [], []
    hidden &= _others("--ignored", f"--exclude-from={_file('owned', own_patterns)}")
    hidden = {path for path in hidden if not _made_again(path, own_patterns)}
    shown = _others("--exclude-standard", *(f"--exclude=!{rule}" for p in own_patterns for rule in _places(p)))
    nested = {path for path in hidden if path.endswith("/")}  # repositories: kept, but never work
    return sorted(hidden & shown - nested), sorted(hidden - shown | nested)


def _others(*how):
    return set(names("ls-files", "-z", "--others", *how, work_tree=WORKSPACE))


def _file(name, patterns):
    path = f"{HOME}/{name}"
    with open(path, "wb") as file:
        file.writelines(raw(f"{pattern}\n") for pattern in patterns)
    return path


def _made_again(path, patterns):
    """Say whether a file is a cache, or compiled, and no pattern names it."""
    named = {part for pattern in patterns for part in pattern.split("/")}
    if any(part in CACHES and part not in named for part in path.split("/")[:-1]):
        return True
    match = COMPILED.search(path)
    return bool(match) and not any(COMPILED.search(pattern) for pattern in patterns)


def _places(pattern):
    """Return rules that show the place a pattern names, and the folders on the way there, but not their contents."""
    if pattern.startswith("!"):
        return []
    anchored = "/" in pattern.strip("/") or pattern.startswith("/")
    parts = [part for part in pattern.strip("/").split("/") if part]
    named = []
    for part in parts:
        if GLOB.search(part):
            break
        named.append(part)
    start = "/" if anchored else ""
    rules = [start + "/".join(named[: n + 1]) for n in range(len(named))]
    remaining_parts = parts[len(named) :]
    if remaining_parts and not set(remaining_parts) <= {"*", "**"}:
        rules.append(start + "/".join(parts))
    return rules
