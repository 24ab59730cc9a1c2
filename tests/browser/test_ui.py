"""The Airflow UI is enough to drive a phase: docs/ui.md, done by a person with a browser."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Runs
from tests.browser.patience import PATIENCE
from tests.browser.person import WINDOW, Person
from tests.browser.place import Place
from tests.end_to_end.night import git

pytestmark = [pytest.mark.browser, pytest.mark.airflow, pytest.mark.docker, pytest.mark.timeout(900)]

#: What the log of 5.1.1 says, in this order: inputs, brief, agent, gates, publication.
STORY = [
    "Workspace ",
    "Input key ",
    "# 5.1.1 SyncTarget API types",
    "Takes ownership of the core workload package and creates its structure first.",
    "STARTED 5.1.1 SyncTarget API types",
    "Agent 1: branch 5.1.1 SyncTarget API types, attempt 1",
    "wrote pkg/apis/workload/v1alpha1/types_synctarget.go",
    "done: Add SyncTarget API types",
    "Gates on ",
    "$ go build ./...",
    "$ make generate-crd",
    "COMPLETED 5.1.1 SyncTarget API types",
    "Published feature/tmc-completion/p5w1-synctarget-api at ",
]


def test_a_phase_is_found_by_its_tag(person: Person) -> None:
    person.go()
    person.click(person.link("Dags").first)
    person.click(person.link("phaseplan").first)
    for title in ("5: API Foundation & Contracts", "70: A branch that comes back", "71: A branch that takes too long"):
        expect(person.link(f"Phase {title}")).to_be_visible()
    assert "tags=phaseplan" in person.page.url
    person.picture("dags")


def test_its_documentation_has_the_graph_and_the_table(person: Person) -> None:
    person.go("/dags")
    person.click(person.link("Phase 5: API Foundation & Contracts"))
    person.click(person.button("Dag Docs"))
    box = person.dialog()
    expect(box.get_by_text("└─ 5.3.3 vw-interfaces         ◄ 5.2.4")).to_be_visible()
    expect(box.get_by_role("row")).to_have_count(11)
    expect(box.get_by_role("row", name="5.2.1 workload-dist")).to_contain_text("5.1.1, 5.1.3")
    wide = "e => [e, ...e.querySelectorAll('*')].filter(x => x.scrollWidth > x.clientWidth + 1 && x.clientWidth)"
    assert box.evaluate(f"e => ({wide})(e).map(x => x.tagName)") == [], "a person has to scroll sideways"
    person.picture("docs")
    person.press("Close")


def test_the_form_has_six_fields_and_refuses_a_bad_value(runs: Runs) -> None:
    for field in ("Base", "Start", "Branches", "Isolate", "Agent", "Rebuild"):
        assert field in runs.refusal
    assert "the plan's own" in runs.refusal
    assert "Invalid input for param base: 'main; reboot' does not match" in runs.refusal


def test_the_grid_has_waves_and_branches(person: Person, runs: Runs) -> None:
    person.open_run(5, runs.ids[5])
    person.click(person.button("Expand all task groups"))
    person.sees(person.link("5.3.3 vw-interfaces").first)
    person.picture("grid")
    words = person.words()
    order = ["open_phase", "wave_1", "5.1.1 synctarget-api", "integrate", "wave_2", "5.2.1 workload-dist"]
    assert in_order(words, [*order, "wave_3", "5.3.3 vw-interfaces", "close_phase"]) == []


def test_a_bad_plan_is_an_import_error(person: Person, place: Place) -> None:
    line, column = where(place.plans / "phase-72.yaml", '"72.1.2"]')
    person.go()
    person.click(person.button("Dag Import Error"))
    person.dialog().get_by_role("button", name="plan_problems.py").click()
    code = person.dialog().get_by_role("code")
    expect(code).to_contain_text(f"phase-72.yaml:{line}:{column}: PP402 dependencies run in a circle")
    person.picture("import-error")
    said = code.inner_text().splitlines()
    caret = next(i for i, text in enumerate(said) if "^^^" in text)
    assert said[caret - 1][said[caret].index("^") :].startswith('"72.1.2"'), "the caret stands under what is wrong"
    person.press("Close")


def test_stopping_a_branch_removes_its_container(person: Person, runs: Runs, place: Place) -> None:
    person.open_task(71, runs.ids[71], "71.1.1 endless")
    person.reads("working for a long time")
    assert len(place.on_engine(71)) == 1
    person.click(person.button("Mark Task Instance as..."))
    person.page.get_by_role("menuitem", name="Failed").click()
    expect(person.dialog().get_by_text("Affected Tasks: 1")).to_be_visible()
    person.picture("stop")
    person.press("Confirm")
    person.sees_state("71.1.1 endless", "Failed")
    person.open_run(71, runs.ids[71])
    person.sees_state(runs.ids[71], "Failed")
    assert place.on_engine(71) == []
    assert place.state(71, "71.1.1") == "cancelled"
    person.open_task(71, runs.ids[71], "close_phase")
    person.reads("Clear wave_1.71-1-1_endless with Downstream on and Only-failed off")
    person.picture("stopped")


def test_the_board_brings_a_branch_back_and_stops_it(person: Person, runs: Runs, place: Place) -> None:
    board = person.board()
    board.get_by_role("link", name="71 A branch that takes too long", exact=True).click()
    card = board.get_by_role("article", name="71.1.1")
    expect(card).to_contain_text("cancelled")
    for words, state, agents in (("Bring back", "running", 1), ("Stop", "cancelled", 0)):
        card.get_by_role("button", name=words).click()
        board.get_by_role("dialog").get_by_role("button", name=words).click()
        expect(card).to_contain_text(state, timeout=PATIENCE)  # nobody has loaded anything anew
        place.comes_to_have(71, agents)
        person.picture(f"board-{state}")
    board.get_by_role("link", name="Run in Airflow").click()
    person.sees(person.row("open_phase"))


def test_the_board_shows_all_phases_by_day_and_by_night_and_on_a_phone(person: Person, runs: Runs) -> None:
    board = person.board()
    expect(board.get_by_role("heading", name="branches are in")).to_be_visible()
    for phase in (5, 70, 71):
        expect(board.get_by_role("link", name=f"Phase {phase} ")).to_be_visible()
    person.picture("board-campaign")
    person.page.evaluate("localStorage.setItem('theme', 'dark')")
    board = person.board()
    expect(board.locator("html")).to_have_attribute("data-theme", "dark")
    board.get_by_role("link", name="Phase 70 ").click()
    expect(board.get_by_role("article", name="70.1.2")).to_be_visible()
    board.get_by_role("button", name="Arrows of dependencies").click()
    expect(board.locator("svg.arrows path.edge")).to_have_count(1)
    person.picture("board-dark")
    person.page.evaluate("localStorage.setItem('theme', 'light')")
    person.page.set_viewport_size({"width": 420, "height": 760})
    person.go("/phaseplan/board/phases/70")
    person.sees(person.page.get_by_role("article", name="70.1.2"))
    assert person.page.evaluate("document.documentElement.scrollWidth <= innerWidth"), "nobody scrolls sideways"
    person.picture("board-phone")
    person.page.keyboard.press("Tab")
    assert person.page.evaluate("document.activeElement.tagName") == "A", "the keyboard begins at the first link"
    person.page.set_viewport_size(WINDOW)


def test_the_log_of_a_branch_is_its_story(person: Person, runs: Runs, place: Place) -> None:
    person.open_task(5, runs.ids[5], "5.1.1 synctarget-api")
    person.reads("Published feature/")
    person.picture("log-end")
    assert in_order(person.words(STORY[0], STORY[-1]), STORY) == []
    person.picture("log")
    person.open_run(5, runs.ids[5])
    person.sees_state(runs.ids[5], "Success")
    assert place.state(5, "5.1.1") == "integrated"


def test_an_isolated_branch_comes_back(person: Person, runs: Runs, place: Place) -> None:
    run, task = runs.ids[70], "70.1.2 trespass"
    person.open_run(70, run)
    person.sees_state(run, "Failed")
    assert (place.state(70, "70.1.2"), place.state(70, "70.1.1")) == ("isolated", "integrated")
    person.open_task(70, run, "close_phase")
    person.reads("Next: fix the cause, then Clear wave_1.70-1-2_trespass with Downstream on and Only-failed off.")
    person.picture("closed-red")
    push_a_fix(place)

    person.open_task(70, run, task)
    person.reads("README.md: branch 70.1.2 may not change this file")
    assert person.in_sight("then Clear this task with Downstream on and Only failed off,"), "nobody scrolls sideways"
    person.picture("isolated")
    person.click(person.button("Press shift+c to clear"))
    # As it opens: Downstream on, only failed off.
    expect(person.dialog().get_by_text("Affected Tasks: 6")).to_be_visible()
    person.picture("clear")
    person.press("Confirm")
    person.reads("Adopting feature/p70w1-trespass-v2")
    person.sees_state(task, "Success")
    person.picture("back")
    person.open_run(70, run)
    person.sees_state(run, "Success")
    expect(person.row("70.2.1 follows")).to_contain_text("Success")
    person.picture("complete")
    assert [place.state(70, branch) for branch in ("70.1.1", "70.1.2", "70.2.1")] == ["integrated"] * 3
    assert place.on_engine(70) == []


def test_the_board_pauses_a_phase_and_starts_a_run(person: Person, runs: Runs, place: Place) -> None:
    board = person.board()
    board.get_by_role("link", name="70 A branch that comes back", exact=True).click()
    before = place.ledger(70)["run"]["id"]
    for words, next_words in (("Pause", "Unpause"), ("Unpause", "Pause")):
        board.get_by_role("button", name=words, exact=True).click()
        board.get_by_role("dialog").get_by_role("button", name=words).click()
        expect(board.get_by_role("button", name=next_words, exact=True)).to_be_visible(timeout=PATIENCE)
    board.get_by_role("button", name="Start a run").click()
    board.get_by_role("dialog").get_by_role("button", name="Start a run").click()
    expect(board.get_by_role("button", name="Start a run")).to_have_count(0, timeout=PATIENCE)  # one is open
    expect(board.get_by_role("button", name="Start a run")).to_be_visible(timeout=PATIENCE)  # and closed again
    run = place.ledger(70)["run"]
    assert run["id"] != before and run["closed"] and run["complete"], "what had passed is reused"


def push_a_fix(place: Place) -> None:
    """From the attempt that failed, as the branch's next name."""
    clone = place.top / "clone"
    git(place.top, "clone", "-q", str(place.top / "small.git"), str(clone))
    git(clone, "fetch", "-q", "origin", "refs/phaseplan/phase-70/attempts/70.1.2/1")
    git(clone, "checkout", "-q", "-b", "feature/p70w1-trespass-v2", "FETCH_HEAD")
    git(clone, "checkout", "-q", "origin/main", "--", "README.md")
    git(clone, "commit", "-q", "-m", "Leave the README alone")
    git(clone, "push", "-q", "origin", "HEAD")


def in_order(text: str, wanted: list[str]) -> list[str]:
    """What is missing after what stands before it in the list."""
    missing, at = [], 0
    for one in wanted:
        found = text.find(one, at)
        if found < 0:
            missing.append(one)
        else:
            at = found + len(one)
    return missing


def where(file: Path, text: str) -> tuple[int, int]:
    """Line and column of a text that is there once."""
    before = file.read_text().split(text)
    assert len(before) == 2
    lines = before[0].split("\n")
    return len(lines), len(lines[-1]) + 1
