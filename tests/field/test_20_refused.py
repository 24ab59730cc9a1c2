"""Line 20: refused work is not called integrated, and the target's own message comes first.

Was: with a protected branch or a hook that refuses, status said `integrated`, `wave 1: integrated at X`, and offered a
`git log` of a branch that does not exist; the refusal was retried like a lost race.
Right: the ledger and the integration branch move in one push, so integrated means that the target has it. A refusal is
distinguished from a race by git's own lines, names the ref it is about, is not retried, and is shown in status as
waiting to be published.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from airflow.sdk.exceptions import AirflowFailException

from phaseplan.airflow.operators.faults import faults
from phaseplan.cli.show.tables import troubles, waves
from phaseplan.ledger.records import State
from phaseplan.ledger.refs import integration
from phaseplan.report.status import build_status
from phaseplan.repository.refusals import NameClash, Refused
from phaseplan.repository.remote import Update
from phaseplan.wave.integrate import WaveRed
from tests.git.lab import PHASE, Lab, commit_files, plan_of

HEAD = integration(PHASE)
FREEZE = "ticket 7 already exists: the freeze is on"


@pytest.fixture
def lab(tmp_path: Path) -> Lab:
    return Lab(tmp_path)


def hook(lab: Lab, name: str, test: str) -> Path:
    """Install a hook that prints its words and refuses the refs that match."""
    file = lab.url / "hooks" / name
    reads = "cat" if name == "pre-receive" else 'echo "$3 $2 $1"'
    file.write_text(f"#!/bin/sh\nif {reads} | grep -q '{test}'; then echo '{FREEZE}' >&2; exit 1; fi\n")
    file.chmod(0o755)
    return file


@pytest.mark.parametrize("kind", ["pre-receive", "update"])
def test_a_wave_that_the_target_refuses_is_not_called_integrated(lab: Lab, kind: str) -> None:
    plan = plan_of({"5.1.1": [], "5.1.2": []})
    token = lab.open(plan)
    for b in ("5.1.1", "5.1.2"):
        lab.build(token, b, {f"{b}.txt": "x\n"})
    script = hook(lab, kind, HEAD)
    with pytest.raises(WaveRed) as raised:
        lab.integrate(token, 1)
    assert str(raised.value).startswith(FREEZE) and f"refused {HEAD[11:]}" in str(raised.value)
    status = build_status(lab.read())
    assert HEAD not in lab.refs() and status.integration is None
    assert [b.state for b in status.branches.values()] == [State.PASSED] * 2
    assert all(
        f"waiting to be published: refused by the target: {FREEZE}" in b.reason for b in status.branches.values()
    )
    assert "integrated" not in " ".join(waves(status)) and "waiting to be published" in " ".join(waves(status))
    assert FREEZE in "\n".join(troubles(status, plan))
    ended = lab.close(token)
    assert not ended.ok and not ended.complete and FREEZE in ended.message and "Clear wave_1.integrate" in ended.message
    script.unlink()
    assert lab.integrate(token, 1).merged == ("5.1.1", "5.1.2") and lab.close(token).complete
    assert build_status(lab.read()).integration == lab.refs()[HEAD]


def test_airflow_does_not_retry_a_refusal(lab: Lab) -> None:
    hook(lab, "pre-receive", "refs/")
    with pytest.raises(AirflowFailException, match=f"^{FREEZE}"), faults():
        lab.remote.push(lab.repo, [Update("refs/heads/x", lab.main, None)])


def test_of_several_refs_the_refused_one_is_named(lab: Lab) -> None:
    hook(lab, "update", "refs/heads/protected")
    names = ["refs/heads/a", "refs/heads/protected", "refs/heads/z"]
    with pytest.raises(Refused) as raised:
        lab.remote.push(lab.repo, [Update(name, lab.main, None) for name in names])
    assert raised.value.refs == ("refs/heads/protected",) and "refused protected" in str(raised.value)


def test_a_hook_with_the_words_of_git_is_no_race(lab: Lab) -> None:
    file = lab.url / "hooks" / "pre-receive"
    file.write_text("#!/bin/sh\necho 'stale info: failed to update ref, fetch first' >&2\nexit 1\n")
    file.chmod(0o755)
    with pytest.raises(Refused, match=r"^stale info"):
        lab.remote.push(lab.repo, [Update("refs/heads/x", lab.main, None)])


def test_what_a_hook_says_can_be_shown_and_stored(lab: Lab) -> None:
    """Bytes that are no text kept the task's end from being written down; escape sequences acted on the terminal."""
    file = lab.url / "hooks" / "pre-receive"
    file.write_text("#!/bin/sh\nprintf '\\033[31mno\\033[0m \\303(\\n' >&2\nexit 1\n")
    file.chmod(0o755)
    with pytest.raises(Refused) as raised:
        lab.remote.push(lab.repo, [Update("refs/heads/x", lab.main, None)])
    assert str(raised.value).startswith(r"\x1b[31mno\x1b[0m \udcc3(") and str(raised.value).encode()


@pytest.mark.parametrize("there", ["refs/phaseplan", "refs/phaseplan/phase-5"])
def test_a_ref_in_the_way_of_our_records_is_no_branch_of_the_plan(lab: Lab, there: str) -> None:
    lab.target.run("update-ref", there, lab.main)
    with pytest.raises(NameClash, match=f"has a ref `{there}`") as raised:
        lab.open(plan_of({"5.1.1": []}))
    assert f"git update-ref -d {there}" in str(raised.value) and "in the plan" not in str(raised.value)


def test_a_broken_ref_of_the_target_is_called_broken(lab: Lab) -> None:
    (lab.url / "refs" / "heads" / "broken").write_text("1" * 40 + "\n")
    with pytest.raises(Refused, match="git fsck") as raised:
        lab.remote.push(lab.repo, [Update("refs/heads/x", lab.main, None)])
    assert "refs/heads/broken" in str(raised.value) and "allow Phaseplan" not in str(raised.value)


def test_a_target_without_deletion_is_reported(lab: Lab) -> None:
    lab.push("refs/heads/x", lab.main)
    lab.target.run("config", "receive.denyDeletes", "true")
    with pytest.raises(Refused, match=r"denying ref deletion[\s\S]*deletion prohibited"):
        lab.remote.push(lab.repo, [Update("refs/heads/x", None, lab.main)])


def test_a_public_name_that_is_refused_keeps_the_phase_from_being_complete(lab: Lab) -> None:
    token = lab.open(plan_of({"5.1.1": [], "5.1.2": []}))
    lab.build(token, "5.1.1", {"one.txt": "x\n"})
    script = hook(lab, "update", "refs/heads/feature/b5.1.2")
    with pytest.raises(Refused, match=f"^{FREEZE}"):
        lab.build(token, "5.1.2", {"two.txt": "x\n"})
    lab.integrate(token, 1)
    ended = lab.close(token)
    assert HEAD in lab.refs() and not ended.complete
    assert f"without its public name feature/b5.1.2: {FREEZE}" in ended.message
    script.unlink()
    assert lab.close(token).complete and "refs/heads/feature/b5.1.2" in lab.refs()


def test_a_real_race_is_still_recognised(lab: Lab) -> None:
    one, two = (commit_files(lab.repo, lab.main, {name: "1\n"}, name) for name in ("x", "y"))
    lab.push("refs/heads/x", one)
    assert not lab.remote.push(lab.repo, [Update("refs/heads/x", two, None)])
