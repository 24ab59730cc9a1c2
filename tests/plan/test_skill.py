"""The skill for coding agents: `init` lays it down, and every command that it names runs as it stands there."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from phaseplan.cli.main import main
from phaseplan.config.place import skill
from phaseplan.ledger.records import State

TEXT, RULES = (skill() / "SKILL.md").read_text(), (skill() / "AGENTS.md").read_text()
COMMANDS = [shlex.split(found)[1:] for found in re.findall(r"`(phaseplan [^`]+)`", TEXT + RULES)]
DOCUMENT = """# Phase 1: Shop

### Task 1: Store

**Files:**
- Create: `shop/store.py`

### Task 2: Page

**Files:**
- Create: `shop/page.py`

**Depends on:** Task 1
"""


def test_it_has_the_form_that_agents_read() -> None:
    assert re.match(r"---\nname: phaseplan\ndescription: .{80,1000}\n---\n", TEXT)
    assert (skill() / "AGENTS.md").is_file() and len(TEXT.splitlines()) < 120


def test_init_lays_it_down_where_coding_agents_look_and_overwrites_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "AGENTS.md").write_text("ours\n")
    assert main(["init", str(tmp_path)]) == 0
    for place in (".agents", ".claude"):  # that they look there: `tests/agents/test_skill.py`
        assert (tmp_path / place / "skills/phaseplan/SKILL.md").read_text() == TEXT
    assert not (tmp_path / "skills").exists(), "no coding agent looks there"
    assert (tmp_path / "AGENTS.md").read_text() == "ours\n" and "Kept" in capsys.readouterr().out


def typed(command: list[str]) -> list[str]:
    """The words as an agent's shell hands them over."""
    words = ["claude" if word == "NAME" else word for word in command]
    return [name for word in words for name in (sorted(map(str, Path().glob(word))) if "*" in word else [word])]


def test_its_commands_lead_from_a_document_to_a_plan_without_errors(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["init", str(tmp_path)]) == 0
    monkeypatch.chdir(tmp_path)
    (tmp_path / "DOC.md").write_text(DOCUMENT)
    verbs = {command[0] for command in COMMANDS}
    assert verbs == {"import", "new", "schema", "lint", "explain", "simulate", "improve", "graph", "status"}
    for command in COMMANDS:
        if command[0] in ("new", "status"):  # the plan is there already; a phase needs a repository
            continue
        words = typed(command)
        assert main(words) == 0, (words, capsys.readouterr())
    assert "branch: feature/1/store" in (tmp_path / "include/plans/phase-01.yaml").read_text()


def test_a_plan_to_begin_with_names_a_profile_of_its_own_folder_and_says_how_it_is_linted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["init", str(tmp_path)]) == 0
    monkeypatch.chdir(tmp_path)
    (new,) = (command for command in COMMANDS if command[0] == "new")
    assert main(new) == 0
    assert re.search(r"^agent: claude\b", (tmp_path / "include/plans/phase-01.yaml").read_text(), re.MULTILINE)
    following = shlex.split(capsys.readouterr().out.rpartition("Next: ./phaseplan ")[2])
    assert main(following) == 0, capsys.readouterr()


def test_a_plan_that_finds_no_profile_names_the_file_in_which_it_looked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("AIRFLOW__PHASEPLAN__AGENTS", str(tmp_path / "elsewhere.yaml"))
    assert main(["new", str(tmp_path / "phase-01.yaml")]) == 1
    printed = capsys.readouterr().err
    assert "elsewhere.yaml" in printed and "--agents" in printed


def test_it_names_the_states_that_there_are() -> None:
    states = set(re.findall(r"`(\w+)`", TEXT.split("## Reading the state")[1])) - {"phaseplan"}
    assert states <= {state.value for state in State} | {"blocked"} and {"integrated", "isolated", "blocked"} <= states
