"""`phaseplan import` as a user runs it."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
from pathlib import Path

from tests.documents.corpus import HERE

TOP = Path(__file__).resolve().parents[2]
FOUNDING = HERE / "01-founding.md"


def phaseplan(*args: str | Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "phaseplan.cli.main", *map(str, args)]
    return subprocess.run(command, cwd=TOP, capture_output=True, text=True, check=False)


def test_a_plan_is_written_once(tmp_path: Path) -> None:
    plan = tmp_path / "plan.yaml"
    done = phaseplan("import", FOUNDING, "-o", plan)
    assert (done.returncode, done.stdout) == (0, "")
    assert "PP908" in done.stderr and "next: ./phaseplan lint" in done.stderr
    assert "lines: 600  # 01-founding.md:98" in plan.read_text()
    again = phaseplan("import", FOUNDING, "-o", plan)
    assert again.returncode == 1 and "--force" in again.stderr
    assert phaseplan("import", FOUNDING, "-o", plan, "--force").returncode == 0
    linted = phaseplan("lint", plan)
    assert "PP205 warning: still to do: agent" in linted.stdout


def test_a_page_of_markdown_needs_no_model_of_plans(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("# Tasks: House\n\n## Phase 1: Pit\n\n- [ ] T001 Dig the pit in src/pit.py\n")
    code = f"import sys; from phaseplan.cli.main import main; main(['import', {str(page)!r}]); print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], cwd=TOP, capture_output=True, text=True, check=True)
    assert "T001" in done.stdout
    assert not {"pydantic", "yaml", "phaseplan.documents.importing.places"} & set(done.stdout.split())


def test_strict_exits_with_1_and_writes_nothing(tmp_path: Path) -> None:
    done = phaseplan("import", FOUNDING, "-o", tmp_path / "plan.yaml", "--strict")
    assert done.returncode == 1 and not (tmp_path / "plan.yaml").exists()
    assert "6 errors, 0 warnings" in done.stderr
    assert phaseplan("import", HERE / "05-branch-sections.md", "--strict").returncode == 0


def test_other_plans_are_compared() -> None:
    done = phaseplan("import", HERE / "02-waves-unlike-ids.md", "--beside", "include/plans/phase-05.yaml")
    assert (done.returncode, done.stdout.splitlines()[2]) == (0, "phase: 6  # 02-waves-unlike-ids.md:1")


def test_a_file_that_is_no_document_is_refused() -> None:
    assert phaseplan("import", "nowhere.md").returncode == 1
    assert "PP915" in phaseplan("import", "LICENSE").stderr


def test_it_imports_no_airflow_git_or_docker() -> None:
    script = (
        "import sys; from phaseplan.cli.main import main; main(['import', sys.argv[1]]);"
        "print([m for m in sys.modules if m.split('.')[0] in ('airflow', 'git', 'docker')])"
    )
    done = subprocess.run([sys.executable, "-c", script, FOUNDING], cwd=TOP, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"


TWO = """# Roadmap

## Phase 1: Cart

### Wave 1

| ID | Title |
|---|---|
| 1.1.1 | Cart |

## Phase 2: Payment

### Wave 1

| ID | Title | Depends on |
|---|---|---|
| 2.1.1 | Pay by card | - |
| 2.1.2 | Pay back | 2.1.1 |
"""


def test_several_phases_become_several_plans_and_the_last_line_counts_rows(tmp_path: Path) -> None:
    document = tmp_path / "road.md"
    document.write_text(TWO)
    done = phaseplan("import", document, "-o", tmp_path / "shop.yaml")
    assert done.returncode == 0 and done.stderr.splitlines()[-1] == "3 of 3 rows used"
    assert "title: Payment" in (tmp_path / "shop-02.yaml").read_text() and not (tmp_path / "shop.yaml").exists()
    (tmp_path / "plans").mkdir()
    assert phaseplan("import", document, "-o", tmp_path / "plans").returncode == 0
    assert sorted(path.name for path in (tmp_path / "plans").iterdir()) == ["phase-01.yaml", "phase-02.yaml"]
    assert phaseplan("import", document).stdout.count("\n---\n") == 1


def test_what_no_document_says_is_filled_in_by_rules_that_the_file_names(tmp_path: Path) -> None:
    document = tmp_path / "road.md"
    document.write_text(TWO.replace("Pay back", "Pay by card"))
    rules = ("--names", "feature/{phase}/{slug}", "--agent", "go-sample", "--max-lines", "800")
    text = phaseplan("import", document, *rules).stdout
    assert "agent: go-sample  # by --agent" in text and "  max_lines: 800  # by --max-lines" in text
    names = [line.split()[1] for line in text.splitlines() if line.endswith("# by --names")]
    assert names == ["feature/1/cart", "feature/2/pay-by-card", "feature/2/pay-by-card-2-1-2"]
    assert "TODO branch" not in text and "TODO agent" not in text
    founding = phaseplan("import", FOUNDING, "--max-lines", "5", "--agent", "x").stdout
    assert "max_lines: 5 " not in founding and "agent: x  # by --agent" in founding
    odd = phaseplan("import", document, "--names", "feature/{pahse}")
    assert odd.returncode == 1 and "{pahse}" in odd.stderr


def test_a_model_is_not_asked_before_somebody_agreed_to_the_cost() -> None:
    done = phaseplan("import", FOUNDING, "--with", "test")
    assert done.returncode == 1 and "tokens" in done.stderr and "nothing was sent: agree" in done.stderr
    main, terminal = pty.openpty()
    command = [sys.executable, "-m", "phaseplan.cli.main", "import", str(FOUNDING), "--with", "test"]
    with subprocess.Popen(command, cwd=TOP, stdin=terminal, stderr=terminal, stdout=subprocess.PIPE) as process:
        os.write(main, b"n\n")
        assert process.wait(60) == 1
    shown = os.read(main, 10_000).decode()
    os.close(main), os.close(terminal)
    assert "Send the document? [y/N]" in shown and "nothing was sent" in shown


def test_a_model_whose_answer_is_not_proven_makes_no_plan(tmp_path: Path) -> None:
    done = phaseplan("import", FOUNDING, "--with", "test", "--yes", "-o", tmp_path / "plan.yaml")  # pydantic-ai's own
    assert done.returncode == 1 and "PP915" in done.stderr and not (tmp_path / "plan.yaml").exists()
    done = phaseplan("import", FOUNDING, "--with", "nobody:knows", "--yes")
    assert done.returncode == 1 and "cannot be used" in done.stderr
