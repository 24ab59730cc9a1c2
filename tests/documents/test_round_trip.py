"""A plan, its document, and the plan that is imported from the document: nothing is lost on the way."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pytest

from phaseplan.documents.export.document import markdown
from phaseplan.documents.importing.document import import_text
from phaseplan.plan.campaign import load_valid
from phaseplan.plan.digest import plan_digest
from phaseplan.plan.model import PhasePlan
from phaseplan.plan.yaml.load import parse
from tests.plan.random_plans import random_plan

TOP = Path(__file__).resolve().parents[2]
PLANS = [*sorted((TOP / "include" / "plans").glob("*.yaml")), TOP / "samples" / "recipes" / "plan.yaml"]

DOCUMENT = """# Phase 4: Searching

## Wave 1: Index
| Agent | ID | Branch | Focus | Lines | Dependencies | Files |
|---|---|---|---|---|---|---|
| 1 | 4.1.1 | `feature/p4w1-index` | An index | 300 | - | `/search/index/` |

Each branch stays under 800 lines.

## Somewhere
"""


def imported(document: str) -> dict[str, Any]:
    done = import_text("plan.md", document)
    assert done.text is not None and not any(d.is_error for d in done.diagnostics)
    source = parse("plan.yaml", done.text)
    assert source.data is not None and source.diagnostics == ()
    return source.data


def with_yaml(*fences: str) -> dict[str, Any]:
    return imported(DOCUMENT + "\n".join(f"```yaml\n{fence}```\n" for fence in fences))


@pytest.mark.parametrize("path", PLANS, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_a_plan_survives_export_and_import(path: Path) -> None:
    plan = load_valid([path], None).plans[0].plan
    again = PhasePlan.model_validate(imported(markdown(plan)))
    assert again == plan and plan_digest(again) == plan_digest(plan)
    assert markdown(again) == markdown(plan)


@pytest.mark.parametrize("seed", range(60))
def test_random_plans_survive_export_and_import(seed: int) -> None:
    plan = random_plan(random.Random(seed))  # their ids have two parts, and their title is `Phase 1`
    assert PhasePlan.model_validate(imported(markdown(plan))) == plan


UNLIKE = """phase: 4
title: Searching
agent: go-sample
waves:
  - wave: 1
    title: C & D
    duration: 1d-2d
    branches:
      - id: "4.1.1"
        branch: feature/one
        title: A & B, see [x](y)
        agent_label: Core team, agent 1 of 2
        duration: 45s-90s
        owns: [VERSION, .gitignore, "docs/a file.txt", "!/docs/b.txt", "*.cfg"]
      - {id: "4.1.2", branch: feature/two, title: Two, duration: 2d, owns: ["b|c/", "/test/e2e/x/"]}
"""


def test_labels_days_and_paths_of_any_kind_are_kept() -> None:
    plan = PhasePlan.model_validate(parse("plan.yaml", UNLIKE).data)
    assert PhasePlan.model_validate(imported(markdown(plan))) == plan


def test_ids_of_two_numbers_in_the_table_of_waves_contradict_nothing() -> None:
    ids = {"4.1.1": "1.0", "4.1.2": "1.1"}
    text = UNLIKE.replace("4.1.1", ids["4.1.1"]).replace("4.1.2", ids["4.1.2"])
    two = text.replace("      - {id", "  - wave: 2\n    branches:\n      - {id")
    plan = PhasePlan.model_validate(parse("plan.yaml", two).data)
    assert "PP912" not in {one.code for one in import_text("plan.md", markdown(plan)).diagnostics}


@pytest.mark.parametrize("brief", ["\n", "a\n\n", "\n a", " a\nb", "a\nb\n", "a\nb", "...\na", "a\n---\nb\n"])
def test_texts_of_several_lines_are_kept(brief: str) -> None:
    data = parse("plan.yaml", UNLIKE).data or {}
    data["waves"][0]["branches"][0]["brief"] = brief
    plan = PhasePlan.model_validate(data)
    assert PhasePlan.model_validate(imported(markdown(plan))) == plan


def test_a_piece_of_a_plan_counts_and_names_its_line() -> None:
    fence = "agent: go-sample\ngates:\n  commands: [make test]\n  timeout: 90s\n"
    done = import_text("plan.md", f"{DOCUMENT}```yaml\n{fence}```\n")
    assert done.text is not None
    assert "agent: go-sample  # plan.md:12\n" in done.text and "gates:  # plan.md:13\n" in done.text
    assert "TODO agent" not in done.text
    assert with_yaml(fence)["gates"] == {"commands": ["make test"], "timeout": "90s", "max_lines": 799}


def test_branches_and_waves_are_distinguished_by_their_names() -> None:
    branch = '{id: "4.1.1", title: Words, brief: "a\\n\\nb"}'
    more = f'waves:\n  - wave: 1\n    notes: ["a: b"]\n    branches:\n      - {branch}\n'
    wave = with_yaml(more)["waves"][0]
    assert (wave["title"], wave["notes"]) == ("Index", ["a: b"])
    said = wave["branches"][0]
    assert (said["title"], said["brief"], said["lines"]) == ("Words", "a\n\nb", 300)


def test_plan_settings_go_before_other_pieces() -> None:
    settings = "## Plan Settings\n```yaml\nagent: two\nnotify: {blocked: [b]}\n```\n## Later\n"
    imported_plan = imported(f"{DOCUMENT}{settings}```yaml\nagent: one\nnotify: {{blocked: [a], isolated: [c]}}\n```\n")
    assert (imported_plan["agent"], imported_plan["notify"]) == ("two", {"blocked": ["b"], "isolated": ["c"]})


def test_a_whole_plan_in_a_fence_is_that_plan() -> None:
    path = TOP / "tests" / "plans" / "good" / "smallest.yaml"
    plan = load_valid([path], None).plans[0].plan
    assert PhasePlan.model_validate(imported(f"# A plan\n```yaml\n{path.read_text()}```\n")) == plan


@pytest.mark.parametrize(
    "fence",
    [
        "agent: x\nreplicas: 3\n",
        "agent: [x]\n",
        "title: x\nwaves: []\n",
        "waves:\n  - title: no number\n",
        "waves:\n  - wave: 1\n    branches: [{title: no id}]\n",
        "shared_files:\n  - path: no/owner.go\n",
        "- agent: x\n",
        "agent: 'x\n",
        "attempts: 0\n",
        "",
    ],
)
def test_yaml_that_is_no_piece_of_a_plan_changes_nothing(fence: str) -> None:
    imported_plan = with_yaml(fence)
    assert {key: imported_plan.get(key) for key in ("agent", "title", "attempts")} == {
        "agent": None,
        "title": "Searching",
        "attempts": None,
    }
    assert [len(wave["branches"]) for wave in imported_plan["waves"]] == [1]


def test_paths_with_a_leading_slash_keep_it() -> None:
    assert with_yaml()["waves"][0]["branches"][0]["owns"] == ["/search/index/"]
    files = DOCUMENT.replace("`/search/index/`", "`/Makefile`, `/go.mod`, `./a/b.go`, `c/d.go`")
    assert imported(files)["waves"][0]["branches"][0]["owns"] == ["/Makefile", "/go.mod", "a/b.go", "c/d.go"]


def test_an_escaped_character_is_not_markup() -> None:
    text = DOCUMENT.replace("An index", r"A \*list\* of \`words\` &amp; `a\*b`")
    assert imported(text)["waves"][0]["branches"][0]["title"] == r"A *list* of `words` & a\*b"


def test_a_note_stays_a_note_whatever_it_begins_with() -> None:
    imported_plan = imported(f"{DOCUMENT}\n## Notes\n\n- Wave 1 is long.\n- Duration: who knows\n")
    assert imported_plan["notes"] == ["Wave 1 is long.", "Duration: who knows"]
    assert "notes" not in imported_plan["waves"][0]


def test_a_path_like_a_git_name_is_no_second_name() -> None:
    paths = "\n## Wave 1 Ownership\n| ID | Owned Paths |\n|---|---|\n| 4.1.1 | `test/e2e/search/` |\n"
    assert import_text("plan.md", DOCUMENT + paths).diagnostics == ()
