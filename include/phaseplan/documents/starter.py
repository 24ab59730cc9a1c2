"""Provide the plan to begin with: small, complete, every part explained, and without a finding of lint."""

from __future__ import annotations

from phaseplan.documents.export.text import as_yaml
from phaseplan.plan.json_schema import MODELINE

_TEXT = """\
# A starter plan: two agents side by side, then one that needs both. `phaseplan lint` checks it as you go;
# what each key means is in docs/plan.md, and in an editor that reads the line above.
phase: {phase}                        # its number; the DAG will be phase_{phase:02}
title: What this phase brings
depends_on: []                  # numbers of phases that must be complete first
schedule: none                  # a cron like "0 2 * * *", `after dependencies`, or none: by hand
start: wave                     # or `dependencies`: a branch waits only for what it needs
max_parallel_agents: 2
attempts: 2                     # tries before a branch is isolated
agent: {agent}                # a profile of the agents file: image, command, limits

gates:                          # what every branch's commit must pass before it gets its public name
  max_lines: 800                # added lines, without generated files
  ownership: enforce            # a branch changes only what it owns
  scratch_files: ["/notes.md"]  # agents' own notes: taken out, never merged
  # commands: [make test]       # run in a container on the exact commit

# shared_files:                 # one file that several branches must change: its owner merges first
#   - {{path: src/registry.txt, owner: "{phase}.1.1", branches: ["{phase}.1.2"], merge: union}}
# generated_files:              # what a command makes is never merged by hand
#   - {{paths: [src/generated/], command: make generate}}

waves:
  - wave: 1
    title: Foundations
    duration: 2h-4h
    branches:
      - id: "{phase}.1.1"
        branch: feature/p{phase}w1-model
        title: The model
        lines: 300              # an estimate
        owns: [/src/model/]     # gitignore patterns; agents that work at once own different paths
        brief: |
          What the agent must know besides the plan: names, formats, examples.
      - id: "{phase}.1.2"
        branch: feature/p{phase}w1-storage
        title: The storage
        lines: 300
        owns: [/src/storage/]
    # validate: [make test]     # commands on the merged commit; red publishes nothing
  - wave: 2
    title: What stands on them
    duration: 2h-4h
    branches:
      - id: "{phase}.2.1"
        branch: feature/p{phase}w2-service
        title: The service
        lines: 300
        depends_on: ["{phase}.1.1", "{phase}.1.2"]   # their work is there before the agent starts
        owns: [/src/service/]
"""


def starter(phase: int, agent: str, schema: str) -> str:
    """Write a plan file.

    :param agent: the profile that builds it.
    :param schema: where its JSON Schema is: a path relative to the file, or a URL.
    """
    quoted = as_yaml({"agent": agent}).removeprefix("agent: ").strip()
    return f"{MODELINE.format(schema)}\n{_TEXT.format(phase=phase, agent=quoted)}"
