"""`phaseplan transcript`, on a real repository, and that no reader of a phase fetches what agents said."""

from __future__ import annotations

from pathlib import Path

import pytest

from phaseplan.cli.main import main
from phaseplan.ledger import refs
from phaseplan.ledger.attempt_refs import keep_attempt
from phaseplan.ledger.old_transcripts import forget_old
from phaseplan.ledger.records import now
from phaseplan.ledger.transcripts import Kept, Said, update_of
from phaseplan.ledger.write import read
from phaseplan.report.pages.render import Links, page
from tests.git.lab import Lab, plan_of
from tests.git.talk import Talk, talk
from tests.pages.test_page import branch_task_id, seen

__all__ = ["talk"]

KEPT = Kept(lines=2, events=1, missing=1234)


def said(text: str, events: str = "") -> Said:
    return Said(text.encode(), events.encode(), KEPT)


def keep(lab: Lab, attempt: int, what: Said, branch: str = "5.1") -> str:
    """Keep work and words of an attempt as its task does, in one push; return the ref of the words."""
    ref = refs.transcript(5, branch, attempt)
    assert keep_attempt(lab.repo, lab.remote, 5, branch, attempt, lab.main, update_of(lab.repo, ref, what, now()))
    return ref


@pytest.fixture
def lab(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Lab:
    monkeypatch.setenv("AIRFLOW__PHASEPLAN__STATE", str(tmp_path / "state"))
    monkeypatch.setenv("AIRFLOW__PHASEPLAN__PLANS", str(tmp_path / "plans"))
    lab = Lab(tmp_path)
    monkeypatch.setenv("AIRFLOW__PHASEPLAN__REPOSITORY", str(lab.url))
    lab.open(plan_of({"5.1": [], "5.2": []}))
    return lab


def test_the_newest_is_shown_unless_another_is_asked_for(lab: Lab, capsys: pytest.CaptureFixture[str]) -> None:
    keep(lab, 1, said("first\n"))
    keep(lab, 2, said("second \x1b[2J\u202e\nline\n", '{"a": 1}\n'))
    verb = ["transcript", "5", "5.1"]
    assert main(verb) == 0
    out = capsys.readouterr()
    assert out.out.splitlines()[1] == "line" and out.out.startswith("second") and "\x1b" not in out.out
    assert out.err == "5.1, attempt 2, from refs/phaseplan/transcripts/phase-5/5.1/2\n"
    assert main([*verb, "--attempt", "1"]) == 0 and capsys.readouterr().out == "first\n"


def test_the_raw_events_come_as_they_are(lab: Lab, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    events = '{"a": "\u00e9"}\nno JSON \x1b[2J\n'
    keep(lab, 1, said("text\n", events))
    assert main(["transcript", "5", "5.1", "--raw"]) == 0
    assert capfdbinary.readouterr().out == events.encode(), "a program reads it"


def test_what_is_not_there_is_said(lab: Lab, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["transcript", "5", "5.1"]) == 1
    assert "keeps nothing that an agent of 5.1 in phase 5 has said. An attempt that runs" in capsys.readouterr().err
    keep(lab, 3, said("text\n"))
    assert main(["transcript", "5", "5.2"]) == 1 and "there is something of 5.1." in capsys.readouterr().err
    assert main(["transcript", "5", "5.1", "--attempt", "1"]) == 1
    assert "nothing of attempt 1 of 5.1; there is attempt 3." in capsys.readouterr().err
    assert main(["transcript", "5", "5.1", "--raw"]) == 1 and "no raw events" in capsys.readouterr().err


def test_nobody_who_reads_the_phase_fetches_it_and_integration_has_nothing_of_it(lab: Lab, tmp_path: Path) -> None:
    ref = keep(lab, 1, said("text\n" * 100))
    sha = lab.refs()[ref]
    token = lab.open(plan_of({"5.1": [], "5.2": []}), run="run-2")
    lab.build(token, "5.2", {"a": "made\n"})
    lab.integrate(token, 1)
    with lab.remote.private(state=tmp_path / "fresh") as repo:
        head = read(repo, lab.remote, 5).folded().integration
        assert head and repo.rev(head) == head and repo.rev(sha) is None
        lab.remote.take(repo, [ref], [sha])
        assert not repo.is_ancestor(sha, head)


def test_it_costs_no_way_to_the_target_more(lab: Lab, talk: Talk) -> None:
    with talk.during("without") as without:
        keep_attempt(lab.repo, lab.remote, 5, "5.1", 1, lab.main)
    with talk.during("with") as with_it:
        keep(lab, 2, said("text\n"))
    assert with_it == without == ["push"]


def test_a_second_worker_keeps_what_the_first_has_kept(lab: Lab) -> None:
    ref = keep(lab, 1, said("first\n"))
    before = lab.refs()
    assert keep(lab, 1, said("second\n")) == ref and lab.refs() == before


def test_the_branchs_page_says_how_to_see_it(lab: Lab) -> None:
    token = lab.open(plan_of({"5.1": [], "5.2": []}), run="run-2")
    lab.build(token, "5.1", {"a": "made\n"}, fields={"transcript": KEPT})
    text = page(seen(branch_task_id(plan_of({"5.1": []}), "5.1")), Links(branch_task_id, "http://airflow/x"))
    assert "<code>phaseplan transcript 5 5.1 --attempt 1</code>" in text
    assert "2 lines; with <code>--raw</code> 1 event, 1,234 before them are not kept" in text


def test_those_of_old_runs_go_and_those_of_integrated_work_stay(lab: Lab) -> None:
    def speak(branch: str, attempt: int) -> None:
        ref = refs.transcript(5, branch, attempt)
        lab.push(ref, update_of(lab.repo, ref, said("words\n"), now()).new)

    plan = plan_of({"5.1": [], "5.2": []})
    token = lab.open(plan)
    for branch in ("5.1", "5.2"):
        lab.build(token, branch, {branch: "made\n"})
        speak(branch, 1)
    lab.integrate(token, 1)
    for run in (2, 3, 4):
        token = lab.open(plan, f"run-{run}", rebuild="always")
        lab.build(token, "5.1", {"5.1": f"made {run}\n"})
        speak("5.1", run)
    speak("5.1", 9)  # of no run that is known

    def kept() -> list[str]:
        return sorted(ref.partition("phase-5/")[2] for ref in lab.refs() if "/transcripts/" in ref)

    seen = lab.read()
    assert forget_old(lab.repo, lab.remote, seen, 10) == 1 and "5.1/9" not in kept()
    assert forget_old(lab.repo, lab.remote, seen, 2) == 1
    assert kept() == ["5.1/1", "5.1/3", "5.1/4", "5.2/1"], "what the first run built is in"
    assert forget_old(lab.repo, lab.remote, seen, 2) == 0
