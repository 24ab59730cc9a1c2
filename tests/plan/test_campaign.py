"""Plans together: nothing hides anything, and what is valid is found."""

from __future__ import annotations

from pathlib import Path

from phaseplan.plan.campaign import load_campaign, load_profiles, load_valid

PLAN = """phase: {phase}
title: T
agent: a
{more}
waves:
  - wave: 1
    branches:
      - {{id: "1", branch: f/p{phase}, title: One, owns: [pkg/]}}
"""


def write(folder: Path, phase: int, more: str = "") -> Path:
    path = folder / f"phase-{phase:02}.yaml"
    path.write_text(PLAN.format(phase=phase, more=more))
    return path


def agents(folder: Path, text: str = "a: {image: i}\n") -> Path:
    path = folder / "agents.yaml"
    path.write_text(text)
    return path


def test_one_bad_plan_hides_no_other(tmp_path: Path) -> None:
    paths = [write(tmp_path, 1), write(tmp_path, 2, "nonsense: 1"), write(tmp_path, 3)]
    paths[0].write_bytes(b"\xff\x00")
    campaign = load_valid(paths, agents(tmp_path))
    assert [p.plan.phase for p in campaign.plans] == [3]
    assert [d.code for d in campaign.diagnostics] == ["PP104", "PP201"]


def test_plans_come_in_order_of_phase(tmp_path: Path) -> None:
    paths = [write(tmp_path, 3), write(tmp_path, 1), write(tmp_path, 2)]
    assert [p.plan.phase for p in load_valid(paths, agents(tmp_path)).plans] == [1, 2, 3]


def test_a_bad_profile_is_known_by_name_only(tmp_path: Path) -> None:
    file = agents(tmp_path, "a: {image: i, memory: lots, user: '0:0'}\nb: {image: j, cmd: x}\nc: text\nd: {image: k}\n")
    profiles, names, found = load_profiles(file)
    assert (set(profiles), names) == ({"d"}, {"a", "b", "c", "d"})
    assert [(d.line, d.column, d.code) for d in found] == [
        (1, 23, "PP203"), (1, 35, "PP203"), (2, 15, "PP201"), (3, 4, "PP203"),
    ]  # fmt: skip
    campaign = load_campaign([write(tmp_path, 1)], file)
    assert not [d for d in campaign.diagnostics if d.code == "PP601"], "the profile exists; it is only broken"
    assert campaign.plans == (), "nothing can run without its agent"


def test_an_unreadable_agents_file_is_reported_once(tmp_path: Path) -> None:
    campaign = load_campaign([write(tmp_path, 1)], tmp_path / "none.yaml")
    assert [d.code for d in campaign.diagnostics] == ["PP101"]
    assert campaign.plans == ()
    assert len(load_campaign([write(tmp_path, 1)], None).plans) == 1


def test_no_phase_is_reported_missing_while_a_plan_file_is_unreadable(tmp_path: Path) -> None:
    lost = write(tmp_path, 1)
    lost.write_text("[")
    campaign = load_campaign([lost, write(tmp_path, 2, "depends_on: [1]")], agents(tmp_path))
    assert [d.code for d in campaign.diagnostics] == ["PP105"]


def test_a_plan_of_three_thousand_branches_is_loaded(tmp_path: Path) -> None:
    branches = "\n".join(
        f'      - {{id: "1.{i}", branch: f/b{i}, title: B, owns: [p{i}/x/]{f", depends_on: [1.{i - 1}]" if i else ""}}}'
        for i in range(3000)
    )
    text = f"phase: 1\ntitle: T\nagent: a\nmax_parallel_agents: 9\nwaves:\n  - wave: 1\n    branches:\n{branches}\n"
    path = tmp_path / "large.yaml"
    path.write_text(text)
    campaign = load_valid([path], agents(tmp_path))
    assert {d.code for d in campaign.diagnostics} == {"PP203"}, "1.0 is a number, not an id"
    path.write_text(text.replace("depends_on: [1.", 'depends_on: ["1.').replace("]}", '"]}').replace('x/"]', "x/]"))
    assert len(list(load_valid([path], agents(tmp_path)).plans[0].plan)) == 3000
