"""`phaseplan init`: write what an Airflow that a team already has needs to see its phases; overwrite nothing."""

from __future__ import annotations

import argparse
from pathlib import Path

from phaseplan.cli.local_airflow.folders import DAG_FILES
from phaseplan.cli.output import write
from phaseplan.config.place import airflow_home, checkout, skill
from phaseplan.config.settings import settings
from phaseplan.errors import InputFault

HELP = "write the DAG files, folders, profiles and the agents' skill that an Airflow you have needs; overwrites nothing"
#: Where coding agents look for a skill by themselves: Codex and OpenCode in the first, Claude Code in the second only.
_SKILLS = (".agents/skills/phaseplan", ".claude/skills/phaseplan")
_AGENTS = """\
# Agent profiles: how a branch gets built. Secrets are names of Airflow connections, never values.
# All keys: docs/plan.md of Phaseplan, "Agent profiles"; agents with an image of ours: docs/agents.md.
claude:
  use: claude-code
  secrets: {key: anthropic}     # an Airflow connection whose password is the key; it stays in a gateway
# mine:                         # any program in any image: it reads /phaseplan/task.md and works in /workspace
#   image: registry.example.com/my-agent:1
#   command: [my-agent]
#   network: none
"""
_NOTIFIERS = """\
# Notifiers: whom a plan may have told, by name (`notify:`), and which events every plan tells (`events`). For example:
#
# team-chat:
#   class: airflow.providers.slack.notifications.slack_webhook.SlackWebhookNotifier
#   arguments: {slack_webhook_conn_id: team_chat, text: "{{ phaseplan.slack }}"}
#   events: [isolated, phase_complete]
#   digest: true                  # one message a night, and none where nothing has changed
{}
"""


def register(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `init`."""
    parser.add_argument("folder", metavar="DIR", type=Path, help="Airflow's home, or the folder of its project")


def run(args: argparse.Namespace) -> int:
    """Write the files that are not there yet, and say what comes next.

    :raises InputFault: a file cannot be written.
    """
    folder: Path = args.folder
    include = folder / "include"
    files = {folder / "dags" / name: text for name, text in DAG_FILES.items()}
    files |= {include / "agents.yaml": _AGENTS, include / "notifiers.yaml": _NOTIFIERS}
    places = [folder / name for name in _SKILLS]
    files |= {place / "SKILL.md": (skill() / "SKILL.md").read_text(encoding="utf-8") for place in places}
    files |= {folder / "AGENTS.md": (skill() / "AGENTS.md").read_text(encoding="utf-8")}
    for path in (folder / "dags", include / "plans", *places):
        try:
            path.mkdir(parents=True, exist_ok=True)
        except (FileExistsError, NotADirectoryError, PermissionError) as error:
            raise InputFault(f"{path} cannot be a folder ({error.strerror}): name another DIR") from None
    for path, text in files.items():
        if path.exists():
            print(f"Kept   {path}")
            continue
        write(path, text, create=True)
        print(f"Wrote  {path}")
    print(_next(folder))
    return 0


def _next(folder: Path) -> str:
    """Say what is left to do, with the settings that differ from what this installation would find by itself."""
    plans, agents = (folder / "include/plans").resolve(), (folder / "include/agents.yaml").resolve()
    found = settings()
    steps = []
    if (found.plans.resolve(), found.agents.resolve()) != (plans, agents):
        where = "where Phaseplan runs from a checkout" if checkout() else f"while AIRFLOW_HOME is {airflow_home()}"
        variables = (f"AIRFLOW__PHASEPLAN__{key}={value}" for key, value in (("PLANS", plans), ("AGENTS", agents)))
        steps.append(f"Set, in every component of Airflow ({where}): {' '.join(variables)}")
    steps += [
        "Set AIRFLOW__PHASEPLAN__REPOSITORY to the git URL that phases are built in, or write it into each plan.",
        f"Write a plan: phaseplan new {plans / 'phase-01.yaml'} --agents {agents}",
        "Have the engine ready: phaseplan images",
    ]
    return "\nNext:\n" + "\n".join(f"{number}. {step}" for number, step in enumerate(steps, 1))
