"""A phase that people approve, driven to its end by a person's clicks: docs/approvals.md.

Last of its folder: it kills parts of the Airflow that the others look at.
"""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Iterator
from contextlib import suppress

import psutil
import pytest
from playwright.sync_api import Locator, expect

from phaseplan.cli.local_airflow.api import Api, ApiError
from provision.common import TOP
from tests.browser.patience import PATIENCE, comes
from tests.browser.person import WINDOW, Person
from tests.browser.place import Place
from tests.processes import words_of

pytestmark = [pytest.mark.browser, pytest.mark.airflow, pytest.mark.docker, pytest.mark.timeout(1200)]

DAG = "phase_73"


def waits(api: Api, task: str) -> bool:
    """Whether a task of the newest run waits for a person, also while parts of Airflow are being started again."""
    with suppress(ApiError):
        run = api.newest_run(DAG)
        return run is not None and any(t.task_id == task and t.state == "awaiting_input" for t in api.tasks(DAG, run))
    return False


def answer(section: Locator, word: str) -> None:
    """Press one of the answers of a question on the board, and say yes."""
    section.get_by_role("button", name=word, exact=True).click()
    dialog = section.page.get_by_role("dialog")
    dialog.get_by_role("button", name=word, exact=True).click()


def killed(place: Place, *parts: str) -> set[str]:
    """Kill parts of the Airflow that `up` runs from a home, and starts again; return which were found."""
    found = set()
    up = next(p for p in psutil.process_iter() if f"up --home {place.home}" in " ".join(words_of(p)))
    for child in up.children():
        words = set(" ".join(words_of(child)).split())
        for part in parts:
            if words & {part, part.replace("-", "_")}:
                child.kill()
                found.add(part)
    return found


def with_a_viewer(place: Place) -> None:
    """Give Airflow a user who may only look, from its next start on."""
    file, known = place.home / "airflow.cfg", place.home / "passwords.json"
    lines = [line for line in file.read_text().splitlines() if not line.startswith("simple_auth_manager_users")]
    lines.insert(lines.index("[core]") + 1, "simple_auth_manager_users = admin:admin,viewer:viewer")
    file.write_text("\n".join(lines) + "\n")
    known.write_text(json.dumps({**json.loads(known.read_text()), "viewer": "looks"}))


@pytest.fixture(scope="module")
def triggered(airflow: Api, place: Place) -> Iterator[Api]:
    """Both phases begin; the first question is asked."""
    for phase in (73, 74):
        airflow.trigger(f"phase_{phase}", f"first_{phase}", {})
    comes(lambda: waits(airflow, "wave_1.approve"), "nobody was asked about wave 1")
    return airflow


def test_the_board_asks_with_what_a_person_has_to_know(person: Person, triggered: Api) -> None:
    person.go("/phaseplan/board/phases/73")
    section = person.page.get_by_role("region", name="Approval of wave 1")
    person.sees(section)
    expect(section).to_contain_text("73.1.1 Reads what people say")
    expect(person.page.get_by_role("article", name="73.2.1")).to_contain_text("waits for the approval of wave 1")
    person.picture("board-approval")


def test_a_question_survives_that_scheduler_and_api_server_die(person: Person, place: Place, triggered: Api) -> None:
    with_a_viewer(place)
    assert killed(place, "scheduler", "api-server") == {"scheduler", "api-server"}
    time.sleep(2)
    comes(lambda: waits(triggered, "wave_1.approve"), "the question is gone")
    assert place.ledger(73)["approvals"]["wave 1"]["answer"] == ""


def test_what_is_sent_back_is_built_again_with_the_words(person: Person, place: Place, triggered: Api) -> None:
    person.go("/phaseplan/board/phases/73")
    section = person.page.get_by_role("region", name="Approval of wave 1")
    person.sees(section)
    section.get_by_label("73.1.1").check()
    section.get_by_label("Words").fill("use a map, not a list")
    time.sleep(3)  # the board has moved by itself meanwhile, or may have
    expect(section.get_by_label("Words")).to_have_value("use a map, not a list")
    answer(section, "Send back")
    comes(lambda: "73.1.1" in place.ledger(73).get("remarks", {}), "the words are not in the ledger")
    comes(lambda: triggered.newest_run(DAG) != "first_73", "no run builds it again")
    comes(lambda: triggered.run_state(DAG, "first_73") == "failed", "the run that sent work back is not red")
    comes(lambda: waits(triggered, "wave_1.approve"), "nobody is asked about the new work")
    branches = place.ledger(73)["branches"]
    assert (branches["73.1.1"]["attempt"], branches["73.1.2"]["attempt"]) == (2, 1)
    assert "use a map, not a list" in place.git(73, "show", "integration/phase-73:work/73.1.1/said.txt")


def test_airflow_s_own_page_answers_it(person: Person, place: Place, triggered: Api) -> None:
    run = triggered.newest_run(DAG)
    person.go(f"/dags/{DAG}/runs/{run}/tasks/wave_1.approve/required_actions")
    person.sees(person.page.get_by_text("What each answer does").or_(person.page.get_by_text("Send back").first).first)
    for text in ("2 of 2 branches are integrated", "two of one kind", "look at both", "73.1.2"):
        person.reads(text)
    person.picture("required-action")
    person.page.get_by_role("button", name="Approve", exact=True).click()
    comes(lambda: place.ledger(73)["approvals"]["wave 1"]["answer"] == "approved", "the approval is not in the ledger")
    assert place.ledger(73)["approvals"]["wave 1"]["who"] == "admin"
    comes(lambda: waits(triggered, "wave_2.approve"), "nobody was asked about wave 2")


def test_a_terminal_answers_it(place: Place, triggered: Api) -> None:
    def approve(*more: str) -> subprocess.CompletedProcess[str]:
        command = [str(TOP / "phaseplan"), "approve", "73", "--home", str(place.home), *more]
        repository = ["--repository", str(place.top / "small.git")]
        return subprocess.run([*command, *repository], capture_output=True, text=True, check=False)

    shown = approve()
    assert shown.returncode == 0 and "Phase 73: approve wave 2?" in shown.stdout, shown.stderr
    assert approve("--send-back", "x", "--branches", "73.9.9").returncode == 0  # Airflow takes it, the task does not
    comes(lambda: "73.9.9 is not integrated" in place.ledger(73)["approvals"]["wave 2"]["again"], "it was not refused")
    comes(lambda: waits(triggered, "wave_2.approve"), "it is not asked again")
    done = approve("--yes")
    assert done.returncode == 0, done.stderr
    comes(lambda: waits(triggered, "approve_phase"), "nobody was asked about the phase")
    assert not place.ledger(73)["run"]["complete"]


def test_who_may_not_answer_sees_the_question_and_no_button(person: Person, place: Place, triggered: Api) -> None:
    window = person.page.context.browser
    assert window is not None
    context = window.new_context(viewport=WINDOW)
    viewer = Person(context.new_page(), person.address)
    viewer.go()
    viewer.log_in(json.loads((place.home / "passwords.json").read_text())["viewer"], "viewer")
    viewer.sees(viewer.link("Dags").first)
    viewer.go("/phaseplan/board/phases/73")
    viewer.reads("You may not answer it.")
    assert viewer.page.locator("button[data-do]").count() == 0
    viewer.picture("board-viewer")
    context.close()


def test_the_keyboard_alone_completes_the_phase(person: Person, place: Place, triggered: Api) -> None:
    person.go("/phaseplan/board/phases/73")
    section = person.page.get_by_role("region", name="Approval of the phase")
    person.sees(section)
    for _ in range(40):
        person.page.keyboard.press("Tab")
        if person.page.evaluate("document.activeElement.dataset.choice") == "Approve":
            break
    person.picture("board-keyboard")
    person.page.keyboard.press("Enter")
    expect(person.page.get_by_role("dialog")).to_be_visible()
    person.page.keyboard.press("Enter")
    comes(lambda: bool(place.ledger(73)["run"]["complete"]), "the phase is not complete")
    expect(section).to_have_count(0, timeout=PATIENCE)
    run = triggered.newest_run(DAG)
    comes(lambda: triggered.run_state(DAG, str(run)) == "success", "its run is not green")


def test_the_board_isolates_what_is_integrated(person: Person, place: Place, triggered: Api) -> None:
    person.go("/phaseplan/board/phases/73/branches/73.1.2")
    person.sees(person.page.get_by_role("heading", name="73.1.2 Is fine as it is"))
    person.page.get_by_text("The last lines of its log").click()
    expect(person.page.locator("details[data-log] pre")).to_contain_text("nothing to build", timeout=PATIENCE)
    person.page.get_by_role("button", name="Isolate").click()
    person.page.get_by_role("dialog").get_by_role("button", name="Isolate").click()
    comes(lambda: place.state(73, "73.1.2") == "isolated", "it is still integrated")
    run = str(triggered.newest_run(DAG))
    comes(lambda: triggered.run_state(DAG, run) == "success", "the run that takes it out is not green")
    assert place.state(73, "73.1.1") == place.state(73, "73.2.1") == "integrated"
    assert not place.ledger(73)["run"]["complete"]
    person.reads("taken out: a run was asked to")


def test_a_question_that_is_not_answered_in_time_ends_the_run(place: Place, triggered: Api) -> None:
    comes(lambda: triggered.run_state("phase_74", "first_74") == "failed", "it still waits")
    given = place.ledger(74)["approvals"]["the opening"]
    assert (given["answer"], given["who"]) == ("unanswered", "")
    assert place.ledger(74)["branches"] == {} and place.on_engine(74) == []
    states = {t.task_id: t.state for t in triggered.tasks("phase_74", "first_74")}
    assert states["approve_open"] == "failed" and states["close_phase"] == "failed"
