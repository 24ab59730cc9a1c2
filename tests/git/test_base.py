"""A later phase builds on what the phases it depends on have integrated."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from phaseplan.errors import InputFault
from phaseplan.ledger import refs
from phaseplan.ledger.records import Ledger, changed
from phaseplan.ledger.write import Change, read, update
from phaseplan.merging.base import resolve_base
from phaseplan.phase.open import open_phase
from phaseplan.plan.model import PhasePlan
from phaseplan.repository.objects import missing
from phaseplan.repository.remote import BaseMissing
from phaseplan.repository.repo import GitRepo
from tests.git.lab import Lab, commit_files, plan_of


def later(*needs: int, **more: Any) -> PhasePlan:
    return plan_of({"1": []}, **more).model_copy(update={"phase": 9, "depends_on": needs})


def integrated(lab: Lab, phase: int, files: dict[str, str | None], parent: str = "") -> str:
    """A phase whose ledger says that it has integrated these files."""
    plan = plan_of({"1": []}).model_copy(update={"phase": phase})
    open_phase(lab.remote, lab.repo, plan, {}, run_id="run-1", base_name="main", start="wave")
    head = commit_files(lab.repo, parent or lab.main, files, f"phase {phase}")
    update(lab.repo, lab.remote, phase, lambda seen: Change(changed(seen.folded(), integration=head)))
    return head


def resolve(lab: Lab, plan: PhasePlan, name: str = "dependencies") -> str:
    return resolve_base(lab.remote, lab.repo, plan, name)


def test_one_dependency_is_its_integration_and_not_main(lab: Lab) -> None:
    head = integrated(lab, 5, {"five": "5"})
    assert later(5).base_name == "dependencies"
    assert resolve(lab, later(5)) == head


def test_a_name_in_the_plan_or_on_the_form_decides(lab: Lab) -> None:
    integrated(lab, 5, {"five": "5"})
    assert later(5, base="main").base_name == "main"
    assert resolve(lab, later(5), "main") == lab.main
    assert resolve(lab, later(5), lab.main) == lab.main


def test_without_dependencies_the_base_is_main_and_the_word_is_a_branch_like_any(lab: Lab) -> None:
    assert later().base_name == "main"
    with pytest.raises(BaseMissing, match="neither a branch, a tag nor a commit"):
        resolve(lab, later())
    lab.push("refs/heads/dependencies", lab.main)
    assert resolve(lab, later()) == lab.main


def test_a_head_that_contains_the_others_is_taken_as_it_is(lab: Lab) -> None:
    five = integrated(lab, 5, {"five": "5"})
    six = integrated(lab, 6, {"six": "6"}, five)
    integrated(lab, 7, {}, six)
    assert resolve(lab, later(6, 5)) == six
    assert resolve(lab, later(5, 5)) == five


def test_heads_that_parted_are_merged_and_every_worker_makes_the_same_commit(lab: Lab, tmp_path: Path) -> None:
    root = integrated(lab, 5, {"five": "5"})
    heads = [integrated(lab, phase, {f"f{phase}": "x"}, root) for phase in (6, 7, 8)]
    made = resolve(lab, later(7, 5, 8, 6))
    assert set(lab.repo.run("ls-tree", "--name-only", made).out.split()) == {"README", "five", "f6", "f7", "f8"}
    assert all(lab.repo.is_ancestor(head, made) for head in heads)
    assert resolve(lab.another_worker(tmp_path / "other.git"), later(8, 7, 6)) == made


def test_what_does_not_go_together_is_said_with_phases_and_paths(lab: Lab) -> None:
    integrated(lab, 6, {"same": "6"})
    integrated(lab, 7, {"same": "7"})
    with pytest.raises(InputFault, match=r"phase-7 integrated conflicts with phase-6 in same"):
        resolve(lab, later(6, 7))
    union = [{"path": "same", "owner": "1", "branches": [], "merge": "union", "check": "true"}]
    both = resolve(lab, later(6, 7, shared_files=union))
    assert lab.show(both, "same").split() == ["6", "7"]
    with pytest.raises(InputFault, match="make generated files again there"):  # nobody has made it again here
        resolve(lab, later(6, 7, generated_files=[{"paths": ["same"], "command": "true"}]))


def test_a_dependency_that_integrated_nothing_is_an_error_that_says_so(lab: Lab) -> None:
    with pytest.raises(BaseMissing, match="phase 5 was never opened"):
        resolve(lab, later(5))
    open_phase(lab.remote, lab.repo, plan_of({"1": []}), {}, run_id="r", base_name="main", start="wave")
    with pytest.raises(BaseMissing, match="phase 5 has integrated nothing yet"):
        resolve(lab, later(5))


def test_a_dependency_in_another_repository_asks_for_a_base(
    lab: Lab, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = plan_of({"1": []}, agent="worker", repository="https://example.org/other.git").model_dump_json(by_alias=True)
    (tmp_path / "plans").mkdir()
    (tmp_path / "plans/phase-5.yaml").write_text(text.replace('"/"', '"src/"'))
    (tmp_path / "agents.yaml").write_text(json.dumps({"worker": {"image": "x", "command": ["x"]}}))
    monkeypatch.setenv("AIRFLOW__PHASEPLAN__PLANS", str(tmp_path / "plans"))
    monkeypatch.setenv("AIRFLOW__PHASEPLAN__AGENTS", str(tmp_path / "agents.yaml"))
    with pytest.raises(BaseMissing, match=r"in another repository, https://example.org/other.git. Name the base"):
        resolve(lab, later(5))


def test_the_run_pins_the_commit_and_carries_it_to_the_target(lab: Lab, tmp_path: Path) -> None:
    integrated(lab, 6, {"six": "6"})
    integrated(lab, 7, {"seven": "7"})
    plan = later(6, 7)
    token = open_phase(lab.remote, lab.repo, plan, {}, run_id="run-1", base_name=plan.base_name, start="wave")
    fresh = GitRepo.init(tmp_path / "fresh.git")
    ledger = read(fresh, lab.remote, 9).ledger
    assert isinstance(ledger, Ledger) and ledger.run is not None
    assert (ledger.run.base, ledger.run.base_name) == (token.base, "dependencies")
    assert not missing(fresh, [token.base])
    again = open_phase(lab.remote, lab.repo, plan, {}, run_id="run-1", base_name=plan.base_name, start="wave")
    assert again == token
    assert refs.integration(9) not in lab.refs()
