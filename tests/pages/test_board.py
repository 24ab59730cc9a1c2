"""The board, from real repositories: agents' words are text, what moved is told, what may not be seen is not there."""

from __future__ import annotations

import re
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import yaml

from phaseplan.ledger.records import State, Token
from phaseplan.plan import names
from phaseplan.plan.model import PhasePlan
from phaseplan.report.board.kept import KeptPages
from phaseplan.report.board.looking import Looking
from phaseplan.report.board.outlook import outlook
from phaseplan.report.board.render import HEADERS, Frame, Rights, branch_page, campaign_page, conflicts_part, phase_page
from phaseplan.report.pages.look import look
from phaseplan.report.pages.render import Links
from phaseplan.report.status import build_status
from tests.git.lab import Lab, plan_of
from tests.git.talk import Talk, talk
from tests.pages.test_page import Reader

__all__ = ["talk"]

EVIL = "<script>alert(1)</script>"
FRAME = Frame("", "/phaseplan/board", "stamp")
ALL = Rights(trigger=True, pause=True, clear=True)


def everything(_: int) -> bool:
    return True


def _file(top: Path, plan: PhasePlan) -> None:
    """Put a plan beside the others, as its author would."""
    data = plan.model_dump(mode="json", exclude_defaults=True)
    for branch in (branch for wave in data["waves"] for branch in wave["branches"]):
        branch |= {"owns": [f"own-{branch['id']}/"], "branch": f"feature/p{plan.phase}-{branch['id']}"}
    (top / "plans").mkdir(exist_ok=True)
    (top / "plans" / f"phase-{plan.phase:02d}.yaml").write_text(yaml.safe_dump(data))


class Begun(Lab):
    """A lab whose phase is held by a run."""

    token: Token


@pytest.fixture
def lab(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Begun:
    """A phase at work: 5.1 has passed, 5.2 is out with hostile words, 5.3 needs it, 5.4 waits; phase 6 waits for it."""
    for key in ("state", "plans", "agents"):
        monkeypatch.setenv(f"AIRFLOW__PHASEPLAN__{key.upper()}", str(tmp_path / key))
    (tmp_path / "agents").write_text(yaml.safe_dump({"sh": {"image": "debian:bookworm-slim", "command": ["true"]}}))
    lab = Begun(tmp_path, {"README": "base\n"})
    monkeypatch.setenv("AIRFLOW__PHASEPLAN__REPOSITORY", str(lab.url))
    needs = {"5.1": [], "5.2": [], "5.3": ["5.2"], "5.4": []}
    plan = plan_of(needs, title=EVIL, attempts=1, agent="sh")
    _file(tmp_path, plan)
    _file(tmp_path, plan.model_copy(update={"phase": 6, "title": "After", "depends_on": (5,)}))
    token = lab.token = lab.open(plan)
    lab.build(token, "5.1", {"a": "1\n"})
    lab.build(token, "5.2", {"b": "1\n"}, outcome="failed", reason=f"no {EVIL}", claim="c/0")
    return lab


def test_cards_say_state_and_why(lab: Begun) -> None:
    board = Looking().phase(5)
    assert board is not None and board.is_open
    said = {card.id: (card.look.word, card.why) for card in board.cards}
    assert said["5.1"] == ("passed", "")
    assert said["5.2"] == ("isolated", f"no {EVIL}")
    assert said["5.3"][0] == "blocked" and said["5.3"][1].startswith("needs 5.2 ")
    assert said["5.4"] == ("waiting", "waits for a free agent")
    assert board.integrated == 0 and [c.number for c in board.columns] == [1]


def test_what_agents_wrote_is_text_and_no_other_script_runs(lab: Begun) -> None:
    looked = Looking()
    board = looked.phase(5)
    assert board is not None
    pages = [phase_page(board, FRAME, ALL, False), campaign_page(looked.campaign(everything), FRAME)]
    for text in pages:
        read = Reader(text)
        assert read.tags.count("script") == 1, "our own, by its digest"
        assert not [name for name, _ in read.attributes if name.startswith("on") or name == "style"]
        assert not [value for name, value in read.attributes if name in ("src", "href") and "//" in (value or "")]
        assert "&lt;script&gt;alert(1)" in text and str(lab.url) not in text
    policy = HEADERS["Content-Security-Policy"]
    assert "default-src 'none'" in policy and "script-src 'sha256-" in policy and "unsafe" not in policy


def test_who_is_out_is_named_above_all_waves(lab: Begun) -> None:
    board = Looking().phase(5)
    assert board is not None
    head, waves = phase_page(board, FRAME, ALL, False).split('<div class="waves"')
    assert "1 of 4 is out:" in head and '<a href="#b-5.2">5.2 isolated</a>' in head
    assert 'id="b-5.2"' in waves and "5.1 passed" not in head


def test_what_a_viewer_may_not_do_is_not_offered(lab: Begun) -> None:
    board = Looking().phase(5)
    assert board is not None

    def offered(rights: Rights) -> set[str]:
        return set(re.findall(r'<button data-do="(\w+)"', phase_page(board, FRAME, rights, False)))

    assert offered(Rights()) == set()
    assert offered(Rights(pause=True)) == {"pause"}
    assert offered(ALL) == {"pause", "clear"}, (
        "no run of an open phase is begun, and nothing runs that could be stopped"
    )


def test_two_processes_of_one_server_agree_on_what_has_been_seen(lab: Begun, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("phaseplan.report.board.looking.TICK", 10**9)
    one, other = Looking(), Looking()
    before = one.stamp(everything)
    lab.build(lab.token, "5.4", {"d": "1\n"})
    after = other.stamp(everything)
    assert Looking().stamp(everything) == after != before


def test_a_page_that_is_slow_to_make_holds_up_no_other() -> None:
    pages, begun, go_on = KeptPages(), threading.Event(), threading.Event()

    def slow() -> str:
        begun.set()
        assert go_on.wait(30)
        return "slow"

    with ThreadPoolExecutor() as threads:
        first = threads.submit(pages.get, "slow", slow)
        assert begun.wait(30) and pages.get("other", lambda: "other") == b"other"
        go_on.set()
        assert first.result() == pages.get("slow", lambda: "made again") == b"slow"


def test_a_phase_that_may_not_be_seen_is_not_there(lab: Begun) -> None:
    text = campaign_page(Looking().campaign(lambda phase: phase == 6), FRAME)
    assert "After" in text and "alert(1)" not in text.replace("default", "") and "waits for phase 5" not in text


def test_the_campaign_shows_who_waits_for_whom(lab: Begun) -> None:
    campaign = Looking().campaign(everything)
    assert {node.phase: node.look.word for node in campaign.nodes} == {5: "running", 6: "waiting"}
    assert [(edge.before, edge.after) for edge in campaign.edges] == [(5, 6)]
    assert campaign.nodes[1].why == "waits for phase 5" and campaign.nodes[0].x < campaign.nodes[1].x


def test_a_phase_without_a_plan_file_here_is_shown_by_its_ledger(lab: Begun, tmp_path: Path) -> None:
    """An API server has none where plans are in a bundle that only DAG processors and workers load."""
    for file in (tmp_path / "plans").iterdir():
        file.unlink()
    campaign = Looking().campaign(everything)
    assert [(node.phase, node.look.word, node.total) for node in campaign.nodes] == [(5, "running", 4)]


def test_the_stamp_changes_when_a_ref_moves_and_only_then(lab: Begun, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("phaseplan.report.board.looking.AGE", 0.0)
    monkeypatch.setattr("phaseplan.report.board.looking.TICK", 10**9)
    looking = Looking()
    before = [looking.stamp(everything, 5) for _ in range(3)]
    six = looking.stamp(everything, 6)
    lab.build(lab.token, "5.4", {"d": "1\n"})
    assert len(set(before)) == 1 and looking.stamp(everything, 5) != before[0]
    assert looking.stamp(everything, 6) == six, "nothing of it has moved"


def test_ten_viewers_ask_the_target_as_often_as_one(lab: Begun, talk: Talk) -> None:
    looking = Looking()
    with talk.during("first"):
        looking.stamp(everything)
    with talk.during("ten"):
        for _ in range(10):
            looking.stamp(everything)
            looking.campaign(everything)
    assert len(talk.calls["first"]) <= 2 and len(talk.calls["ten"]) <= 1


def test_the_end_is_predicted_at_the_pace_of_the_run(lab: Begun) -> None:
    snapshot = lab.read()
    plan = plan_of({"5.1": [], "5.2": [], "5.3": ["5.2"], "5.4": []}, attempts=1, agent="sh")
    status = build_status(snapshot, plan)
    assert status.run is not None
    fast = status.branches["5.1"].model_copy(update={"agent_seconds": 10.0, "started": status.run.opened})
    status = status.model_copy(update={"branches": {**status.branches, "5.1": fast}})
    found = outlook(plan, status, {}, datetime.now(UTC))
    assert found is not None and found.branches == 1, "5.3 waits for one that is out, 5.4 is to come"
    assert found.p50 == pytest.approx(10.0, rel=0.01), "the plan says the same of 5.4 as of 5.1, which took ten seconds"
    working = status.branches["5.4"].model_copy(
        update={"state": State.RUNNING, "started": (datetime.now(UTC) - timedelta(seconds=8)).isoformat()}
    )
    status = status.model_copy(update={"branches": {**status.branches, "5.4": working}})
    later = outlook(plan, status, {}, datetime.now(UTC))
    assert later is not None and later.p50 == pytest.approx(2.0, abs=0.5)


def test_conflicts_are_a_matrix(lab: Begun) -> None:
    lab.build(lab.token, "5.4", {"a": "2\n"})
    looked = Looking()
    board = looked.phase(5)
    assert board is not None
    warnings = looked.conflicts(board)
    assert [set(w.branches) for w in warnings] == [{"5.1", "5.4"}]
    text = conflicts_part(warnings)
    assert text.count("✕") == 2 and "<code>a</code>" in text
    assert "None" in conflicts_part(())


def test_a_branch_on_the_board_has_its_page_its_log_and_its_buttons(lab: Begun) -> None:
    found = look(5, "5.2", lambda _, branch: branch)
    assert found is not None
    links = Links(names.branch_task_id, "/dags/phase_05", framed=True, by_id=True)
    page = branch_page(found, FRAME, ALL, links)
    assert 'data-do="clear"' in page and "data-log" in page and 'href="/phaseplan/board/phases/5"' in page
    assert "<h2>Attempts, newest first</h2>" in page and "Bring 5.2 back?" in page
    assert EVIL not in page and page.count("<script>") == 1
    assert 'href="5.2"' in branch_page(look(5, "5.3", lambda _, branch: branch) or found, FRAME, ALL, links)
    assert "data-do=" not in branch_page(found, FRAME, Rights(), links, part=True)
