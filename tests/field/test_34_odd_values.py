"""Line 34: an odd value of a plan or a profile is an error at its place, before it is used.

Was: `phase: true` was phase 1, `phase: 010` phase 10; a profile with `cpus: 1e-7`, more memory than any machine has,
an empty program, `max_output: -1`, `timeout: 0` or a variable `A=B` passed lint and failed at the engine, and a gate
command of blanks was green.
Right: each is an error with its code, its line and a hint that says what to write instead.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from phaseplan.plan.campaign import load_campaign
from phaseplan.plan.lint.diagnostics import Diagnostic

PLAN = """phase: 9
title: A phase
agent: a
max_parallel_agents: 4
attempts: 2
gates:
  max_lines: 100
  timeout: 30m
  commands: [make]
generated_files: [{paths: [/gen/], command: make gen}]
waves:
  - wave: 1
    validate: [make all]
    branches:
      - {id: "9.1", branch: feature/x, title: One, lines: 10, owns: [/a/], depends_on: []}
"""
PROFILE = """a:
  image: x
  command: [sh, -c, make]
  environment: {A: b}
  secrets: {TOKEN: connection}
  cpus: 1
  memory: 2g
  pids: 100
  timeout: 30m
  user: "1000:1000"
  max_output: 100m
  disk: 1g
"""


def lint(folder: Path, plan: str = PLAN, profile: str = PROFILE) -> list[Diagnostic]:
    (folder / "plan.yaml").write_text(plan)
    (folder / "agents.yaml").write_text(profile)
    return list(load_campaign([folder / "plan.yaml"], folder / "agents.yaml").diagnostics)


def line_of(text: str, words: str) -> int:
    return text[: text.index(words)].count("\n") + 1


def test_usual_values_are_accepted(tmp_path: Path) -> None:
    assert lint(tmp_path) == []


@pytest.mark.parametrize(
    ("there", "odd"),
    [
        ("phase: 9", "phase: true"),
        ("phase: 9", "phase: 010"),
        ("phase: 9", 'phase: "010"'),
        ("wave: 1", "wave: 01"),
        ("max_parallel_agents: 4", "max_parallel_agents: yes"),
        ("max_parallel_agents: 4", "max_parallel_agents: True"),
        ("attempts: 2", "attempts: true"),
        ("max_lines: 100", "max_lines: true"),
        ("lines: 10", "lines: false"),
        ("timeout: 30m", "timeout: 0"),
        ("timeout: 30m", "timeout: 0s"),
        ("timeout: 30m", "timeout: 9999d"),
        ("[make]", '["  "]'),
        ("[make all]", '[""]'),
        ("title: A phase", 'title: "A\\0phase"'),
        ("feature/x", '"feature/\\0x"'),
        ("[make]", '["make\\u0000"]'),
    ],
)
def test_an_odd_value_of_a_plan_is_an_error_with_its_line(tmp_path: Path, there: str, odd: str) -> None:
    text = PLAN.replace(there, odd, 1)
    found = [d for d in lint(tmp_path, text) if d.is_error]
    assert {d.line for d in found} == {line_of(text, odd)}, found
    assert found[0].code in ("PP203", "PP204", "PP104") and (found[0].hint or "must be a whole number" in str(found))


@pytest.mark.parametrize(
    ("there", "odd"),
    [
        ("cpus: 1", "cpus: 1e-7"),
        ("cpus: 1", "cpus: true"),
        ("cpus: 1", "cpus: 1e300"),
        ("memory: 2g", "memory: 99999999g"),
        ("memory: 2g", "memory: 99999999999999999999999999g"),
        ("memory: 2g", "memory: 1"),
        ("memory: 2g", "memory: true"),
        ("pids: 100", "pids: true"),
        ("pids: 100", "pids: 99999999999"),
        ("timeout: 30m", "timeout: 0"),
        ("timeout: 30m", "timeout: true"),
        ('"1000:1000"', '"4294967296:1"'),
        ('"1000:1000"', '"1000:9999999999"'),
        ("max_output: 100m", "max_output: -1"),
        ("max_output: 100m", "max_output: 0"),
        ("disk: 1g", "disk: -5"),
        ("[sh, -c, make]", "['']"),
        ("[sh, -c, make]", "[' ', -c]"),
        ("[sh, -c, make]", '["sh\\0"]'),
        ("{A: b}", '{"A=B": b}'),
        ("{A: b}", '{"": b}'),
        ("{A: b}", '{"A B": b}'),
        ("{A: b}", '{A: "b\\0"}'),
        ("{A: b}", '{"A\\0": b}'),
        ("{TOKEN: connection}", '{"T=": connection}'),
        ("{TOKEN: connection}", '{TOKEN: ""}'),
        ("image: x", 'image: "x\\0"'),
    ],
)
def test_an_odd_value_of_a_profile_is_an_error_with_its_line(tmp_path: Path, there: str, odd: str) -> None:
    text = PROFILE.replace(there, odd, 1)
    found = [d for d in lint(tmp_path, profile=text) if d.is_error and d.file.endswith("agents.yaml")]
    assert {d.line for d in found} == {line_of(text, odd)}, found
    assert all(d.hint or " must be at " in d.message for d in found if d.code != "PP104")
