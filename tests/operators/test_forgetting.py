"""`close_phase` deletes what the agents of old runs said, and no run is red where a target forbids that."""

from __future__ import annotations

from pathlib import Path

import pytest

from phaseplan.airflow.operators.phase import ClosePhaseOperator
from phaseplan.ledger import refs
from tests.git.lab import PHASE, Lab, plan_of

OLD = refs.transcript(PHASE, "1", 9)  # of no run that is known


def test_old_words_go_unless_the_target_forbids_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AIRFLOW__PHASEPLAN__STATE", str(tmp_path / "state"))
    lab = Lab(tmp_path)
    lab.open(plan_of({"1": []}))
    lab.push(OLD, lab.main)
    close = ClosePhaseOperator(task_id="close_phase", phase=PHASE)
    hook = Path(lab.url) / "hooks" / "pre-receive"
    hook.write_text("#!/bin/sh\necho no deletion here >&2\nexit 1\n")
    hook.chmod(0o755)
    close._forget(lab.remote, lab.repo, lab.read())
    assert OLD in lab.refs() and "What the agents of old runs said stays in the target" in capsys.readouterr().out
    hook.unlink()
    close._forget(lab.remote, lab.repo, lab.read())
    assert OLD not in lab.refs() and "Deleted what agents of old runs said: 1 transcripts" in capsys.readouterr().out
