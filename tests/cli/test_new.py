"""`phaseplan new` asks nothing, overwrites nothing, and writes what lints clean."""

from __future__ import annotations

from pathlib import Path

import pytest
from jsonschema import Draft7Validator

from phaseplan.cli import new
from phaseplan.cli.main import main
from phaseplan.plan.campaign import load_campaign
from phaseplan.plan.json_schema import schema
from phaseplan.plan.yaml.load import load

TOP = Path(__file__).resolve().parents[2]
PLANS = sorted((TOP / "include" / "plans").glob("*.yaml"))


def lint(path: Path) -> list[str]:
    """Lint a plan beside the repository's own plans."""
    campaign = load_campaign([path, *PLANS], TOP / "include" / "agents.yaml", TOP / "include" / "notifiers.yaml")
    return [f"{d.code} {d.message}" for d in campaign.diagnostics if d.file == str(path)]


def test_it_lints_clean(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "phase-42.yaml"
    assert main(["new", str(path)]) == 0
    assert capsys.readouterr().out == f"Wrote {path}: phase 42. Next: ./phaseplan lint {path}\n"
    assert lint(path) == []
    data = load(path).data
    assert data is not None and data["phase"] == 42
    Draft7Validator(schema()).validate(data)
    first = path.read_text().splitlines()[0].removeprefix("# yaml-language-server: $schema=")
    assert (tmp_path / first).resolve() == new.SCHEMA


def test_the_commented_parts_of_the_starter_plan_lint_too(tmp_path: Path) -> None:
    path = tmp_path / "phase-42.yaml"
    main(["new", str(path)])
    lines = path.read_text().splitlines()[3:]
    path.write_text("\n".join(line.replace("# ", "", 1) if line.lstrip()[:2] == "# " else line for line in lines))
    assert lint(path) == []
    data = load(path).data
    assert data is not None and {"shared_files", "generated_files"} <= data.keys()


def test_nothing_is_overwritten(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "phase-42.yaml"
    path.write_text("mine\n")
    assert main(["new", str(path)]) == 1
    assert path.read_text() == "mine\n"
    assert "--force" in capsys.readouterr().err
    assert main(["new", str(path), "--force"]) == 0
    assert lint(path) == []


def test_without_a_name_it_is_the_next_phase(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    plans = tmp_path / "include" / "plans"
    plans.mkdir(parents=True)
    (plans / "phase-05.yaml").write_text(PLANS[0].read_text())
    (plans / "other.yaml").write_text(PLANS[0].read_text().replace("phase: 5", "phase: 11"))
    monkeypatch.setenv("AIRFLOW__PHASEPLAN__PLANS", str(plans))
    monkeypatch.chdir(tmp_path)
    assert main(["new"]) == 0
    assert "phase: 12 " in (plans / "phase-12.yaml").read_text()


def test_new_writes_to_the_screen_and_takes_a_phase_number(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["new", "-", "--phase", "7"]) == 0
    assert "phase_07" in capsys.readouterr().out


def test_the_starter_plan_names_an_existing_profile(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    agents = tmp_path / "agents.yaml"
    agents.write_text('"off: #": {image: x}\n')
    path = tmp_path / "phase-42.yaml"
    assert main(["new", str(path), "--agents", str(agents)]) == 0
    assert load_campaign([path], agents).diagnostics == ()
    agents.write_text("{}\n")
    assert main(["new", str(path), "--agents", str(agents), "--force"]) == 1
    assert main(["new", str(tmp_path / "no" / "x.yaml")]) == 1
    assert "folder that exists" in capsys.readouterr().err
