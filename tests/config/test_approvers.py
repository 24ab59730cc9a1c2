"""Who may answer: roles of the operator's file, else ids of users."""

from __future__ import annotations

from pathlib import Path

import pytest

from phaseplan.config.approvers import Approver, approvers
from phaseplan.errors import InputFault


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "approvers.yaml"
    monkeypatch.setenv("AIRFLOW__PHASEPLAN__APPROVERS", str(path))
    return path


def test_a_role_is_its_users_and_another_name_is_a_user(file: Path) -> None:
    file.write_text("lead: [ann, {id: '3', name: Bob}, 4]\nops: [ann]\n")
    assert approvers(["lead", "ops", "eve"]) == (
        Approver("ann", "ann"),
        Approver("3", "Bob"),
        Approver("4", "4"),
        Approver("eve", "eve"),
    )
    assert approvers([]) == ()


def test_without_a_file_names_are_users(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("AIRFLOW__PHASEPLAN__APPROVERS", raising=False)
    assert approvers(["ann"]) == (Approver("ann", "ann"),)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("- ann\n", "holds no roles"),
        ("lead: []\n", "role lead has no list of users"),
        ("lead: ann\n", "role lead has no list of users"),
        ("lead: [{name: Ann}]\n", "role lead has a user that is none"),
        ("lead: [true]\n", "role lead has a user that is none"),
        ("lead: [\n", "cannot be read"),
    ],
)
def test_a_file_that_says_nothing_is_an_error_with_its_name(file: Path, text: str, why: str) -> None:
    file.write_text(text)
    with pytest.raises(InputFault, match=f"approvers.yaml: .*{why}"):
        approvers(["lead"])


def test_a_file_that_is_not_there_is_an_error(file: Path) -> None:
    with pytest.raises(InputFault, match="cannot be read"):
        approvers(["lead"])
