"""What `run` refuses before it starts anything."""

from __future__ import annotations

from pathlib import Path

import pytest

from phaseplan.cli.running.request import PhaseRequest, absolute, parse_settings, requests
from phaseplan.errors import InputFault
from phaseplan.plan.model import PhasePlan
from tests.cli.plans import plan


def ask(*plans: PhasePlan, **conf: object) -> list[PhaseRequest]:
    return requests([(Path(f"{p.phase}.yaml"), p) for p in plans], conf, lambda p: f"/r{p.phase}")


def test_settings_become_parameters_of_the_run() -> None:
    pairs = ["base=main", "start=dependencies", "branches=7.a, 7.b,7.a,", "agent=x", "rebuild=always"]
    assert parse_settings(pairs, {"x"}) == {
        "base": "main",
        "start": "dependencies",
        "branches": ["7.a", "7.b"],
        "agent": "x",
        "rebuild": "always",
    }


@pytest.mark.parametrize(
    ("pair", "hint"),
    [
        ("agnet=x", "did you mean `agent`"),
        ("agent", "key=value"),
        ("agent=go-smaple", "did you mean `go-sample`"),
        ("start=now", "wave, dependencies"),
        ("rebuild=yes", "auto, always"),
        ("base=--upload-pack=x", "not the name"),
    ],
)
def test_bad_settings_are_refused_with_a_hint(pair: str, hint: str) -> None:
    with pytest.raises(InputFault, match=hint):
        parse_settings([pair], {"go-sample"})


def test_phases_run_in_the_order_of_their_numbers_each_in_its_repository() -> None:
    found = ask(plan(8), plan(7))
    assert [(r.plan.phase, r.repository, r.selected, r.by_wave) for r in found] == [
        (7, "/r7", (), True),
        (8, "/r8", (), True),
    ]


def test_a_selection_goes_to_the_phases_it_touches() -> None:
    (only,) = ask(plan(7), plan(8), branches=["8.a"], start="dependencies")
    assert (only.plan.phase, only.selected, only.by_wave) == (8, ("8.a",), False)
    with pytest.raises(InputFault, match=r"no plan has a branch `8\.z`; did you mean"):
        ask(plan(8), branches=["8.z"])


def test_a_base_for_phases_that_build_on_each_other_is_refused() -> None:
    with pytest.raises(InputFault, match="phase 8 would build on that too"):
        ask(plan(7), plan(8, depends_on=[7]), base="release")
    assert len(ask(plan(7), plan(8, depends_on=[7]), base="dependencies")) == 2
    assert len(ask(plan(7), plan(8), base="release")) == 2


def test_a_phase_given_twice_is_refused() -> None:
    with pytest.raises(InputFault, match="phase 7 is in both"):
        ask(plan(7), plan(7))


def test_paths_become_absolute_and_urls_stay(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert absolute("sample") == str(tmp_path / "sample")
    for url in ("https://example.org/a.git", "git@example.org:a/b.git", "file:///a"):
        assert absolute(url) == url
