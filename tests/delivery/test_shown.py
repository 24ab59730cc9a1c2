"""Where a phase was delivered to is shown by `status`, the end of a run, its note, the board and a simulation."""

from __future__ import annotations

import io
from datetime import UTC, datetime
from pathlib import Path

import pytest
from rich.console import Console

from phaseplan.cli.running.ending import FINE, SYSTEM, Ended
from phaseplan.cli.running.request import PhaseRequest
from phaseplan.cli.simulating.words import words
from phaseplan.cli.status import show
from phaseplan.forecast.simulation.report import Question, simulate
from phaseplan.ledger.delivered import Delivered
from phaseplan.ledger.run_note import with_delivery
from phaseplan.report.board.phase import board_of
from phaseplan.report.board.render import Frame, Rights, phase_page
from phaseplan.report.status import PhaseStatus, build_status
from tests.delivery.place import Shop, plan

URL = "https://git.example.com/acme/shop/pulls/1"


def told(status: PhaseStatus, shop: Shop) -> str:
    """What `status` prints."""
    console = Console(record=True, width=200, color_system=None, file=io.StringIO())
    snapshot = shop.nights.lab.read()
    show(console, status, snapshot, snapshot.require_open().plan)
    return console.export_text()


def board(shop: Shop, record: Delivered, remote: str) -> str:
    """The page of the phase."""
    snapshot = shop.nights.lab.read()
    wanted = snapshot.require_open().plan
    status = build_status(snapshot).model_copy(update={"delivery": record})
    made = board_of(wanted, snapshot, status, datetime.now(UTC), remote)
    return phase_page(made, Frame("", "/phaseplan/board", "stamp"), Rights(), False, part=True)


def test_status_and_the_end_of_a_run_say_it(hub: Shop, tmp_path: Path) -> None:
    hub.night(plan())
    status = build_status(hub.nights.lab.read())
    assert f"delivered: pull request 1 {hub.forge.top}/acme/shop/pull/1, open" in told(status, hub)
    assert '"delivery":{"version":1,"how":"pull-request","state":"open"' in status.model_dump_json()
    request = PhaseRequest(plan(), tmp_path, "")
    assert Ended(request, "night-1", "success", status).code == FINE
    failed = status.model_copy(update={"delivery": hub.record.model_copy(update={"problem": "the token is unknown"})})
    assert Ended(request, "night-1", "failed", failed).code == SYSTEM
    assert Ended(request, "night-1", "failed", failed).undelivered
    assert "/1, open; the token is unknown" in told(failed, hub)
    assert failed.complete, "and the phase is complete"


def test_the_board_links_only_to_the_target_s_own_host(hub: Shop) -> None:
    hub.night(plan())
    record = hub.record.model_copy(update={"url": URL})
    page = board(hub, record, "https://git.example.com/acme/shop.git")
    assert f'<a href="{URL}" target="_blank" rel="noopener noreferrer">pull request 1</a>, open' in page
    elsewhere = board(hub, record, "https://other.example.com/acme/shop.git")
    assert "href" not in elsewhere.partition('class="delivery">')[2].partition("</span>")[0] and URL in elsewhere
    hostile = record.model_copy(update={"url": "javascript:alert(1)", "problem": "<script>x</script>"})
    page = board(hub, hostile, "https://git.example.com/acme/shop.git")
    assert 'href="javascript' not in page and "<script>x" not in page


def test_the_note_of_a_run_has_it_as_text() -> None:
    note = "Phaseplan: complete, 3 of 3 branches integrated: built 3\n- used 5 tokens"
    whole = with_delivery(note, f"pull request 1 {URL}, open")
    assert whole == f"{note.splitlines()[0]}\n- pull request 1 {URL}, open\n- used 5 tokens"
    assert with_delivery(note, "") == note
    assert "](" not in with_delivery(note, "not delivered: [x](http://evil)").replace("\\[x](", "")


def test_a_simulation_delivers_nothing_and_says_what_would_be(hub: Shop) -> None:
    lines = "\n".join("".join(part for part, _ in line) for line in words(simulate([plan()], Question())))
    assert "once complete: a pull request onto main (connection phaseplan_forge); nothing is delivered here" in lines
    assert hub.forge.calls == []


@pytest.mark.parametrize("field", ["onto", "url", "problem"])
def test_a_record_is_of_one_line(field: str) -> None:
    record = Delivered.model_validate(
        {"how": "push", "state": "failed", "onto": "main", "problem": "x", field: "a\nb\x1b[31m" + "c" * 9000}
    )
    value = getattr(record, field)
    assert "\n" not in value and "\x1b" not in value and len(value) <= 500
