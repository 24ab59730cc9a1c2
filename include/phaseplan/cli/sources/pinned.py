"""Write the plan and the profiles that a ledger has pinned as the files that a run reads."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel

from phaseplan.config.whole_file import write_whole
from phaseplan.errors import Bug
from phaseplan.ledger.records import Pinned
from phaseplan.plan.digest import plan_digest
from phaseplan.plan.lint.schema import validate
from phaseplan.plan.model import PhasePlan
from phaseplan.plan.yaml.load import load


class _Quoted(yaml.SafeDumper):
    """Write every text in quotes: nothing in it is read as a number or a key word."""

    def ignore_aliases(self, data: Any) -> bool:
        """Write a plan in full, without YAML aliases."""
        return True


_Quoted.add_representer(str, lambda dumper, text: dumper.represent_scalar("tag:yaml.org,2002:str", text, style='"'))


def write(pinned: Pinned, folder: Path) -> tuple[Path, Path]:
    """Write a plan file and an agents file.

    :raises Bug: the written files do not read as the pinned plan.
    """
    folder.mkdir(parents=True, exist_ok=True)
    phase = pinned.plan.phase
    plan, agents = folder / f"phase-{phase:02d}.yaml", folder / f"agents-{phase:02d}.yaml"
    write_whole(plan, f"# The plan of phase {phase} as its ledger has it; made by Phaseplan.\n" + _text(pinned.plan))
    write_whole(
        agents, "".join(f"{_key(name)}:\n{_indented(p)}" for name, p in sorted(pinned.profiles.items())) or "{}\n"
    )
    read_back, _ = validate(PhasePlan, load(plan).data)
    if read_back is None or plan_digest(read_back) != plan_digest(pinned.plan):
        raise Bug(f"{plan} does not read as the plan that phase {phase} has pinned")
    return plan, agents


def _text(value: BaseModel) -> str:
    data = value.model_dump(mode="json", by_alias=True, exclude_unset=True)
    return yaml.dump(data, Dumper=_Quoted, sort_keys=False, allow_unicode=True, width=1_000_000)


def _key(name: str) -> str:
    return yaml.dump(name, Dumper=_Quoted, allow_unicode=True, width=1_000_000).strip()


def _indented(value: BaseModel) -> str:
    return "".join(f"  {line}\n" for line in _text(value).splitlines())
