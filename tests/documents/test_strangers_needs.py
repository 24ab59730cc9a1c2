"""Documents of strangers' projects lose no need in silence: wherever it stands, it is read or reported."""

from __future__ import annotations

import pytest

from phaseplan.documents.importing.document import import_text
from tests.documents.formats import plans, read


@pytest.mark.parametrize("task", ["Lay beams", "Task 1: Lay beams", "1. Lay beams"])
@pytest.mark.parametrize(
    "text",
    [
        "- Depends on Stories 1.1 and 1.2", "- Depends on the login form of Story 1.2", "After Story 1.2 is merged.",
        "- Needs the table from Story 1.2", "The roof builds on the Story 1.2 pit.", "- [ ] Depends on Story 1.2",
        "- Story 1.2 must be completed first.", "Blocked until Story 1.2 is done.",
    ],
)  # fmt: skip
def test_a_need_of_another_story_in_a_storys_notes_is_reported(task: str, text: str) -> None:
    tasks = f"## Tasks / Subtasks\n\n- [ ] {task} (AC: 1)\n- [ ] {task.replace('1', '2')} and tiles (AC: 2)\n"
    done = import_text("1.3.md", f"# Story 1.3: Roof\n\n{tasks}\n## Dev Notes\n\nOak.\n\n{text}\n")
    assert len(plans(done)) == 1 and [(d.code, d.line) for d in done.diagnostics] == [("PP916", 12)]


def test_a_sentence_about_a_story_below_another_is_read_or_reported() -> None:
    one = "## Epic 1: House\n\n### Story 1.1: Dig\n\n### Story 1.2: Roof\n\n#### Dev Notes\n\n"
    plan, done = read(f"# House\n\n{one}After Story 1.1 is merged.\n")
    assert plan["needs"] == {"1.2": ["1.1"]} and done.diagnostics == ()
    plan, done = read(f"# House\n\n{one}Story 1.1 must be completed first.\n")
    assert plan["needs"] == {} and [(d.code, d.line) for d in done.diagnostics] == [("PP916", 11)]
