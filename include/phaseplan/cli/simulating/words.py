"""Describe a simulation in sentences and tables."""

from __future__ import annotations

import textwrap
from collections import Counter
from collections.abc import Iterator

from phaseplan.cli.simulating.gantt import gantt
from phaseplan.cli.simulating.lines import WIDTH, Line, columns, plain
from phaseplan.forecast.simulation.report import Report
from phaseplan.forecast.simulation.sensitivity import measured
from phaseplan.plan.durations import SECONDS_A_LINE, Source
from phaseplan.plan.spans import text

_MODES = {"wave": "by waves", "dependencies": "by dependencies"}
_SHIFTS = 12
_LANES = 10
_LEFT_OUT = 12  # branches without a cost that are named
_SOURCES: dict[Source, str] = {
    "learned": "learned from past runs",
    "branch": "by their own duration",
    "wave": "by their wave's duration",
    "lines": f"assumed from lines ({SECONDS_A_LINE} s a line)",
    "nothing": "assumed to take an hour",
}


def words(report: Report) -> Iterator[Line]:
    """Yield all lines, section by section."""
    for section in (_head, _overview, _crew, _bars, _lanes, _shifts, _chance, _cost, _claims):
        lines = list(section(report))
        if lines:
            yield from lines
            yield []


def _head(report: Report) -> Iterator[Line]:
    for plan in report.work.plans:
        facts = f"{_count(len(plan.place), 'branch')}, {_count(len(plan.waves), 'wave')}"
        waits = f"; waits for phase {', '.join(map(str, plan.depends_on))}" if plan.depends_on else ""
        yield plain(f"Phase {plan.phase} {plan.title}: {facts}, `start: {plan.start}`{waits}", "bold")
        if plan.deliver.wanted:
            yield plain(f"  once complete: {plan.deliver}; nothing is delivered here", "dim")
    if report.missing:
        phases = ", ".join(map(str, report.missing))
        yield plain(f"Not among the plans given, taken to be complete: phase {phases}", "yellow")
    counts = Counter(estimate.source for estimate in report.work.estimates)
    parts = [f"{counts[source]} {source_text}" for source, source_text in _SOURCES.items() if counts[source]]
    guessed = counts["lines"] + counts["nothing"]
    yield plain(f"Times of branches: {'; '.join(parts)}. Gates and merging take no time here.",
                "yellow" if guessed else "dim")  # fmt: skip


def _overview(report: Report) -> Iterator[Line]:
    crew = f"{report.agents.total} agents" + (", each phase its own" if len(report.agents.crews) > 1 else "")
    rows = [["", *_MODES.values()]]
    rows.append(["one after another", *(text(report.sequential) for _ in _MODES)])
    rows.append([f"with {crew}", *(text(report.makespans[m]) for m in _MODES)])
    rows.append(["no schedule is shorter than", *(text(report.bounds[m]) for m in _MODES)])
    rows.append(["with agents enough", *(text(report.enough[m].makespan) for m in _MODES)])
    rows.append(["agents beyond which nothing is gained", *(str(report.enough[m].agents) for m in _MODES)])
    yield from columns(rows)
    many = len(report.work.plans) > 1
    path = " -> ".join(f"{p}:{b}" if many else b for p, b in report.critical_path[:24])
    more = f" -> ... ({len(report.critical_path)} branches)" if len(report.critical_path) > 24 else ""
    yield []
    path_text = f"Critical path, {text(report.critical_time)}: {path}{more}"
    yield from (plain(part) for part in textwrap.wrap(path_text, WIDTH, subsequent_indent="  "))


def _crew(report: Report) -> Iterator[Line]:
    if len(report.rows) < 2:
        return
    rows = [
        ["agents" if len(report.work.plans) == 1 else "agents in all", "by waves", "bound", "by dependencies", "bound"]
    ]
    rows += [[str(r.agents), *map(text, (r.wave, r.wave_bound, r.dependencies, r.dependencies_bound))]
             for r in report.rows]  # fmt: skip
    styles = ["green" if r.agents == report.agents.total else "" for r in report.rows]
    yield from columns(rows, left_columns=0, styles=styles)


def _bars(report: Report) -> Iterator[Line]:
    start = report.question.start or "/".join(sorted({plan.start for plan in report.work.plans}))
    head = f"Schedule, `start: {start}`, {report.agents.total} agents: ends after {text(report.schedule.makespan)}"
    yield plain(f"{head}", "bold")
    yield plain("█ has no slack, ▒ has slack, · so much, as long as branches start in this order", "dim")
    yield from gantt(report)


def _lanes(report: Report) -> Iterator[Line]:
    total = sum(report.utilisation) / len(report.utilisation)
    yield plain(f"Agents at work: {100 * total:.0f} % of the time", "bold")
    for agent, share in enumerate(report.utilisation[:_LANES]):
        yield [(f"  {report.who(agent):>5} ", "dim"), ("█" * round(40 * share), "green"),
               ("░" * (40 - round(40 * share)), "dim"), (f" {100 * share:3.0f} %", "")]  # fmt: skip
    if len(report.utilisation) > _LANES:
        others = report.utilisation[_LANES:]
        yield plain(f"  ... and {len(others)} more at {100 * sum(others) / len(others):.0f} % on average", "dim")


def _shifts(report: Report) -> Iterator[Line]:
    moving = [s for s in report.sensitivity if s.tenth > 0 or s.hour > 0]
    count, total = measured(report.work), len(report.work.branches)
    which = "" if count == total else f" (the {count} with the least slack of {total})"
    yield plain(f"If one branch takes longer, and agents then take what may start, the end moves by{which}", "bold")
    if not moving:
        yield plain("  nothing: every branch has slack for that")
        return
    rows = [["branch", "title", "+10 %", "+1h", "slack"]]
    for shift in moving[:_SHIFTS]:
        branch = report.work.branches[shift.branch]
        rows.append([branch.id, branch.title[:50], *map(text, (shift.tenth, shift.hour, shift.slack))])
    yield from columns(rows, left_columns=2)
    if len(moving) > _SHIFTS:
        yield plain(f"  ... and {len(moving) - _SHIFTS} more (--json has all)", "dim")


def _chance(report: Report) -> Iterator[Line]:
    odds = report.chance
    if not odds.ranged:
        yield plain("No branch has a range (`duration: 4h-6h`), so there are no chances to reckon with.", "dim")
        return
    yield plain(
        f"Half of the runs end within {text(odds.p50)} (P50), nine of ten within {text(odds.p90)} (P90)", "bold"
    )
    yield plain(
        f"  {odds.runs} runs, seed {odds.seed}; {odds.ranged} of {len(report.work.branches)} branches have a range, "
        f"each drawn by itself,", "dim")  # fmt: skip
    yield plain(f"  uniformly over it; the runs took {text(odds.earliest)} to {text(odds.latest)}", "dim")


def _cost(report: Report) -> Iterator[Line]:
    cost = report.cost
    if cost is None:
        return
    half, most = (
        f"{f'${usd:.2f}, ' if usd is not None else ''}{tokens:,.0f} tokens"
        for usd, tokens in (
            (cost.usd.p50 if cost.usd else None, cost.tokens.p50),
            (cost.usd.p90 if cost.usd else None, cost.tokens.p90),
        )
    )
    yield plain(f"Half of the runs use up to {half} (P50), nine of ten up to {most} (P90)", "bold")
    alike = f", {_count(cost.alike, 'branch')} what others of its agent profile used" if cost.alike else ""
    facts = f"if every branch is built; {_count(cost.own, 'branch')} drawn from what it used{alike}"
    facts += f", in {_count(cost.builds, 'earlier build')}; {cost.runs} runs, seed {cost.seed}"
    if cost.unpriced:
        facts += f"; of {_count(cost.unpriced, 'branch')} the price is unknown, and in no sum"
    if cost.left_out:
        named = ", ".join(branch for _, branch in cost.left_out[:_LEFT_OUT])
        more = f" and {len(cost.left_out) - _LEFT_OUT} more" if len(cost.left_out) > _LEFT_OUT else ""
        facts += f"; nothing is known of {named}{more}, which are in no sum"
    yield from (plain(f"  {part}", "dim") for part in textwrap.wrap(facts, WIDTH - 2))


def _claims(report: Report) -> Iterator[Line]:
    if not report.claims:
        return
    yield plain("What the plan claims, beside what its own estimates give", "bold")
    many = len(report.work.plans) > 1
    rows = [["", "claimed", "simulated", ""]]
    for claim in report.claims:
        name = f"{claim.phase} {claim.name}" if many else claim.name
        rows.append([name, claim.claimed, claim.truth, {True: "holds", False: "does not hold", None: ""}[claim.holds]])
    styles = [{True: "green", False: "red", None: ""}[claim.holds] for claim in report.claims]
    head, *lines = columns(rows, left_columns=4, styles=styles)
    yield head
    for claim, line in zip(report.claims, lines, strict=True):
        yield line
        yield from (plain(f"      {part}", "dim") for part in textwrap.wrap(claim.note, WIDTH - 6))


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}{'es' if noun.endswith('ch') else 's'}"
