"""The board of the six sample phases in a browser, which nobody loads anew: idle, at work, with a red branch, done."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml
from playwright.sync_api import Page, expect

from phaseplan.ledger import attempt_refs
from phaseplan.ledger.claiming import NewAttempt
from phaseplan.ledger.records import Token
from phaseplan.plan.model import PhasePlan
from provision.common import TOP
from tests.api_server import serving
from tests.browser.person import WINDOW, Person
from tests.git.lab import PHASE, Lab

pytestmark = [pytest.mark.browser, pytest.mark.airflow, pytest.mark.timeout(600)]
PLANS = sorted((TOP / "include/plans").glob("phase-*.yaml"))


@dataclass
class Campaign:
    """Six plans, a target in which phase 5 is carried out by hand, and a window on the board."""

    lab: Lab
    plan: PhasePlan
    person: Person

    def build(self, token: Token, *branches: str, **more: str) -> None:
        """Let agents of branches end."""
        for branch in branches:
            self.lab.build(token, branch, {f"{branch}.txt": f"{branch} of {token.run}\n"}, **more)

    def begin(self, token: Token, branch: str) -> None:
        """Let an agent begin."""
        new = NewAttempt(PHASE, self.plan.by_id[branch], token.base, f"{token.run}/0", token.run)
        attempt_refs.claim_attempt(self.lab.repo, self.lab.remote, new)

    def phase(self, number: int, says: str) -> None:
        """See what the campaign says of a phase."""
        row = self.person.page.get_by_role("row").filter(has=self.person.page.get_by_role("link", name=f"{number} "))
        expect(row).to_contain_text(says)

    def card(self, branch: str, says: str) -> None:
        """See what the phase's page says of a branch."""
        expect(self.person.page.get_by_role("article", name=branch)).to_contain_text(says)


@pytest.fixture(scope="module")
def campaign(page: Page, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Campaign]:
    """An API server over it, without a scheduler; gates are left out, for they need the sample's image."""
    top = tmp_path_factory.mktemp("campaign")
    (top / "plans").mkdir()
    for file in PLANS:
        (top / "plans" / file.name).write_text(file.read_text())
    data = yaml.safe_load((top / "plans/phase-05.yaml").read_text())
    for key in ("gates", "shared_files", "generated", "repository", "schedule"):
        data.pop(key, None)
    data["attempts"] = 1
    for wave in data["waves"]:
        wave.pop("validate", None)
    (top / "plans/phase-05.yaml").write_text(yaml.safe_dump(data, sort_keys=False))
    lab = Lab(top)
    facts = {"plans": str(top / "plans"), "agents": str(TOP / "include/agents.yaml"), "state": str(top / "state")}
    with serving(top, facts | {"repository": str(lab.url)}) as (home, token, _):
        browser = page.context.browser
        assert browser is not None
        context = browser.new_context(viewport=WINDOW)
        context.add_cookies([{"name": "_token", "value": token, "url": home.address}])
        yield Campaign(lab, PhasePlan.model_validate(data), Person(context.new_page(), home.address))
        context.close()


def test_six_phases_from_the_evening_to_the_morning(campaign: Campaign) -> None:
    person, lab = campaign.person, campaign.lab
    person.go("/phaseplan/board")
    for number in range(5, 11):
        campaign.phase(number, "waiting")
    expect(person.page.get_by_role("heading", name=re.compile(r"^0 of \d+ branches are in"))).to_be_visible()
    person.picture("board-idle")

    token = lab.open(campaign.plan)
    campaign.build(token, "5.1.1", "5.1.2", "5.1.3")
    lab.integrate(token, 1)
    campaign.build(token, "5.2.1")
    campaign.begin(token, "5.2.2")
    campaign.phase(5, "running")
    campaign.phase(5, "3 of 10")
    person.picture("board-at-work")

    person.go("/phaseplan/board/phases/5")
    campaign.card("5.2.2", "running")
    campaign.card("5.2.1", "passed")
    person.picture("board-wave")
    campaign.build(token, "5.2.3", outcome="failed", reason="go vet: types_status.go:12: undefined: Phase")
    campaign.card("5.2.3", "isolated")
    campaign.card("5.2.3", "undefined: Phase")
    expect(person.page.locator("#out")).to_contain_text("1 of 10 is out")
    person.picture("board-red")
    person.page.get_by_role("link", name="5.2.3", exact=True).click()
    expect(person.page.get_by_text("types_status.go:12: undefined: Phase").first).to_be_visible()
    expect(person.page.get_by_role("button", name="Bring back")).to_be_visible()
    person.picture("board-branch")
    person.go("/phaseplan/board/phases/5")
    lab.close(token)

    night = lab.open(campaign.plan, "run-2")
    lab.integrate(night, 1)
    for wave in campaign.plan.waves[1:]:
        campaign.build(night, *(branch.id for branch in wave.branches))
        lab.integrate(night, wave.wave)
    assert lab.close(night).complete
    campaign.card("5.3.3", "integrated")
    person.go("/phaseplan/board")
    campaign.phase(5, "complete")
    campaign.phase(6, "waiting")
    person.picture("board-morning")


def test_it_prints_on_paper_with_all_its_numbers(campaign: Campaign, tmp_path: Path) -> None:
    page = campaign.person.page
    page.emulate_media(media="print")
    campaign.person.go("/phaseplan/board/phases/5")
    expect(page.get_by_role("article", name="5.3.3")).to_be_visible()
    assert page.get_by_role("button").filter(visible=True).count() == 0, "paper has no buttons"
    assert len(page.pdf(path=tmp_path / "phase.pdf")) > 10_000
    page.emulate_media(media="screen")
