"""Write the draft as a commented plan file: every value with its line, every gap as a TODO that `lint` reports."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from phaseplan.documents.importing.contradictions.soundness import inverted
from phaseplan.documents.importing.draft import Draft, DraftBranch, DraftWave
from phaseplan.documents.importing.facts import Facts, Said
from phaseplan.documents.importing.paths import Sharing, sharing
from phaseplan.documents.importing.readers.pieces import overlay
from phaseplan.documents.importing.schemes import Scheme
from phaseplan.documents.importing.spans import in_days, spans, written
from phaseplan.plan.yaml.scalars import plain

_PLAIN = re.compile(r"[A-Za-z0-9_./][A-Za-z0-9_./ ()&+*%'-]*")
_DAYS = re.compile(r"(\d+(?:\.\d+)?)\s*(?:days?)?\s*(?:(?:-|\u2013|to)\s*(\d+(?:\.\d+)?)\s*)?(?:\w+ )?days?", re.I)


class Writer:
    """Collect lines of YAML with the document's lines behind them."""

    def __init__(self, file: str, scheme: Scheme) -> None:
        self.scheme = scheme
        self.file = re.sub(r"[^\w.-]", "_", Path(file).name)[:80]
        self.lines: list[str] = []

    def put(self, text: str, line: int | None = None, more: str = "") -> None:
        """Add one line, with the line it comes from."""
        source = f"{self.file}:{line}" if line is not None else ""
        self.lines.append(f"{text}  # {', '.join(filter(None, (source, more)))}" if source or more else text)

    def todo(self, indent: int, text: str) -> None:
        """Add a TODO for a value that the document lacks."""
        self.lines.append(f"{' ' * indent}# TODO {_one_line(self.scheme.shown(text))}")

    def value(self, text: str) -> str:
        """Write a text, in the document's own words, as a YAML scalar."""
        return value(self.scheme.shown(text))

    def id(self, branch: str) -> str:
        """Write a branch's id, as the document has it."""
        return json.dumps(self.scheme.label(branch), ensure_ascii=False)


def write(draft: Draft) -> str:
    """Return the plan file's text."""
    out = Writer(draft.facts.file, draft.facts.scheme)
    shared = sharing(draft)
    out.put(f"# Imported from {out.file}. A comment names the line that a value is from; where sources disagree,")
    out.put("# docs/decisions/016 says which one counts. What the document does not say is a TODO.")
    _top(out, draft)
    _gates(out, draft.facts)
    _sharing(out, shared)
    _claims(out, draft.facts)
    _texts(out, "notes", draft.facts.notes, 0)
    out.put("waves:")
    for wave in draft.waves:
        _wave(out, wave, draft)
    return "\n".join(overlay(out.lines, draft.facts.stated, out.file)) + "\n"


def value(text: str) -> str:
    """Write a text as a YAML scalar."""
    text = _one_line(text)
    if _PLAIN.fullmatch(text) and not text.endswith(" ") and plain(text) == text:
        return text
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\x7f")


def _one_line(text: str) -> str:
    return re.sub(r"[\s\x85\u2028\u2029\ufeff]+", " ", text).strip()


def _top(out: Writer, draft: Draft) -> None:
    facts = draft.facts
    if draft.phase is not None:
        out.put(f"phase: {draft.phase.value}", draft.phase.line)
    else:
        out.todo(0, "phase: the document has no phase number")
    if facts.titles:
        out.put(f"title: {out.value(facts.titles[0].value)}", facts.titles[0].line)
    else:
        out.todo(0, "title: the document does not name the phase")
    own = draft.phase.value if draft.phase else None
    for key, fact in (("depends_on", facts.depends), ("blocks", facts.blocks), ("independent_from", facts.independent)):
        numbers = list(dict.fromkeys(n for s in fact for n in s.value if n != own))
        if fact:
            out.put(f"{key}: [{', '.join(map(str, numbers))}]", fact[0].line)
    most = (
        facts.max_agents[0]
        if facts.max_agents
        else max((s for w in draft.waves for s in w.statements.agents), key=lambda s: s.value, default=None)
    )
    if most is not None and most.value > 0:
        out.put(f"max_parallel_agents: {most.value}", most.line)
    out.todo(0, "agent: no document names an agent profile; see include/agents.yaml")


def _gates(out: Writer, facts: Facts) -> None:
    limit = min(facts.max_lines, key=lambda s: s.line, default=None)
    if limit is not None and limit.value > 0:
        out.put("gates:")
        out.put(f"  max_lines: {limit.value}", limit.line)
    for fact in facts.gates:
        if fact.source == "text":
            out.todo(2 if limit else 0, f"gate without a command: {fact.value} ({out.file}:{fact.line})")


def _sharing(out: Writer, shared: Sharing) -> None:
    if shared.files:
        out.put("shared_files:")
    for file in shared.files:
        out.put(f"  - path: {out.value(file.path)}", file.line)
        out.put(f"    owner: {out.id(file.owner)}")
        out.put(f"    branches: [{', '.join(map(out.id, file.branches))}]")
    for path, line in shared.unowned:
        out.todo(0, f"shared file {path}: nothing says which branch owns it ({out.file}:{line})")
    if shared.generated and shared.command is not None:
        out.put("generated_files:")
        out.put(f"  - paths: [{', '.join(out.value(path) for path, _ in shared.generated)}]", shared.generated[0][1])
        out.put(f"    command: {out.value(shared.command.value)}", shared.command.line)
    elif shared.generated:
        out.todo(0, f"generated file {shared.generated[0][0]}: nothing says which command makes it")


def _claims(out: Writer, facts: Facts) -> None:
    lines_written: list[tuple[str, int | None]] = []
    if facts.reductions:
        lines_written.append((f"reduction: {facts.reductions[0].value}%", facts.reductions[0].line))
    for key, fact in (("duration", facts.durations), ("sequential", facts.sequentials), ("parallel", facts.parallels)):
        if fact and (span := claimed(fact[0].value)) is not None:
            lines_written.append((f"{key}: {span}", fact[0].line))
    if facts.utilisations:
        lines_written.append((f"utilisation: {facts.utilisations[0].value}", facts.utilisations[0].line))
    if facts.critical:
        path = ", ".join(map(out.id, facts.critical[0].value))
        lines_written.append((f"critical_path: [{path}]", facts.critical[0].line))
    for key, table in (("risks", facts.risks), ("mitigations", facts.mitigations)):
        if table:
            lines_written.append((f"{key}:", None))
            lines_written += [
                (f"  {out.value(name)}: {out.value(fact.value)}", fact.line) for name, fact in table.items()
            ]
    if lines_written:
        out.put("claims:")
    for text, line in lines_written:
        out.put(f"  {text}", line)


def claimed(text: str) -> str | None:
    """Write a promise; days stay days."""
    last = text.rsplit("=", 1)[-1]
    if in_days(last) and (match := _DAYS.search(last)):
        return f"{match[1]}d-{match[2]}d" if match[2] else f"{match[1]}d"
    durations = spans(last) or spans(text)
    return written(durations[0]) if durations else None


def _texts(out: Writer, key: str, statements: Iterable[Said[str]], indent: int) -> None:
    entries = list({s.value: s for s in statements if s.value}.values())
    if entries:
        out.put(f"{' ' * indent}{key}:")
    for entry in entries:
        out.put(f"{' ' * indent}  - {out.value(entry.value)}", entry.line)


def _wave(out: Writer, wave: DraftWave, draft: Draft) -> None:
    fact = wave.statements
    out.put(f"  - wave: {wave.number}", wave.branches[0].wave.line if wave.branches[0].wave else None)
    if all(b.wave is None for b in wave.branches):
        out.todo(4, "wave: the document puts these branches in no wave")
    if wave.title is not None:
        out.put(f"    title: {out.value(wave.title.value)}", wave.title.line)
    if wave.span is not None:
        out.put(f"    duration: {written(wave.span.value)}", wave.span.line)
    if fact.risks:
        out.put(f"    conflict_risk: {fact.risks[0].value}", fact.risks[0].line)
    out.put("    branches:")
    for branch in wave.branches:
        for line in _branch(out, branch):
            out.lines.append(line)
    checks = list({s.value: s for s in fact.checks}.values())
    _texts(out, "validate", (s for s in checks if not inverted(s.value)), 4)
    for check in checks:
        if inverted(check.value):
            out.todo(
                4,
                f"validate: {check.value} ({out.file}:{check.line}) passes when it should fail; write "
                f"it the other way round",
            )
    _texts(out, "notes", fact.notes, 4)


def _branch(out: Writer, branch: DraftBranch) -> Iterator[str]:
    mentions = branch.entry.mentions
    why = "numbered by wave and place: the document has no id" if branch.entry.made_up else ""
    line = Writer(out.file, out.scheme)
    line.put(f"      - id: {out.id(branch.id)}", mentions[0].line if mentions else None, why)
    if branch.name is not None:
        line.put(f"        branch: {out.value(branch.name.value)}", branch.name.line)
    else:
        line.todo(8, f"branch: nothing names the git branch of {branch.id}")
    if branch.title is not None:
        line.put(f"        title: {out.value(branch.title.value)}", branch.title.line)
    else:
        line.todo(8, f"title: nothing says what {branch.id} is about")
    if branch.label is not None:
        line.put(f"        agent_label: {out.value(branch.label.value)}", branch.label.line)
    elif branch.agent is not None:
        line.put(f"        agent_label: Agent {branch.agent.value}", branch.agent.line)
    if branch.lines is not None:
        line.put(f"        lines: {branch.lines.value}", branch.lines.line)
    else:
        line.todo(8, f"lines: nothing estimates {branch.id}")
    if branch.span is not None:
        line.put(f"        duration: {written(branch.span.value)}", branch.span.line)
    if branch.needs:
        source = ", ".join(dict.fromkeys(f"{out.file}:{n.line}" for n in branch.needs))
        line.put(
            f"        depends_on: [{', '.join(out.id(n.value) for n in branch.needs)}]",
            None,
            f"{source} ({branch.needs_source})",
        )
    if branch.owns:
        line.put("        owns:")
        for own in branch.owns:
            line.put(f"          - {out.value(own.value)}", own.line)
    else:
        line.todo(8, f"owns: nothing says which paths {branch.id} may change")
    yield from line.lines
