"""`phaseplan simulate`, as a user runs it; what past runs took, from a real repository."""

from __future__ import annotations

import json
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pytest

from phaseplan.cli.main import main
from phaseplan.forecast.simulation.cost import Cost
from phaseplan.forecast.simulation.report import Question, simulate
from phaseplan.ledger.attempt_refs import publish_result
from phaseplan.ledger.money.usage import ModelUsage, Usage
from phaseplan.ledger.snapshot import Snapshot
from phaseplan.plan.costs import Build
from phaseplan.report.past_durations import learned
from phaseplan.report.past_usage import builds_of
from phaseplan.repository.remote import Remote
from tests.cli.plans import plan as made_plan
from tests.cli.plans import verdict
from tests.git.lab import Lab

TOP = Path(__file__).resolve().parents[2]
PHASE_05 = str(TOP / "include" / "plans" / "phase-05.yaml")
HOUR = 3600

SMALL = """
phase: 7
title: Small \x20"quoted" & <b>
max_parallel_agents: 2
waves:
  - wave: 1
    title: First
    branches:
      - {id: "7.a", branch: f/a, title: "Part <A> & more", lines: 100, owns: [/a/]}
      - {id: "7.b", branch: f/b, title: Part B, duration: 1h-3h, owns: [/b/]}
  - wave: 2
    branches:
      - {id: "7.c", branch: f/c, title: Part C, depends_on: ["7.a"], owns: [/c/]}
"""


@pytest.fixture
def small(tmp_path: Path) -> str:
    file = tmp_path / "small.yaml"
    file.write_text(SMALL)
    return str(file)


def test_text_fits_in_a_hundred_columns(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["simulate", PHASE_05]) == 0
    output = capsys.readouterr().out
    assert max(map(len, output.splitlines())) <= 100
    for part in (
        "Critical path, 17h: 5.1.1 -> 5.2.1 -> 5.3.2",
        "with 4 agents                               17h              17h",
        "  5.3.2 Placement interfaces           2",
        "5.2.1 -> 5.3.1 is no dependency",
        "10 by their wave's duration",
    ):
        assert part in output
    assert "\x1b" not in output


def test_bars_are_drawn_at_their_scheduled_times(small: str, capsys: pytest.CaptureFixture[str]) -> None:
    """7.a 50m, 7.b 2h, then 7.c 1h: 3 hours over all columns, and 7.a may be 70m later without moving anything."""
    assert main(["simulate", small]) == 0
    rows = [line for line in capsys.readouterr().out.splitlines() if set(line) & set("█▒") and "7." in line]
    bars = {line.split()[0]: line[41:] for line in rows}
    width = len(bars["7.c"].rstrip()) - len("     3h")
    assert bars["7.b"].startswith("█" * round(width * 2 / 3))
    assert bars["7.a"].startswith("▒" * round(width * 50 / 180) + "·")
    assert bars["7.c"].startswith(" " * round(width * 2 / 3) + "█")


def test_json(small: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["simulate", small, "--json", "--agents", "1", "--start", "dependencies", "--seed", "3"]) == 0
    data = json.loads(capsys.readouterr().out)
    assert (data["version"], data["phases"], data["start"]) == (1, [7], "dependencies")
    assert data["agents"] == {"total": 1, "crews": [1], "utilisation": [1.0]}
    assert data["makespan"] == data["sequential"] == data["bound"] == 3000 + 2 * HOUR + HOUR
    assert [b["estimate"]["source"] for b in data["branches"]] == ["lines", "branch", "nothing"]
    assert (data["chance"]["seed"], data["chance"]["ranged"]) == (3, 1)
    assert main(["simulate", small, "--json", "--agents", "1", "--start", "dependencies", "--seed", "3"]) == 0
    assert json.loads(capsys.readouterr().out) == data


def test_svg_is_well_formed_and_draws_everything(small: str, tmp_path: Path) -> None:
    out = tmp_path / "out.svg"
    assert main(["simulate", small, "--svg", str(out)]) == 0
    tree = ElementTree.parse(out)
    texts = [t.text or "" for t in tree.iter("{http://www.w3.org/2000/svg}text")]
    assert {"Part <A> & more", "7.c", "Wave 1: First", "agent 2"} <= set(texts)
    bars = [r for r in tree.iter("{http://www.w3.org/2000/svg}rect") if r.find("{*}title") is not None]
    ends = {r.find("{*}title").text[:3]: float(r.get("x")) + float(r.get("width")) for r in bars}  # type: ignore[union-attr,index,arg-type]
    assert ends["7.a"] < ends["7.b"] < ends["7.c"]


def test_errors_that_change_no_time_are_only_counted(
    tmp_path: Path, small: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["simulate", small]) == 0
    assert "1 error, 0 warnings, 0 notes that change no time" in capsys.readouterr().err  # nothing builds them
    bad = tmp_path / "bad.yaml"
    bad.write_text(SMALL.replace('["7.a"]', '["7.x"]'))
    assert main(["simulate", str(bad)]) == 1
    output = capsys.readouterr().err
    assert "bad.yaml:13" in output
    assert "PP401" in output
    assert "sound" in output


def test_every_bad_plan_is_simulated_and_improved_or_refused(capsys: pytest.CaptureFixture[str]) -> None:
    examples = TOP / "include/phaseplan/plan/lint/examples"
    files = sorted([*(TOP / "tests/plans/bad").glob("*.yaml"), *examples.glob("PP[1-7]*.yaml")])
    codes = {file.name: (main(["simulate", str(file)]), main(["improve", str(file)])) for file in files}
    assert len(codes) > 30
    assert set(codes.values()) == {(0, 0), (1, 1)}
    assert codes["PP505.yaml"] == (1, 1)
    assert capsys.readouterr().out


@pytest.mark.parametrize("words", [["--agents", "0"], ["--agents", "x"], ["--runs", "-1"], ["--start", "never"]])
def test_bad_arguments_of_simulate_are_input_faults(small: str, words: list[str]) -> None:
    with pytest.raises(SystemExit) as stop:
        main(["simulate", small, *words])
    assert stop.value.code == 1


def test_it_imports_neither_airflow_nor_git_nor_the_runtime() -> None:
    script = (
        f"import sys; from phaseplan.cli.main import main; assert main(['simulate', {PHASE_05!r}]) == 0;"
        f"assert main(['improve', {PHASE_05!r}]) == 0;"
        "print([m for m in sys.modules if m.split('.')[0] in ('airflow', 'git', 'docker')"
        " or 'phaseplan.repository' in m])"
    )
    done = subprocess.run([sys.executable, "-c", script], cwd=TOP, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"


def test_failed_attempts_are_part_of_what_a_branch_took() -> None:
    passed = {"timings": {"agent": 30.0}, "run": "run-1"}
    verdicts = (
        verdict("7.a", 0, 10, attempt=1, outcome="failed", name=None),
        verdict("7.a", 0, 99, attempt=2, gating=1, **passed),
        verdict("7.a", 0, 99, attempt=2, gating=2, **passed),  # gated again, not built again
        verdict("7.a", 0, 50, attempt=3, run="run-2"),
        verdict("7.a", 0, 60, attempt=4, run="run-3", outcome="failed", name=None),  # never passed
        verdict("7.a", 0, 70, attempt=5, run="run-4", source="person"),
    )
    assert learned(Snapshot(7, verdicts={"7.a": verdicts, "7.b": ()})) == {"7.a": (40.0, 50.0)}


def test_past_runs_replace_estimates(
    small: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("AIRFLOW__PHASEPLAN__STATE", str(tmp_path / "state"))
    target = tmp_path / "target"
    subprocess.run(["git", "init", "-q", "-b", "main", target], check=True)
    who = ["-c", "user.name=x", "-c", "user.email=x@example.org"]
    subprocess.run(["git", "-C", target, *who, "commit", "-q", "--allow-empty", "-m", "base"], check=True)
    remote = Remote(str(target))
    with remote.private(state=tmp_path / "state") as repo:
        head = remote.refs()["refs/heads/main"]
        remote.take(repo, ["refs/heads/main"], [head])
        publish_result(repo, remote, verdict("7.c", 0, 20, base=head, timings={"agent": 12.5}), None)
    assert main(["simulate", small, "--json", "--repository", str(target)]) == 0
    output = capsys.readouterr()
    third = json.loads(output.out)["branches"][2]
    assert third["estimate"] == {"low": 12.5, "high": 12.5, "mean": 12.5, "source": "learned"}
    assert "have times of 7.c\n" in output.err
    assert main(["simulate", small, "--repository", str(target)]) == 0
    assert "1 learned from past runs" in capsys.readouterr().out


def used(tokens: int, usd: float | None = 0.5) -> Usage:
    return Usage(calls=1, models={"m": ModelUsage(input=tokens, usd=usd)})


def costing(builds: dict[str, list[Build]], agent: str = "night") -> Cost | None:
    plan = made_plan(agent=agent)
    return simulate([plan], Question(runs=200), builds={7: builds}).cost


def test_a_run_costs_what_its_branches_have_cost_before() -> None:
    """Of 7.a, two builds of very different cost; 7.b is like the others of its profile; nothing is known of `other`."""
    cheap, dear = Build(1000, 1.0, "night"), Build(9000, 9.0, "night")
    cost = costing({"7.a": [cheap, dear], "7.c": [cheap]})
    assert cost is not None and (cost.own, cost.alike, cost.left_out, cost.builds) == (2, 1, (), 2)
    assert cost.usd is not None and cost.usd.p50 >= 3.0 and cost.usd.p90 == 19.0 and cost.tokens.p90 == 19000
    alone = costing({"7.a": [cheap, dear], "7.c": [cheap]}, agent="other")
    assert alone is not None and (alone.alike, alone.left_out) == (0, ((7, "7.b"),))
    assert costing({"7.a": [cheap, dear], "7.c": [cheap]}) == cost, "the same seed"
    assert costing({}) is None


def test_a_branch_without_a_price_is_in_no_sum_of_dollars() -> None:
    cost = costing({"7.a": [Build(1000, 1.0, "x"), Build(2000, None, "x")], "7.b": [Build(10, 0.25, "x")]}, agent="y")
    assert cost is not None and cost.usd is not None
    assert (cost.usd.p50, cost.usd.p90, cost.unpriced) == (0.25, 0.25, 1) and cost.tokens.p90 == 2010
    free = costing({"7.a": [Build(1000, None, "x")]}, agent="y")
    assert free is not None and free.usd is None and free.tokens.p50 == 1000


def test_what_a_branch_used_in_a_run_is_one_figure_with_its_failed_attempts() -> None:
    verdicts = (
        verdict("7.a", 0, 10, attempt=1, outcome="failed", usage=used(100), agent="night"),
        verdict("7.a", 0, 99, attempt=2, usage=used(200), agent="dear"),
        verdict("7.a", 0, 99, attempt=2, gating=2, run="run-2", usage=used(200), agent="dear"),
        verdict("7.a", 0, 50, attempt=3, run="run-3", usage=used(5, None), agent="night"),
    )
    builds = builds_of(Snapshot(7, verdicts={"7.a": verdicts, "7.b": (verdict("7.b", 0, 1),)}))
    assert builds == {"7.a": (Build(300, 1.0, "dear"), Build(5, None, "night"))}


def test_the_cost_of_past_runs_is_told_and_without_any_nothing_is(
    small: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("AIRFLOW__PHASEPLAN__STATE", str(tmp_path / "state"))
    lab = Lab(tmp_path)
    assert main(["simulate", small, "--repository", str(lab.url)]) == 0
    output = capsys.readouterr()
    assert "tokens" not in output.out + output.err and "$" not in output.out
    publish_result(lab.repo, lab.remote, verdict("7.c", 0, 20, base=lab.main, usage=used(12000), agent="night"), None)
    assert main(["simulate", small, "--repository", str(lab.url)]) == 0
    output = capsys.readouterr()
    assert "have times of 7.c, and tokens of 7.c\n" in output.err
    assert "Half of the runs use up to $0.50, 12,000 tokens (P50), nine of ten up to $0.50, 12,000 tokens (P90)" in (
        output.out
    )
    assert "1 branch drawn from what it used, in 1 earlier build;" in output.out
    assert "nothing is known of 7.a, 7.b, which are in no sum" in " ".join(output.out.split())
    assert max(len(line) for line in output.out.splitlines() if "tokens" in line or "no sum" in line) <= 100
    assert main(["simulate", small, "--json", "--repository", str(lab.url)]) == 0
    told = json.loads(capsys.readouterr().out)["cost"]
    assert (told["own"], told["usd"], told["left_out"]) == (1, {"p50": 0.5, "p90": 0.5}, [[7, "7.a"], [7, "7.b"]])
