"""`phaseplan explain`: every code, its reason, its example with what lint really prints, and what to do."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from phaseplan.cli.main import main
from phaseplan.documents.explain import explain, overview, text, texts
from phaseplan.plan.lint import examples
from phaseplan.plan.lint.codes import CODES

TOP = Path(__file__).resolve().parents[2]
TEXTS = TOP / "tests" / "plans" / "examples"


def test_every_code_has_a_reason_and_a_fix() -> None:
    assert texts().keys() == CODES.keys()
    for code, said in texts().items():
        assert said.keys() == {"why", "fix"}
        assert all(isinstance(value, str) and value.endswith(".") and len(value) < 250 for value in said.values()), code


@pytest.mark.parametrize("code", CODES)
def test_an_explanation_has_meaning_reason_fix_and_example(code: str) -> None:
    said = text(explain(code))
    flat = " ".join(said.split())
    assert said.startswith(f"{code} ({CODES[code].severity}): {CODES[code].meaning}\n")
    assert texts()[code]["why"] in flat and texts()[code]["fix"] in flat
    assert all(f"    {line}\n" in said for line in (TEXTS / f"{code}.txt").read_text().splitlines())
    with examples.example(code) as files:
        shown = [line for file in files if file.is_file() for line in file.read_text().splitlines()]
    assert all(f"    {line}\n" in said for line in shown if line)
    assert str(TOP) not in said and "/tmp" not in said
    assert max(map(len, said.splitlines())) <= (180 if code.startswith("PP9") else 120)  # both places in one line


def test_the_list_names_every_code_once() -> None:
    assert [line.split()[0] for line in overview().splitlines() if line.startswith(" ")] == sorted(CODES)
    assert all(len(line) <= 100 for line in overview().splitlines())


def test_the_verb_writes_its_output(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain"]) == 0
    assert capsys.readouterr().out == overview()
    assert main(["explain", "pp402", "201"]) == 0
    output = capsys.readouterr().out
    assert output.startswith("PP402 (error)") and "\nPP201 (error)" in output
    assert main(["explain", "PP4O2"]) == 1
    assert "did you mean `PP4" in capsys.readouterr().err


@pytest.mark.parametrize(("case", "last"), [("many-at-once", "PP206 PP201 PP601"), ("PP503-overlap", "PP503")])
def test_lint_names_explain_after_diagnostics(case: str, last: str, capsys: pytest.CaptureFixture[str]) -> None:
    main(["lint", str(TOP / "tests/plans/bad" / f"{case}.yaml"), "--agents", str(examples.AGENTS)])
    assert capsys.readouterr().out.splitlines()[-1] == f"`./phaseplan explain {last}` says more"


@pytest.mark.parametrize("verb", ["explain", "schema", "new", "export"])
def test_no_verb_imports_airflow_git_or_docker(verb: str, tmp_path: Path) -> None:
    given = {"explain": ["PP402"], "new": [str(tmp_path / "phase-42.yaml")], "export": ["include/plans/phase-05.yaml"]}
    script = (
        f"import sys; from phaseplan.cli.main import main; assert main({[verb, *given.get(verb, [])]}) == 0;"
        "print([m for m in sys.modules if m.split('.')[0] in ('airflow', 'git', 'docker', 'sqlalchemy')])"
    )
    done = subprocess.run([sys.executable, "-c", script], cwd=TOP, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"
