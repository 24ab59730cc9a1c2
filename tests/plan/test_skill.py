"""The skill for coding agents: `init` lays it down, and every command that it names runs as it stands there."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from phaseplan.cli.main import main
from phaseplan.config.place import skill
from phaseplan.ledger.records import State

TEXT = (skill() / "SKILL.md").read_text()
COMMANDS = [shlex.split(found)[1:] for found in re.findall(r"`(phaseplan [^`]+)`", TEXT)]
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


def test_its_commands_lead_from_a_document_to_a_plan_without_errors(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["init", str(tmp_path)]) == 0
    monkeypatch.chdir(tmp_path)
    (tmp_path / "DOC.md").write_text(DOCUMENT)
    verbs = {command[0] for command in COMMANDS}
    assert verbs == {"import", "new", "schema", "lint", "explain", "simulate", "improve", "graph", "status"}
    for command in COMMANDS:
        words = ["claude" if word == "NAME" else word for word in command]
        if words[0] == "lint":
            words += ["--agents", "include/agents.yaml"]
        if words[0] in ("new", "status"):  # the plan is there already; a phase needs a repository
            continue
        assert main(words) == 0, (words, capsys.readouterr())
    assert "branch: feature/1/store" in (tmp_path / "include/plans/phase-01.yaml").read_text()


def test_it_names_the_states_that_there_are() -> None:
    states = set(re.findall(r"`(\w+)`", TEXT.split("## Reading the state")[1])) - {"phaseplan"}
    assert states <= {state.value for state in State} | {"blocked"} and {"integrated", "isolated", "blocked"} <= states
