"""The pages of `docs/design/` say what the code decides, and code points to no page that is not here."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from phaseplan.containers import labels
from phaseplan.ledger.records import State
from phaseplan.ledger.rulings import RULINGS
from tests.house.sources import TOP, files

DESIGN = TOP / "docs/design"
#: Pages of the time before this repository: what they say is in `docs/` in words of our own.
GONE = re.compile("|".join(f"{name}[.]md" for name in ("DESIGN", "INTEGRATION", "AIRFLOW", "HOUSE")))
_PAGE = re.compile(r"(?<![\w/.])docs/[\w/-]+[.]md\b")
HISTORY = ("docs/decisions/", "CHANGELOG.md")


def page(name: str) -> str:
    """Read one design page."""
    return (DESIGN / f"{name}.md").read_text(encoding="utf-8")


def tracked() -> list[str]:
    """List every file of the repository that git knows, or would add."""
    call = ["git", "-C", str(TOP), "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    names = subprocess.run(call, capture_output=True, text=True, check=True).stdout.split("\0")
    return [name for name in names if name and (TOP / name).is_file()]


def test_nothing_points_to_a_page_that_is_not_here() -> None:
    places = [
        f"{name}:{number}"
        for name in tracked()
        if not name.startswith(HISTORY)
        for number, line in enumerate((TOP / name).read_text(encoding="utf-8", errors="replace").splitlines(), 1)
        if GONE.search(line)
    ]
    assert places == []


def test_every_page_and_decision_that_code_names_is_here() -> None:
    numbers = {path.name[:3] for path in (TOP / "docs/decisions").glob("[0-9]*.md")}
    gone = []
    for path in files("include", "provision", "bench", "dags", "plugins"):
        said = path.read_text(encoding="utf-8")
        gone += [f"{path.name}: {page}" for page in _PAGE.findall(said) if not (TOP / page).is_file()]
        gone += [f"{path.name}: {n}" for n in re.findall(r"\bdecision (\d{3})\b", said) if n not in numbers]
    assert gone == []


@pytest.mark.parametrize("event", RULINGS)
def test_verdict_table_is_that_of_the_code(event: str) -> None:
    ruling = RULINGS[event]
    outcome = f"`{ruling.outcome}`" if ruling.outcome else "stays"
    used = "yes" if ruling.consumes else "no"
    row = f"| `{event}` | {outcome} | `{ruling.state}` | {used} | {ruling.task} | `{ruling.word}` | `{ruling.deed}` |"
    assert row in page("states").splitlines()


def test_verdict_table_has_no_other_rows_and_every_event_is_explained() -> None:
    rows = re.findall(r"^\| `(\w+)` \|.*\|.*\|.*\|.*\|", page("states"), re.MULTILINE)
    assert rows == list(RULINGS)
    assert re.findall(r"^- \*\*(\w+)\*\*:", page("states"), re.MULTILINE) == list(RULINGS)


def test_every_state_is_explained() -> None:
    assert [state for state in State if f"| `{state}` | " not in page("states")] == []


def test_every_label_is_explained() -> None:
    assert [key for key in labels._KEYS if f"| `phaseplan.{key}` | " not in page("container")] == []


def test_every_invariant_that_a_test_names_is_defined() -> None:
    defined = re.findall(r"^\| (I\d+) \(", page("merge"), re.MULTILINE)
    assert defined == [f"I{number}" for number in range(1, len(defined) + 1)]
    texts = (path.read_text(encoding="utf-8") for path in sorted((TOP / "tests/git").rglob("*.py")))
    named = {name for text in texts for name in re.findall(r"\bI\d{1,2}\b", text)}
    assert named and named <= set(defined)


def test_every_design_page_is_plain_about_where_its_code_is() -> None:
    for path in sorted(DESIGN.glob("*.md")):
        named = re.findall(r"`((?:include|tests|images|samples)/[\w./-]+)`", path.read_text(encoding="utf-8"))
        assert named, f"{path.name} names no code"
        assert [name for name in named if not Path(TOP, name).exists()] == [], path.name
