"""What CONTRIBUTING.md and docs/architecture.md tell a newcomer to open, exists; what they are told to run, runs so."""

from __future__ import annotations

import re

import pytest
import yaml

from tests.house.rooms import ROOMS
from tests.house.sources import TOP
from tests.house.test_sizes import MAX_FILE, MAX_FUNCTION

PAGES = ("CONTRIBUTING.md", "docs/architecture.md")
CODE = TOP / "include/phaseplan"
#: Files of users, of the ledger or of a container, and names with a number to fill in.
_NOT_OURS = re.compile(r"^/|NN|<|^phase-\d\d\.yaml$|^task\.(json|md)$|^(ledger|plan|verdict)\.json$|^history\.jsonl$")
_PATH = re.compile(r"(?<![\w/])(?:[\w.-]+/)*[\w.-]*(?:\.(?:py|md|ya?ml|html|toml|txt|json)|(?<=\w)/)$")
_TOPS = ("include/", "tests/", "docs/", "images/", "samples/", "bench/", "provision/", "dags/", "plugins/")


def text(page: str) -> str:
    """Read one page."""
    return (TOP / page).read_text(encoding="utf-8")


def named(page: str) -> list[str]:
    """List every path that a page names in backticks, or links to."""
    quoted = [word for part in re.findall(r"`([^`\n]+)`", text(page)) for word in part.split()]
    paths = [word for word in quoted if _PATH.search(word) or word.startswith(_TOPS)]
    return [path for path in paths if not _NOT_OURS.search(path)]


def exists(path: str) -> bool:
    """Say whether a path exists: from the top, below the package, or (a bare name) anywhere in the package."""
    bare = "/" not in path and bool([*CODE.rglob(path)])
    return (TOP / path).exists() or (CODE / path).exists() or bare


@pytest.mark.parametrize("page", PAGES)
def test_every_path_that_is_named_exists(page: str) -> None:
    assert len(named(page)) > 20, "hardly a path is found: the test looks in the wrong place"
    assert [path for path in named(page) if not exists(path)] == []


@pytest.mark.parametrize("page", [*PAGES, "README.md"])
def test_every_link_leads_to_a_file(page: str) -> None:
    links = [link.partition("#")[0] for link in re.findall(r"\]\(([^)\s]+)\)", text(page)) if "://" not in link]
    assert [link for link in links if link and not (TOP / page).parent.joinpath(link).exists()] == []


def test_a_path_that_is_gone_is_noticed() -> None:
    assert not exists("runtime/build/step.py") and not exists("tests/nowhere/test_x.py") and not exists("gone.py")
    assert exists("attempt/step.py") and exists("tests/house/") and exists("markers.py")


def test_sizes_are_those_that_the_house_holds() -> None:
    said = " ".join(text("CONTRIBUTING.md").split())
    assert f"never over {MAX_FILE};" in said and f"never over {MAX_FUNCTION};" in said


def test_every_room_is_in_the_picture_and_no_other() -> None:
    block = re.search(r"```\n(cli .*?)```", text("docs/architecture.md"), re.DOTALL)
    assert block is not None
    assert [line.split()[0] for line in block[1].splitlines()] == [r for r in reversed(ROOMS) if r != "errors"]


def test_every_variable_of_make_soak_is_named() -> None:
    recipe = text("Makefile").partition("\nsoak:")[2].partition("\nimages:")[0]
    variables = set(re.findall(r"PHASEPLAN_\w+", recipe))
    assert variables and [name for name in sorted(variables) if name not in text("CONTRIBUTING.md")] == []


def test_hooks_use_the_tools_of_the_environment() -> None:
    config = yaml.safe_load(text(".pre-commit-config.yaml"))
    assert [repo["repo"] for repo in config["repos"]] == ["local"]
    hooks = config["repos"][0]["hooks"]
    assert [hook["id"] for hook in hooks] == ["ruff-format", "ruff-check"]
    assert all(hook["entry"].startswith(".venv/bin/") and hook["language"] == "system" for hook in hooks)
