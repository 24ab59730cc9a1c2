"""The description of a pull request: what it says, and that nothing in it acts."""

from __future__ import annotations

import re

from markdown_it import MarkdownIt

from phaseplan.delivery.description import description_of, replaced, title_of, work_in
from phaseplan.delivery.record import work_of
from phaseplan.text.markdown import harmless, title
from tests.delivery.place import Shop, plan

HOSTILE = [
    "fixes #1, closes acme/shop#2 and resolves GH-3 or PROJ-4 in !5",
    "@everyone <img src=https://evil.example.com/x.png> ![x](https://evil.example.com/y.png)",
    "[click](javascript:alert(1)) <script>alert(1)</script> www.evil.example.com https://evil.example.com",
    "<!-- /phaseplan --> | a | b | `code` **bold** ~label %milestone $snippet &epic",
    "/close",
    "# head",
    "- item",
    "1. item",
    "[x]: https://evil.example.com",
    "a\n/merge\n@user",
    "&#64;user &commat;user fixes &#35;1",
]
_ACTS = re.compile(
    r"[@#!~%&$][A-Za-z0-9\"]|://[a-z]|www\.[a-z]|\b(?:GH|PROJ)-[0-9]"  # what forges look for in the text of a page
)


def test_nothing_that_a_plan_or_an_agent_wrote_acts() -> None:
    markdown = MarkdownIt("gfm-like", {"html": True, "linkify": False})
    for text in HOSTILE:
        for shape in (f"- {harmless(text)}", f"| A |\n|---|\n| {harmless(text)} |", harmless(text)):
            html = markdown.render(shape)
            words = re.sub(r"</?(?:ul|li|p|table|thead|tbody|tr|th|td)>", "", html)
            assert not re.search(r"<[^>]", words), f"{text!r} makes markup: {html}"
            shown = re.sub(r"&(?:amp|lt|gt|quot);", lambda m: {"&amp;": "&\u200b"}.get(m[0], " "), words)
            assert not _ACTS.search(shown), f"{text!r} acts: {shown!r}"
            assert html.count("<td>") <= 1 and html.count("<tr>") <= 2
        assert "\n" not in harmless(text) and not re.search(r"(?i)(?:clos|fix|resolv)\w*:? +[#!]\d", harmless(text))
        assert not _ACTS.search(title(text)), "a title becomes the message of a squash"


def test_text_that_is_no_sign_stays_readable() -> None:
    assert harmless("Add the API for workload sync (v1alpha1)") == r"Add the API for workload sync \(v1alpha1\)"
    assert title("Add the API: part 2") == "Add the API: part 2"


def test_it_tells_branches_gates_and_commits(hub: Shop) -> None:
    token = hub.built(plan(gates={"commands": ["true"], "max_lines": 800}, validate=["true @all #1"]))
    assert token
    snapshot = hub.nights.lab.read()
    wanted = snapshot.require_open().plan
    text = description_of(snapshot, wanted, work_of(snapshot))
    assert text.startswith("<!-- phaseplan phase-5 work:") and text.endswith("<!-- /phaseplan -->")
    assert work_in(5, text) == work_of(snapshot) and work_in(6, text) == ""
    for branch in ("1", "2", "3"):
        assert f"Branch {branch} | sh | 1 of 2 |" in text
    assert "- each branch: true" in text and "- wave 1, merged: true @&#8203;all \\#&#8203;1" in text
    assert "at most 800 added lines" in text and str(snapshot.folded().integration) in text
    assert title_of(wanted) == "Phase 5: Nights"


def test_our_part_is_exchanged_and_no_other() -> None:
    first, second = (f"<!-- phaseplan phase-5 work:{n * 16} -->\n{n}\n<!-- /phaseplan -->" for n in "ab")
    assert replaced("", first, 5) == first
    assert replaced(f"above\r\n\r\n{first}\r\nbelow", second, 5) == f"above\n\n{second}\nbelow"
    assert replaced("by hand", first, 5) == f"by hand\n\n{first}"
    other = first.replace("phase-5", "phase-6")
    assert replaced(other, second, 5) == f"{other}\n\n{second}"
    assert replaced(first.replace("<!-- /phaseplan -->", ""), second, 5) == second, "an end that somebody deleted"
