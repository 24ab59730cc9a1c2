"""Which gate commands are warned of, because each begins with a fresh checkout (PP706)."""

from __future__ import annotations

import pytest

from phaseplan.plan.lint.rules.commands import _ASKS_WHAT_CHANGED


@pytest.mark.parametrize(
    "command",
    [
        "git diff --exit-code",
        "git diff --quiet HEAD",
        "git diff --exit-code -- api/ gen/",
        "git diff -w --exit-code",
        'test -z "$(git status --porcelain)"',
        "[ -z $(git status -s) ]",
        "! git status --porcelain | grep .",
    ],
)
def test_a_command_that_only_asks_for_changes_is_reported(command: str) -> None:
    assert _ASKS_WHAT_CHANGED.fullmatch(command)


@pytest.mark.parametrize(
    "command",
    [
        "make generate && git diff --exit-code",
        "go generate ./...; git diff --exit-code",
        "git diff --check HEAD~1",
        "git diff --exit-code HEAD~1 -- api/",
        "git diff",
        'make && test -z "$(git status --porcelain)"',
        "git log -1",
    ],
)
def test_a_command_that_can_fail_is_not_reported(command: str) -> None:
    assert not _ASKS_WHAT_CHANGED.fullmatch(command)
