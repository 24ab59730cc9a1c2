"""`phaseplan history`, on a real repository."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from phaseplan.cli.main import main
from phaseplan.ledger.money.usage import ModelUsage, Usage
from phaseplan.ledger.records import Deed, Night
from phaseplan.ledger.write import commit_ledger
from tests.git.lab import Lab, plan_of

WHEN = "2026-01-0{}T02:00:00.000Z"
RUN = "scheduled__2026-01-0{}T02:00:00+00:00"


def deed(what: str, why: str = "", **more: Any) -> Deed:
    facts = {"attempt": 1, "commit": "c0ffee1234", "key": "k", "gates": "g", "base": "w"}
    return Deed.model_validate({"what": what, "why": why, **facts, **more})


def night(day: int, deeds: dict[str, Deed], **more: Any) -> Night:
    fields = {"run": RUN.format(day), "epoch": day, "opened": WHEN.format(day), "closed": WHEN.format(day)}
    facts = {"base": "abcdef0123", "base_name": "main", "plan": "p", "start": "wave", "seconds": 754.0}
    complete = all(d.what in ("built", "reused", "gated", "rebuilt") for d in deeds.values())
    return Night.model_validate({**fields, **facts, "complete": complete, "deeds": deeds, **more})


NIGHTS = (
    night(1, {"5.1": deed("built"), "5.2": deed("built"), "5.3": deed("built")}, seconds=4711.0),
    night(2, {"5.1": deed("reused"), "5.2": deed("reused"), "5.3": deed("reused")}, seconds=9.0),
    night(
        3,
        {
            "5.1": deed("gated", "base moved"),
            "5.2": deed("isolated", "commands: [bold]go test[/bold]: exit 1", cause="failed"),
            "5.3": deed("rebuilt", "image changed", attempt=2),
        },
        flaky=("wave 1: commands: port in use",),
    ),
    night(4, {"5.1": deed("waiting", "was not built")}, closed=None, seconds=None),
)


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """Make a target repository whose ledger has four runs."""
    monkeypatch.setenv("AIRFLOW__PHASEPLAN__STATE", str(tmp_path / "state"))
    monkeypatch.setenv("AIRFLOW__PHASEPLAN__PLANS", str(tmp_path / "plans"))
    lab = Lab(tmp_path)
    lab.open(plan_of({"5.1": [], "5.2": [], "5.3": []}), run="run-9")
    for made in NIGHTS:
        snapshot = lab.read()
        assert commit_ledger(lab.repo, lab.remote, snapshot, snapshot.folded(), night=made)
    return str(lab.url)


def output_of(repository: str, capsys: pytest.CaptureFixture[str], *args: str, code: int = 0) -> str:
    assert main(["history", "5", "--repository", repository, *args]) == code
    out = capsys.readouterr()
    return out.out if code == 0 else out.err


def test_history_has_one_line_a_run_newest_last_and_reasons_below(
    repository: str, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = output_of(repository, capsys).splitlines()
    table = lines[2:6]
    assert [line[:16] for line in table] == [f"2026-01-0{n} 02:00" for n in (1, 2, 3, 4)]
    assert "".join(table[0].split()).endswith("abcdef03/3···3··1:18:31")
    assert table[1].split()[-8:] == ["3/3", "3", "·", "·", "·", "·", "·", "0:09"]
    assert table[2].split()[-8:] == ["2/3", "·", "1", "1", "·", "1", "·", "12:34"]
    assert table[3].rstrip().endswith("not closed")
    below = "\n".join(lines[6:])
    assert "  isolated 5.2: commands: [bold]go test[/bold]: exit 1" in below, "an agent's markup is text"
    assert "  gated again 5.1: base moved\n" in below and "  rebuilt 5.3: image changed\n" in below
    assert "  built 5.1, 5.2, 5.3\n" in below
    assert "flaky gate of wave 1: commands: port in use" in below
    assert f"2026-01-02 02:00  {RUN.format(2)}" not in below, "where everything was reused there is nothing to tell"
    assert "Run run-9 goes on: ./phaseplan status 5" in below
    assert f"5.2 was reused in {RUN.format(2)} and isolated in {RUN.format(3)}, same inputs" in below
    assert max(map(len, lines[:6])) <= 120


def test_json(repository: str, capsys: pytest.CaptureFixture[str]) -> None:
    data = json.loads(output_of(repository, capsys, "--json", "--last", "2"))
    assert (data["version"], data["phase"], [n["run"] for n in data["nights"]]) == (
        1,
        5,
        [RUN.format(3), RUN.format(4)],
    )
    assert [(f["branch"], f["first"], f["second"]) for f in data["flaky"]] == [("5.2", RUN.format(2), RUN.format(3))]
    assert data["nights"][0]["deeds"]["5.3"]["why"] == "image changed"


def test_history_of_one_branch_shows_its_runs(repository: str, capsys: pytest.CaptureFixture[str]) -> None:
    lines = output_of(repository, capsys, "--branch", "5.3").splitlines()
    assert [line.split()[3] for line in lines[2:5]] == ["built", "reused", "rebuilt"]
    assert "image changed" in lines[4] and not any("Flaky" in line for line in lines)
    data = json.loads(output_of(repository, capsys, "--branch", "5.3", "--json"))
    assert [list(n["deeds"]) for n in data["nights"]] == [["5.3"]] * 3 and data["flaky"] == []
    assert "there are 5.1, 5.2, 5.3" in output_of(repository, capsys, "--branch", "5.9", code=1)


def test_a_narrow_terminal_keeps_every_count(
    repository: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("phaseplan.cli.history._WIDE", 80)
    lines = output_of(repository, capsys).splitlines()
    assert max(map(len, lines[:6])) <= 80 and "…" not in "".join(lines[:6])
    assert lines[4].split()[-8:] == ["2/3", "·", "1", "1", "·", "1", "·", "12:34"]


def test_status_names_flaky_branches(repository: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["status", "5", "--repository", repository]) == 0
    assert "\nFLAKY: 5.2 was reused in" in capsys.readouterr().out
    assert main(["status", "5", "--json", "--repository", repository]) == 0
    assert [f["branch"] for f in json.loads(capsys.readouterr().out)["flaky"]] == ["5.2"]


def test_history_of_a_phase_without_a_run_says_so(
    tmp_path: Path, repository: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["history", "6", "--repository", repository]) == 1
    assert "no ledger of phase 6" in capsys.readouterr().err
    (tmp_path / "fresh").mkdir()
    lab = Lab(tmp_path / "fresh")
    lab.open(plan_of({"5.1": []}))
    assert "No run has ended yet." in output_of(str(lab.url), capsys)
    with pytest.raises(SystemExit) as ended:
        main(["history", "5", "--last", "0"])
    assert ended.value.code == 1


def test_what_runs_used_is_a_column_where_anything_was_counted(
    repository: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert "used" not in output_of(repository, capsys).splitlines()[1].split()
    one = Usage(calls=1, models={"m": ModelUsage(input=12000, output=300, usd=0.5)})
    two = Usage(calls=1, models={"m": ModelUsage(input=24000, output=600, usd=1.0)})
    lab = Lab(tmp_path / "other")
    lab.open(plan_of({"5.1": [], "5.2": []}), run="run-9")
    deeds = {"5.1": deed("built", usage=one), "5.2": deed("isolated", "no", cause="failed", usage=one)}
    snapshot = lab.read()
    made = night(1, deeds, usage=two, wasted=one)
    assert commit_ledger(lab.repo, lab.remote, snapshot, snapshot.folded(), night=made)
    head, row, *below = output_of(str(lab.url), capsys).splitlines()[1:]
    assert head.split()[-1] == "used" and row.endswith("$1.00 ($0.50 wasted)")
    assert "  used 24,000 tokens in, 600 out, $1.00; wasted $0.50, 12,300 tokens" in below
    head, row = output_of(str(lab.url), capsys, "--branch", "5.2").splitlines()[1:3]
    assert "used" in head.split() and "$0.50" in row.split()
    told = json.loads(output_of(str(lab.url), capsys, "--json"))["nights"][0]
    assert told["wasted"]["models"]["m"]["usd"] == 0.5 and told["deeds"]["5.1"]["usage"]["calls"] == 1
