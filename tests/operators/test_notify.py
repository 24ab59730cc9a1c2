"""Notifications: told once each, whatever fails; nothing secret in a log."""

from __future__ import annotations

import ast
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from phaseplan.airflow.operators import notify as module
from phaseplan.airflow.operators.notify import about_branch, about_phase, about_wave, notify
from phaseplan.ledger.money.usage import ModelUsage, Spent, Usage
from phaseplan.plan.digest import plan_digest
from phaseplan.plan.notify import Notify
from tests.cli.plans import plan
from tests.operators import notifiers

HERE = "tests.operators.notifiers"
TEXT = "{{ phaseplan.event }}|{{ phaseplan.message }}|{{ run }}"
Defined = Callable[..., Path]


@pytest.fixture
def defined(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Defined:
    """Write the operator's file; returns the file that `ToFile` writes."""

    def write(**profiles: Any) -> Path:
        said = tmp_path / "said"
        chat = {"class": f"{HERE}.ToFile", "arguments": {"path": str(said), "text": TEXT}}
        file = tmp_path / "notifiers.yaml"
        file.write_text(json.dumps({"chat": chat, **profiles}))
        monkeypatch.setenv("AIRFLOW__PHASEPLAN__NOTIFIERS", str(file))
        return said

    return write


def lines(said: Path) -> list[str]:
    return [ast.literal_eval(line) for line in said.read_text().splitlines()]


def test_templates_see_the_message_and_the_task_context(defined: Defined) -> None:
    said = defined()
    context = {"run": "run-1"}
    details = about_branch(plan(), "7.a", "budget: 801 added lines")
    assert notify(context, Notify(isolated=("chat",)), "isolated", details) == ("chat",)
    (line,) = lines(said)
    assert line.startswith("isolated|Phase 7, wave 1: 7.a Part A is isolated: budget: 801 added lines\nMend the cause")
    assert "Clear wave_1.7-a_p7-a in phase_07 with Downstream on" in line
    assert "`./phaseplan reintegrate 7 7.a`" in line
    assert line.endswith("|run-1")
    assert context == {"run": "run-1"}, "the task's own context stays as it was"


def test_what_was_used_is_told_where_it_was_counted(defined: Defined) -> None:
    said = defined()
    used = Usage(calls=1, models={"m": ModelUsage(input=1200, output=30, usd=0.5)})
    spent = Spent(usage=used, wasted=used)
    told = Notify(isolated=("chat",), wave_integrated=("chat",), phase_complete=("chat",))
    notify({"run": 1}, told, "isolated", about_branch(plan(), "7.a", "no", spent))
    notify({"run": 1}, told, "wave_integrated", about_wave(plan(), 2, "merged 7.c", Spent(usage=used)))
    notify({"run": 1}, told, "phase_complete", about_phase(plan(), "3 of 3. Used: all", spent))
    branch, wave, phase = lines(said)
    assert "is isolated: no\nUsed so far: 1,200 tokens in, 30 out, $0.50; all wasted.\nMend the cause" in branch
    assert "merged 7.c\nUsed so far: 1,200 tokens in, 30 out, $0.50.|" in wave
    assert "Used so far" not in phase, "the closing message has it"


def test_waves_and_phases(defined: Defined) -> None:
    said = defined()
    told = Notify(wave_integrated=("chat",), phase_complete=("chat",))
    notify({"run": 1}, told, "wave_integrated", about_wave(plan(), 2, "7.c merged"))
    notify({"run": 1}, told, "phase_complete", about_phase(plan(), "3 of 3"))
    assert [line.split("|")[1] for line in lines(said)] == [
        "Phase 7, wave 2 is integrated: 7.c merged",
        "Phase 7 is complete: 3 of 3",
    ]


@pytest.mark.parametrize("reason", ["[1, 2]", "{{ run }}", "\x1b[31mred", "5"])
def test_what_an_agent_said_stays_text(defined: Defined, reason: str) -> None:
    arguments = {"path": "x", "text": "{{ phaseplan.reason }}"}
    said = defined()
    arguments["path"] = str(said)
    defined(chat={"class": f"{HERE}.ToFile", "arguments": arguments})
    notify({"run": "no"}, Notify(blocked=("chat",)), "blocked", about_branch(plan(), "7.a", reason))
    assert lines(said) == [reason.replace("\x1b", "?")]


def test_the_operators_own_choice_comes_on_top_and_nobody_is_told_twice(defined: Defined) -> None:
    said = defined()
    page = {"class": f"{HERE}.ToFile", "arguments": {"path": str(said), "text": "page"}, "events": ["isolated"]}
    defined(pager=page)
    details = about_branch(plan(), "7.a", "why")
    assert notify({}, Notify(), "isolated", details) == ("pager",)
    assert notify({}, Notify(isolated=("pager", "chat", "pager")), "isolated", details) == ("pager", "chat")
    assert notify({}, Notify(), "blocked", details) == ()


def test_a_failing_notifier_costs_nobody_anything_and_its_secret_is_in_no_log(
    defined: Defined, caplog: pytest.LogCaptureFixture
) -> None:
    hook = {"class": f"{HERE}.Failing", "arguments": {"url": "https://chat.example.org/s3cret"}}
    said = defined(hook=hook)
    told = notify({"run": 1}, Notify(isolated=("hook", "chat")), "isolated", about_branch(plan(), "7.a", "why"))
    assert told == ("chat",)
    assert len(lines(said)) == 1
    assert "hook could not tell of isolated: ConnectionError" in caplog.text
    assert "s3cret" not in caplog.text


def test_one_that_hangs_is_left_behind(
    defined: Defined, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(module, "PATIENCE", 0.05)
    defined(slow={"class": f"{HERE}.Hanging"})
    try:
        assert notify({}, Notify(blocked=("slow",)), "blocked", about_branch(plan(), "7.a", "why")) == ()
    finally:
        notifiers.HANGING.set()
    assert "slow could not tell of blocked: TimeoutError" in caplog.text


def test_one_that_only_knows_the_triggerer(defined: Defined) -> None:
    said = defined()
    defined(later={"class": f"{HERE}.Later", "arguments": {"path": str(said), "text": "{{ phaseplan.phase }}"}})
    assert notify({}, Notify(phase_complete=("later",)), "phase_complete", about_phase(plan(), "")) == ("later",)
    assert said.read_text() == "later: 7"


@pytest.mark.parametrize(
    ("profile", "error"),
    [
        ({"class": f"{HERE}.NoNotifier", "arguments": {"path": "MADE"}}, "TypeError"),
        ({"class": f"{HERE}.Nothing"}, "AttributeError"),
        ({"class": "no.such.module"}, "ModuleNotFoundError"),
        ({"class": f"{HERE}.ToFile"}, "TypeError"),
    ],
)
def test_what_is_no_notifier_is_not_even_made(
    defined: Defined, caplog: pytest.LogCaptureFixture, tmp_path: Path, profile: dict[str, Any], error: str
) -> None:
    profile = json.loads(json.dumps(profile).replace("MADE", str(tmp_path / "made")))
    defined(odd=profile)
    assert notify({}, Notify(isolated=("odd",)), "isolated", about_branch(plan(), "7.a", "why")) == ()
    assert f"odd could not tell of isolated: {error}" in caplog.text
    assert not (tmp_path / "made").exists()


def test_an_unknown_name_or_a_broken_file_is_logged(
    defined: Defined, caplog: pytest.LogCaptureFixture, tmp_path: Path
) -> None:
    defined(broken={"class": 5})
    notify({}, Notify(isolated=("gone", "broken")), "isolated", about_branch(plan(), "7.a", "why"))
    assert "no usable notifier 'gone'" in caplog.text
    assert "no usable notifier 'broken'" in caplog.text
    (tmp_path / "notifiers.yaml").unlink()
    assert notify({}, Notify(isolated=("chat",)), "isolated", about_branch(plan(), "7.a", "why")) == ()


def test_what_an_agent_said_pings_nobody_in_slack(defined: Defined) -> None:
    said = defined()
    defined(chat={"class": f"{HERE}.ToFile", "arguments": {"path": str(said), "text": "{{ phaseplan.slack }}"}})
    details = about_branch(plan(), "7.a", "<!channel> <@U1> <https://evil.example.com|safe> &lt;")
    notify({}, Notify(isolated=("chat",)), "isolated", details)
    (line,) = lines(said)
    assert "&lt;!channel&gt; &lt;@U1&gt; &lt;https://evil.example.com|safe&gt; &amp;lt;" in line and "<" not in line


def test_who_is_told_makes_no_other_plan() -> None:
    assert plan_digest(plan(notify={"isolated": ["chat"]})) == plan_digest(plan())
