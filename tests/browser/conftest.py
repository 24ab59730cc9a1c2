"""`./phaseplan up` over six plans, one of them broken, and a person with a browser."""

from __future__ import annotations

import json
from collections.abc import Generator, Iterator
from dataclasses import dataclass

import pytest
from playwright.sync_api import Page, expect, sync_playwright

from phaseplan.cli.local_airflow.api import Api
from provision.browser import find
from tests.browser.patience import comes
from tests.browser.person import WINDOW, Person
from tests.browser.place import Place
from tests.end_to_end.world import airflow_up

_PATIENCE = 30_000.0  # milliseconds for a page to react; a loaded machine needs seconds


@pytest.fixture(scope="package")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """Repositories and plans."""
    made = Place(tmp_path_factory.mktemp("ui"))
    made.furnish()
    yield made
    made.clear_away()


@pytest.fixture(scope="package")
def airflow(place: Place) -> Iterator[Api]:
    """What `./phaseplan up` starts."""
    approvers = {"AIRFLOW__PHASEPLAN__APPROVERS": str(place.top / "approvers.yaml")}
    with airflow_up(place.home, place.agents, place.top / "state", **approvers) as api:
        yield api


@pytest.fixture(scope="package")
def page() -> Iterator[Page]:
    """A window of Debian's Chromium."""
    expect.set_options(timeout=_PATIENCE)
    with sync_playwright() as playwright:
        # Without its sandbox, since tests may run as root; it sees no page but ours.
        browser = playwright.chromium.launch(executable_path=find(), args=["--no-sandbox", "--disable-gpu"])
        window = browser.new_context(viewport=WINDOW).new_page()
        window.set_default_timeout(_PATIENCE)
        yield window
        browser.close()


@pytest.fixture(scope="package")
def person(page: Page, airflow: Api, place: Place) -> Person:
    """Logged in, with the password that `up` has generated."""
    someone = Person(page, airflow.address)
    someone.go()
    expect(page.get_by_role("heading", name="Sign into Airflow")).to_be_visible()
    someone.picture("login")
    someone.log_in("not the password")
    someone.reads("Invalid")
    someone.log_in(json.loads((place.home / "passwords.json").read_text())["admin"])
    expect(page.get_by_role("heading", name="Phaseplan")).to_be_visible()
    return someone


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Put beside a page that does not say what is waited for how Airflow itself sees the tasks."""
    report = yield
    known = getattr(item, "funcargs", {})
    if report.failed and "runs" in known and "airflow" in known:
        for phase, run in known["runs"].ids.items():
            tasks = known["airflow"].tasks(f"phase_{phase:02d}", run)
            report.sections.append((f"phase {phase} in Airflow", "\n".join(map(str, tasks))))
    return report


@dataclass(frozen=True)
class Runs:
    """The runs that the person has triggered, by phase, and how the form refused a bad value."""

    ids: dict[int, str]
    refusal: str


@pytest.fixture(scope="module")
def runs(person: Person, airflow: Api) -> Runs:
    """Triggers all phases through the form: of phase 5 one branch, after a mistyped base."""
    ids = {}
    for phase in (70, 71):
        person.form(phase)
        ids[phase] = begun(person, airflow, phase)
    form = person.form(5)
    form.get_by_role("combobox", name="Select one or multiple values").first.click()
    person.page.get_by_role("option", name="5.1.1 synctarget-api").click()
    form.get_by_role("button", name="Trigger", exact=True).scroll_into_view_if_needed()
    person.picture("form")
    person.field("Base").get_by_role("textbox").fill("main; reboot")
    person.press("Trigger")
    person.page.get_by_text("400 Bad Request").scroll_into_view_if_needed()
    refusal = form.inner_text()
    person.picture("form-refuses")
    person.field("Base").get_by_role("textbox").fill("main")
    ids[5] = begun(person, airflow, 5)
    return Runs(ids, refusal)


def begun(person: Person, airflow: Api, phase: int) -> str:
    """Press the form's button, and stay on the page until Airflow has done both that it asks for; returns the run's id.

    A phase that is new is paused: the form starts a run and switches the DAG on by two requests at once, and whoever
    leaves the page before the second is answered leaves a run behind that is queued for ever.
    """
    run = person.trigger()
    dag = f"/dags/phase_{phase:02d}"
    comes(lambda: not airflow.call("GET", dag)["is_paused"], f"Airflow's form has not switched on phase {phase}", 30)
    return run
