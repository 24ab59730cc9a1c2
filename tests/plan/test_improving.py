"""Proposals: each does what it says, changes nothing else, and makes a plan lint no worse."""

from __future__ import annotations

import random
import textwrap
from collections import Counter
from pathlib import Path

import pytest
import yaml

from phaseplan.forecast.improving.collisions import collisions
from phaseplan.forecast.improving.improve import diff, improve
from phaseplan.forecast.improving.proposal import Draft, Proposal, draft_of, makespan
from phaseplan.plan.lint.rules import check
from phaseplan.plan.lint.rules.view import View
from tests.plan.random_plans import HOUR, random_plan

HEAD = "# a plan, äöü 😀\nphase: 9\ntitle: Try\nmax_parallel_agents: 2\n"


def draft(text: str) -> Draft:
    made = draft_of("plan.yaml", text)
    assert made is not None
    return made


def waves(*entries: str) -> str:
    """Waves of an hour each of branches, written in block style."""
    out = ["waves:"]
    for number, entry in enumerate(entries, 1):
        out += [
            f"  - wave: {number}",
            "    duration: 1h",
            "    branches:",
            textwrap.indent(textwrap.dedent(entry), " " * 6),
        ]
    return "\n".join(out).replace("\n\n", "\n") + "\n"


def block(name: str, *lines: str, owns: str | None = None) -> str:
    body = [
        f'- id: "{name}"',
        f"  branch: feature/{name}",
        f"  title: Branch {name}",
        f"  owns: [{owns or f'/{name}/'}]",
    ]
    return "\n".join([*body, *(f"  {line}" for line in lines)]) + "\n"


def only(text: str, kind: str, files: tuple[str, ...] = ()) -> tuple[list[Proposal], Draft]:
    before = draft(text)
    proposals, after = improve(before, files, [kind])
    assert all(p.kind == kind for p in proposals)
    assert problems(after) <= problems(before)
    return proposals, after


def problems(of: Draft) -> Counter[str]:
    return Counter(f.code for f in check(View(of.plan), True) if not f.code.startswith(("PP6", "PP703")))


def changed(text: str, after: Draft) -> tuple[list[str], list[str]]:
    """Return removed and added lines, without their indentation."""
    lines = diff(draft(text), after).splitlines()[2:]
    return ([x[1:].strip() for x in lines if x[0] == "-"], [x[1:].strip() for x in lines if x[0] == "+"])


def test_implied_dependencies_are_removed_and_comments_stay() -> None:
    text = HEAD + waves(
        block("a"),
        block("b", 'depends_on: ["a"]'),
        block("c", 'depends_on: ["a", "b"]   # in brackets')
        + block("d", "depends_on:", '  - "b"  # stays', '  - "a"  # goes', "  # last word"),
    )
    (proposal,), after = only(text, "edges")
    assert changed(text, after) == (
        ['depends_on: ["a", "b"]   # in brackets', '- "a"  # goes'],
        ['depends_on: ["b"]   # in brackets'],
    )
    assert proposal.why == ("c needs a already through b", "d needs a already through b")
    assert after.plan.by_id["d"].depends_on == ("b",)


def test_duplicate_dependency_is_removed_once() -> None:
    _, after = only(HEAD + waves(block("a"), block("b", "depends_on: [a, a]")), "edges")
    assert after.plan.by_id["b"].depends_on == ("a",)


def test_a_dependency_list_shared_by_a_yaml_alias_is_not_changed() -> None:
    text = HEAD + waves(
        block("a"), block("b", "depends_on: [a]"), block("c", "depends_on: &x [a, b]") + block("d", "depends_on: *x")
    )
    proposals, after = only(text, "edges")
    assert (proposals, after.text) == ([], text)


def test_the_wider_pattern_excludes_the_narrower_one() -> None:
    text = HEAD + waves(block("a", owns="pkg/x/ ") + block("b", owns='"pkg/x/beta*.go"'))
    (proposal,), after = only(text, "paths")
    assert changed(text, after) == (["owns: [pkg/x/ ]"], ['owns: [pkg/x/, "!pkg/x/beta*.go" ]'])
    assert collisions(after.plan) == ()
    assert proposal.gain == "ends after 1h; one behind the other it would be 2h"


def test_an_owned_folder_inside_another_is_excluded() -> None:
    _, after = only(HEAD + waves(block("a", owns="pkg/x/") + block("b", owns="pkg/x/inner/")), "paths")
    assert after.plan.by_id["a"].owns == ("pkg/x/", "!pkg/x/inner/**")
    assert collisions(after.plan) == ()


def test_equal_patterns_are_split_by_files_of_the_repository() -> None:
    text = HEAD + waves(
        block("a", owns="pkg/x/").replace("Branch a", "Status types")
        + block("b", owns="pkg/x/").replace("Branch b", "Transform types")
    )
    assert only(text, "paths")[0] == []
    files = ("pkg/x/types_status.go", "pkg/x/types_status_test.go", "pkg/x/types_transform.go", "pkg/y/status.go")
    (proposal,), after = only(text, "paths", files)
    assert after.plan.by_id["a"].owns == ("pkg/x/types_status*",)
    assert after.plan.by_id["b"].owns == ("pkg/x/types_transform*",)
    assert collisions(after.plan) == ()
    assert "a keeps pkg/x/types_status*" in proposal.why[1]


def test_files_with_neither_branchs_name_become_shared_files() -> None:
    text = HEAD + waves(
        block("a", owns="pkg/x/").replace("Branch a", "Status types")
        + block("b", owns="/b/, pkg/x/").replace("Branch b", "Transform types")
    )
    files = ("pkg/x/register.go", "pkg/x/status.go", "pkg/x/transform.go")
    (proposal,), after = only(text, "paths", files)
    assert after.plan.by_id["b"].owns == ("/b/", "pkg/x/transform*")
    assert [(s.path, s.owner, s.branches) for s in after.plan.shared_files] == [("pkg/x/register.go", "a", ("b",))]
    assert collisions(after.plan) == ()
    many = tuple(f"pkg/x/other{n}.go" for n in range(9))
    (proposal,), after = only(text, "paths", (*files, *many))
    assert after.plan.shared_files == ()
    assert proposal.why[-1].startswith("10 files there carry neither name")


def test_a_file_that_both_branches_own_becomes_a_shared_file() -> None:
    text = HEAD + waves(
        block("a", owns="/a/, pkg/registry.go")
        + block("b", owns="/b/, pkg/registry.go")
        + block("c", owns="pkg/registry.go")
    )
    (proposal,), after = only(text, "shared")
    (entry,) = after.plan.shared_files
    assert (entry.path, entry.owner, entry.branches, entry.merge) == ("pkg/registry.go", "a", ("b", "c"), "text")
    assert collisions(after.plan) == ()
    assert changed(text, after)[0] == []
    assert proposal.title == "make a the owner of pkg/registry.go"


def test_a_second_shared_file_is_added_after_the_first() -> None:
    entry = "shared_files:\n- {path: x.go, owner: a, branches: [b]}   # first\n# waves follow\n"
    text = HEAD + entry + waves(block("a", owns="x.go, pkg/y.go") + block("b", owns="x.go, pkg/y.go"))
    _, after = only(text, "shared")
    assert [s.path for s in after.plan.shared_files] == ["x.go", "pkg/y.go"]
    assert "# first\n- path: pkg/y.go\n" in after.text


def test_a_branch_moves_to_another_wave_with_comment_and_duration() -> None:
    text = HEAD + waves(
        block("a"),
        block("b") + block("c", "depends_on: [a]") + "# free\n" + block("d") + "# behind\n",
    )
    text = text.replace("duration: 1h", "duration: 2h", 1)
    (proposal,), after = only(text, "waves")
    assert (makespan(draft(text).plan) / HOUR, makespan(after.plan) / HOUR) == (4, 3)
    assert [[b.id for b in w.branches] for w in after.plan.waves] == [["a", "b"], ["c", "d"]]
    moved = after.plan.by_id["b"]
    assert moved.duration is not None
    assert moved.duration.low == HOUR  # what its old wave said, not the new one
    assert proposal.gain == "ends after 3h instead of 4h, 25 % sooner"
    went, came = changed(text, after)
    assert [x for x in came if x not in went] == ["duration: 1h"]


def test_a_comment_above_a_branch_moves_with_it() -> None:
    text = HEAD + waves(block("a"), "# why b\n# is late\n" + block("b") + block("c", "depends_on: [a]") + block("d"))
    _, after = only(text, "waves")
    first = after.text[: after.text.index("wave: 2")]
    assert [b.id for b in after.plan.waves[0].branches] == ["a", "b"]
    assert "# why b\n      # is late\n" in first


NEXT = block("c", "depends_on: [a]") + block("e", "depends_on: [a]")
STUCK = {
    "its wave would be empty": HEAD + waves(block("a"), block("d")),
    "it needs a branch there": HEAD + waves(block("a"), NEXT + block("d", "depends_on: [a]")),
    "the owner of a file it changes merges first": (
        HEAD + "shared_files: [{path: s.go, owner: c, branches: [d]}]\n" + waves(block("a"), NEXT + block("d"))
    ),
    "it would collide": HEAD + waves(block("a"), NEXT + block("d", owns="/a/")),
    "waves do not wait": HEAD + "start: dependencies\n" + waves(block("a"), NEXT + block("d")),
}


@pytest.mark.parametrize("why", STUCK)
def test_a_branch_stays_in_its_wave_where(why: str) -> None:
    assert only(HEAD + waves(block("a"), NEXT + block("d")), "waves")[0] != []  # without the reason it moves
    proposals, after = only(STUCK[why], "waves")
    assert (proposals, after.text) == ([], STUCK[why])


def test_a_branch_over_budget_gives_a_proposal_to_split_it() -> None:
    text = (
        HEAD + "gates: {max_lines: 500}\n" + waves(block("a", "lines: 900", owns="x/, y/") + block("b", "lines: 1200"))
    )
    text = text.replace("duration: 1h", "duration: 6h")
    (two, three), after = only(text, "split")
    assert after.text == text
    parts = yaml.safe_load(two.snippet)
    assert [(p["id"], p["lines"], p["owns"], p["duration"]) for p in parts] == [
        ("aa", 450, ["x/"], "3h"),
        ("ab", 450, ["y/"], "3h"),
    ]
    assert [p.get("depends_on") for p in yaml.safe_load(three.snippet)] == [None, ["ba"], ["bb"]]
    assert "the budget is 500" in two.why[0]
    assert three.title == "split b Branch b into 3"


def test_other_numbers_of_agents_and_starts_are_proposed_as_text() -> None:
    text = HEAD + waves(block("a") + block("b") + block("c"), block("d", "depends_on: [a]"))
    (agents,), after = only(text, "agents")
    assert (agents.title, agents.gain) == (
        "let 3 agents work at once, not 2",
        "ends after 2h instead of 3h, 33 % sooner",
    )
    (start,), _ = only(text, "start")
    assert start.gain == "ends after 2h instead of 3h, 33 % sooner"
    assert after.text == text


def test_a_good_plan_gives_no_proposal() -> None:
    text = HEAD + waves(block("a") + block("b"))
    proposals, after = improve(draft(text))
    assert (proposals, after.text, diff(draft(text), after)) == ([], text, "")


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_line_ends_of_a_plan_file_stay(end: str) -> None:
    text = (
        HEAD + waves(block("a"), block("b", "depends_on: [a]"), block("c", "depends_on:", "  - a", "  - b"))
    ).replace("\n", end)
    _, after = improve(draft(text))
    assert after.plan.by_id["c"].depends_on == ("b",)
    assert after.text.count(end) == after.text.count("\n") == text.count("\n") - 1


def test_a_file_without_a_last_newline_is_improved() -> None:
    text = (HEAD + waves(block("a") + block("b") + block("c"), block("d", "depends_on: [a]"))).rstrip("\n")
    _, after = improve(draft(text), kinds=["waves"])
    assert [len(wave.branches) for wave in after.plan.waves] == [2, 2]
    assert diff(draft(text), after).count("\\ No newline") == 1


def test_improved_random_plans_take_no_longer_and_lint_no_worse(tmp_path: Path) -> None:
    """Whatever is proposed: the same branches, every dependency still holds, the end is no later, lint is no worse."""
    for seed in range(60):
        plan = random_plan(random.Random(seed), most=12)
        data = plan.model_dump(mode="json", exclude_defaults=True, by_alias=True)
        for wave in data["waves"]:
            for branch in wave["branches"]:
                branch["duration"] = f"{branch['duration']['low'] // HOUR}h"
        before = draft(yaml.safe_dump(data, sort_keys=False, default_flow_style=seed % 3 == 0 and None))
        proposals, after = improve(before)
        assert after.plan.by_id.keys() == before.plan.by_id.keys()
        assert makespan(after.plan) <= makespan(before.plan)
        assert problems(after) <= problems(before)
        for name in before.plan.by_id:
            assert View(after.plan).ancestors(name) == View(before.plan).ancestors(name)
        assert all(p.gain for p in proposals)
