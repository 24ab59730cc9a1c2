"""People hear once of a budget that is near its end, and once that it is spent, whoever finds it out."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import yaml

from phaseplan.airflow.operators.telling import tell_budgets
from phaseplan.ledger import refs
from phaseplan.ledger.money.budget_news import level_of, news
from phaseplan.repository.repo import GitRepo
from tests.budgets.plans import begin, end, opened, shared, used
from tests.git.lab import PHASE, Lab, commit_files


def heard(lab: Lab) -> list[tuple[str, str]]:
    return [(each.name, level_of(each)) for each in news(lab.repo, lab.remote, PHASE)]


def use(lab: Lab, plan: Any, branch: str, tokens: int, claim: str = "run-1/0") -> None:
    number = begin(lab, plan, branch, claim).number
    end(lab, branch, number, used(tokens))


def test_each_level_of_a_budget_is_news_once(lab: Lab) -> None:
    plan = shared(own={"tokens": 900}, phase={"tokens": 1000}, night={"tokens": 1200})
    opened(lab, plan)
    use(lab, plan, "1", 799)
    assert heard(lab) == [] and refs.told(PHASE) not in lab.refs()
    begin(lab, plan, "2")
    assert heard(lab) == [], "what is reserved may come back"
    end(lab, "2", 1, used(10))
    assert heard(lab) == [("phase", "near")] and heard(lab) == []
    use(lab, plan, "3", 185)
    assert heard(lab) == [("phase", "spent"), ("night", "near")] and heard(lab) == []


def test_a_budget_that_is_spent_at_one_go_is_told_as_spent_and_after_it_was_raised_anew(lab: Lab) -> None:
    plan = shared(phase={"tokens": 1000})
    opened(lab, plan)
    use(lab, plan, "1", 2000)
    assert heard(lab) == [("phase", "spent")] and heard(lab) == []
    opened(lab, shared(phase={"tokens": 2100}))
    assert heard(lab) == [("phase", "near")] and heard(lab) == []


def test_another_night_is_told_anew(lab: Lab) -> None:
    plan = shared(night={"tokens": 100})
    opened(lab, plan)
    use(lab, plan, "1", 90)
    assert heard(lab) == [("night", "near")]
    opened(lab, plan, "run-2")
    assert heard(lab) == []
    use(lab, plan, "2", 90, "run-2/0")
    assert heard(lab) == [("night", "near")]


def test_of_several_tasks_that_find_it_at_once_one_tells(lab: Lab, tmp_path: Path) -> None:
    plan = shared(phase={"tokens": 1000})
    opened(lab, plan)
    use(lab, plan, "1", 1000)
    repos = [GitRepo.init(tmp_path / f"worker-{n}.git") for n in range(4)]
    with ThreadPoolExecutor(4) as pool:
        found = [*pool.map(lambda repo: news(repo, lab.remote, PHASE), repos)]
    assert sorted(map(len, found)) == [0, 0, 0, 1]


def test_what_another_version_has_written_there_keeps_no_message_back(lab: Lab) -> None:
    plan = shared(phase={"tokens": 1000})
    opened(lab, plan)
    use(lab, plan, "1", 1000)
    lab.push(refs.told(PHASE), commit_files(lab.repo, lab.main, {"told.json": "[]"}, "by hand"))
    assert heard(lab) == [("phase", "spent")]


def test_the_notifiers_of_the_event_hear_what_it_is_and_what_to_do(
    lab: Lab, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    arguments = {"path": str(tmp_path / "said"), "text": "{{ phaseplan.event }}|{{ phaseplan.message }}"}
    chat = {"class": "tests.operators.notifiers.ToFile", "arguments": arguments}
    (tmp_path / "notifiers.yaml").write_text(yaml.safe_dump({"chat": {**chat, "events": ["budget"]}}))
    monkeypatch.setenv("AIRFLOW__PHASEPLAN__NOTIFIERS", str(tmp_path / "notifiers.yaml"))
    plan = shared(phase={"tokens": 1000})
    opened(lab, plan)
    use(lab, plan, "1", 1000)
    said: list[str] = []
    job: Any = SimpleNamespace(repo=lab.repo, remote=lab.remote, phase=PHASE, say=said.append)
    for _ in range(2):
        tell_budgets({}, job)
    assert said == ["Notifying: 100% of the phase's budget of 1,000 tokens: 1,000 tokens used."]
    (line,) = (tmp_path / "said").read_text().splitlines()
    assert line == repr(
        f"budget|Phase {PHASE}: 100% of the phase's budget of 1,000 tokens: 1,000 tokens used; no branch begins any "
        "more that uses it.\nTo go on: raise `budget` in the plan, then Clear open_phase with Downstream on."
    )
