"""`docs/glossary.md` has every word of ours once, in order, and only words that the code uses."""

from __future__ import annotations

import re

from tests.house.sources import TOP, files

_ROW = re.compile(r"^\| ([a-z ]+) \| (\S.*\S) \|$")
#: The words that a reader of code and logs meets first: none of them may go missing.
NEEDED = {
    *("attempt", "branch", "claim", "verdict", "gate", "gating", "ledger", "snapshot", "settle", "clean up"),
    *("reconcile", "isolate", "blocked", "unfinished", "conserve", "workspace", "token", "epoch", "integration"),
    *("base", "wave", "phase", "plan", "run", "night", "finding", "brief", "adopt", "culprit", "revert"),
    *("withdraw", "beside", "collector", "profile"),
}


def lines() -> list[str]:
    """Return the rows of the table, without its head."""
    rows = [x for x in (TOP / "docs/glossary.md").read_text(encoding="utf-8").splitlines() if x.startswith("|")]
    return rows[2:]


def words() -> list[str]:
    """Return the defined words, as they stand on the page."""
    return [match[1] for line in lines() if (match := _ROW.match(line))]


def test_every_line_is_a_word_and_its_meaning_in_one_line() -> None:
    assert [line for line in lines() if not _ROW.match(line) or len(line) > 130] == []


def test_words_are_sorted_and_stand_once() -> None:
    assert words() == sorted(set(words()))


def test_no_needed_word_is_missing() -> None:
    assert set(words()) >= NEEDED


def test_every_word_is_used_in_the_code() -> None:
    code = "\n".join(path.read_text(encoding="utf-8") for path in files("include/phaseplan")).lower()
    forms = {word: rf"(?<![a-z]){word.replace(' ', '[ _]')}" for word in words()}
    forms["conserve"] = r"conserv(e|ation)"
    assert [word for word, form in forms.items() if not re.search(form, code)] == []
