"""Pages that are made from the code say what the code says today."""

from __future__ import annotations

from importlib import import_module

import pytest

from phaseplan.cli.main import VERBS
from phaseplan.config.settings import Settings
from phaseplan.plan.lint.codes import CODES
from tests.house import settings_page
from tests.house.sources import TOP

#: A page and the module that makes it.
MADE = {
    "docs/settings.md": "tests.house.settings_page",
    "docs/commands.md": "tests.house.commands_page",
    "docs/brief.md": "tests.house.brief_page",
    "docs/metrics.md": "tests.house.metrics_page",
    "docs/codes.md": "tests.house.codes_page",
    "docs/decisions/README.md": "tests.house.decisions_page",
}


@pytest.mark.parametrize("page", MADE)
def test_page_is_what_the_code_says(page: str) -> None:
    said = f"run `.venv/bin/python -m {MADE[page]} > {page}`"
    assert (TOP / page).read_text(encoding="utf-8") == import_module(MADE[page]).markdown(), said


@pytest.mark.parametrize(
    ("page", "names"), [("settings", Settings.model_fields), ("commands", VERBS), ("codes", CODES)]
)
def test_nothing_is_missing(page: str, names) -> None:
    text = (TOP / f"docs/{page}.md").read_text(encoding="utf-8")
    shape = {"settings": "\n| `{}` |", "commands": "\n## {}\n", "codes": "\n### {}\n"}[page]
    assert [name for name in names if shape.format(name) not in text] == []


def test_every_default_that_is_found_has_words_and_no_other() -> None:
    found = {name for name, field in Settings.model_fields.items() if field.default_factory is not None}
    assert set(settings_page.FOUND) == found
