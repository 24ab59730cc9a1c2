"""Fill in by rule what no document says: git names, the agent, the most lines of a branch."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass

from phaseplan.documents.outline.plans import value

_TODO = "        # TODO branch:"


@dataclass(frozen=True, slots=True)
class Fill:
    """Hold the rules; an empty one fills nothing."""

    names: str = ""  # `feature/{phase}/{slug}`
    agent: str = ""
    max_lines: int = 0


def unknown(names: str) -> list[str]:
    """List the placeholders of a rule for names that there are not."""
    return [text for text in re.findall(r"\{([^{}]*)\}", names) if text not in ("phase", "wave", "id", "slug")]


def filled(text: str, fill: Fill) -> str:
    """Return a plan's text with its TODOs filled in by the rules; each such line says by which."""
    lines = text.split("\n")
    if fill.agent:
        lines = [
            f"agent: {value(fill.agent)}  # by --agent" if line.startswith("# TODO agent:") else line for line in lines
        ]
    if fill.max_lines and not any(line.startswith("  max_lines:") for line in lines):
        limit = f"  max_lines: {fill.max_lines}  # by --max-lines"
        at = next((i for i, line in enumerate(lines) if line == "gates:"), -1)
        waves = lines.index("waves:") if "waves:" in lines else len(lines)
        lines[waves if at < 0 else at + 1 : waves if at < 0 else at + 1] = ["gates:", limit] if at < 0 else [limit]
    return "\n".join(_named(lines, fill.names) if fill.names else lines)


def _named(lines: list[str], rule: str) -> list[str]:
    phase = next((line.split()[1] for line in lines if line.startswith("phase: ")), "0")
    taken = {line.split()[1].strip('"') for line in lines if line.startswith("        branch: ")}
    wave, branch, out = "1", "", list[str]()
    for i, line in enumerate(lines):
        if match := re.match(r"  - wave: (\d+)", line):
            wave = match[1]
        elif match := re.match(r"      - id: (\"(?:[^\"\\]|\\.)*\")", line):
            branch = json.loads(match[1])
        if not line.startswith(_TODO):
            out.append(line)
            continue
        slug = slugged(_title(lines[i + 1 : i + 4])) or slugged(branch)
        values = {"phase": phase, "wave": wave, "id": branch, "slug": slug}
        name = rule.format_map(values) if not unknown(rule) else rule
        while name in taken:
            name = f"{name}-{slugged(branch) or 'x'}"
        taken.add(name)
        out.append(f"        branch: {value(name)}  # by --names")
    return out


def _title(lines: list[str]) -> str:
    """Return the title that stands in one of the next lines of a branch."""
    for line in lines:
        if line.startswith("      - id"):
            break
        if match := re.match(r"        title: (.*?)(?:  # .*)?$", line):
            return str(json.loads(match[1])) if match[1].startswith('"') else match[1]
    return ""


def slugged(text: str) -> str:
    """Write a text as a part of a git name."""
    words = re.sub(r"[\W_]+", "-", text.lower(), flags=re.ASCII).strip("-")
    return words[:48].rstrip("-")
