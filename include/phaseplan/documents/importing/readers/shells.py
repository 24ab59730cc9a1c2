"""Read shell snippets: branches that are only named there, commands that validate a wave or generate files."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from phaseplan.documents.importing.blocks import Block
from phaseplan.documents.importing.context import Context, agents_of, wave_of
from phaseplan.documents.importing.facts import Facts, Mention, Said
from phaseplan.documents.importing.statements import split
from phaseplan.documents.importing.words import ids, is_placeholder, line_counts, names
from phaseplan.documents.outline.attributes import kind_of
from phaseplan.documents.outline.text import any_paths

LANGUAGES = ("bash", "sh", "shell", "console", "zsh", "shell-session", "")
_MAKES = re.compile(
    r"(?:wt-create|wt-new|git (?:checkout|switch) (?:-b|-B|-c|-C|--create)|git branch(?! "
    r"-[dD])|git worktree add(?:\s+\S+)?\s+-[bB])\s+([\w./-]+)"
)
_MKDIR = re.compile(r"\bmkdir\s+(?:-p\s+)?([^&|;#]+)")
_GENERATES = re.compile(
    r"(?:make (?:generate\S*|gen|codegen|update-codegen|manifests)|go generate\s+\S+|(?:\./)?hack/update-codegen\.sh)"
)
_GATE = re.compile(r"validat|verif|acceptance|gate|check", re.IGNORECASE)
_NO_COMMAND = re.compile(
    r"(?:cd|echo|source|export|set|git (?:fetch|checkout|merge|pull|switch|push|worktree)|wt-\w+)\b|\[|\d{4}-"
)


def read(block: Block, context: Context, facts: Facts, lead: str) -> None:
    """Add what a snippet says to the facts; `lead` is the line above it."""
    gate = context.under(_GATE.pattern, 2) or _GATE.search(lead) is not None
    gate = gate and not context.under(r"status|communicat|rollback|setup", 1)
    wave = context.wave if context.wave is not None else wave_of(lead)
    agent, branch = context.agent, context.branch
    created: list[str] = []
    for line, text in _commands(block):
        if text.startswith("#"):
            if _comment(text.lstrip("# "), line, facts, Mention("branch section", line, id=branch, wave=wave), created):
                continue
            wave = wave if context.wave is not None else wave_of(text, wave)
            agents, branch_ids = agents_of(text), ids(text)
            agent = agents[0] if len(agents) == 1 else agent
            branch = branch_ids[0] if len(branch_ids) == 1 else None if branch_ids else branch
            continue
        beside = re.search(r"\s#\s*(.*)", text)
        branch_ids = ids(beside[1]) if beside else []
        subject = branch_ids[0] if len(branch_ids) == 1 else branch
        created = _branches(text, line, facts, Mention("shell", line, id=subject, wave=wave, agent=agent)) or created
        if (match := _GENERATES.match(text)) is not None:
            facts.generators.append(Said(match[0], line, "shell"))
        if (match := _MKDIR.search(text)) is not None and (own := any_paths(match[1])):
            snippet_agents = agents_of(text.split("mkdir")[0])
            if snippet_agents or agent or branch:
                agent_here = snippet_agents[0] if snippet_agents else agent
                folders = tuple(_folder(p) for p in own)
                facts.owned.append(Mention("shell", line, id=branch, wave=wave, agent=agent_here, owns=folders))
        if gate and wave is not None and not _NO_COMMAND.match(text) and _is_shell(block, text):
            facts.wave(wave).checks.append(Said(text, line, "shell"))


def _folder(path: str) -> str:
    return path if path.endswith("/") or "." in path.rsplit("/", 1)[-1] else f"{path}/"


def _is_shell(block: Block, text: str) -> bool:
    """Say whether a text is a command: a fence without a language may hold anything."""
    return (
        block.language != ""
        or re.match(r"(?:go|make|npm|pytest|python|cargo|kubectl|git|\./|grep|test|bash|golangci-lint|docker)\b", text)
        is not None
    )


def _commands(block: Block) -> Iterator[tuple[int, str]]:
    """Yield commands and comments with their lines; a line that ends in a backslash goes on."""
    beginning, begun = "", 0
    for number, raw in enumerate(block.text.split("\n"), block.line):
        text = re.sub(r"^\s*\$\s+", "", raw).strip()
        if not text:
            continue
        begun = begun if beginning else number
        if text.endswith("\\") and not text.startswith("#"):
            beginning += text[:-1].rstrip() + " "
            continue
        yield begun, (beginning + text).strip()
        beginning = ""


def _comment(text: str, line: int, facts: Facts, subject: Mention, created: list[str]) -> bool:
    """Read `# Lines: 700` below the command that makes a branch; return True if it is about that branch."""
    key, value, _ = split(text)
    if subject.id is None and len(created) == 1:
        subject.name = created[0]
    if subject.id is None and subject.name is None:
        return False
    kind = "lines" if key.lower() in ("target", "estimate") else kind_of(key)
    if kind == "lines" and re.search(r"line|loc|size", text, re.I) and line_counts(value):
        subject.lines = line_counts(value)
    elif kind == "needs":
        subject.needs = value
    else:
        return False
    facts.mentions.append(subject)
    return True


def _branches(text: str, line: int, facts: Facts, mention: Mention) -> list[str]:
    """Record the names that a command makes, fetches or merges; return those that it makes."""
    created = [
        n
        for n in _MAKES.findall(text)
        if not is_placeholder(n) and re.search(r"[/-]\w", n) and not n.startswith(("-", "main")) and n[-1] not in "/-"
    ]
    named = names(text) if text.startswith(("git", "wt-")) else []
    others = [n for n in named if n not in created and ("/" in n or not created)]  # else a work tree's folder
    several = len(created) + len(others) > 1
    for name in (*created, *others):
        by = name in created and not several
        wave = mention.wave if name in created else None
        one = replace(mention, wave=wave) if by else Mention("shell", line, wave=wave)
        facts.mentions.append(replace(one, name=name.removeprefix("origin/")))
    return created
