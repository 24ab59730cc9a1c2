"""What `make clean` must not take away."""

from __future__ import annotations

from pathlib import Path

import pytest

from provision import clean


@pytest.mark.parametrize("settings", [True, False])
def test_the_secrets_of_a_stack_outlast_it(settings: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    state = tmp_path / ".phaseplan"
    (state / "stack").mkdir(parents=True)
    (state / "stack/fernet_key").write_text("x")
    (state / "demo").mkdir()
    (state / "last-run.json").write_text("{}")
    monkeypatch.setattr(clean, "SETTINGS", tmp_path / ".env")
    if settings:
        (tmp_path / ".env").write_text("COMPOSE_PROJECT_NAME=x\n")
    clean._clear(state)
    assert [path.name for path in state.rglob("*")] == (["stack", "fernet_key"] if settings else [])
    assert state.exists() == settings
    clean._clear(tmp_path / "nothing")
