"""Hold what a document says, before it is checked: values with the line and the kind of source."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Generic, Literal, TypeVar

from phaseplan.documents.importing.context import Context, agents_of
from phaseplan.documents.importing.schemes import PLAIN, Scheme
from phaseplan.documents.importing.words import ids, names
from phaseplan.plan.spans import Span

Source = Literal["agent table", "matrix", "graph", "branch section", "wave table", "list", "text", "shell"]
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Said(Generic[T]):
    """Hold one value, and where the document says it."""

    value: T
    line: int
    source: Source = "text"


@dataclass(slots=True, eq=False)
class Mention:
    """Hold one place that is about one branch. `needs` is raw text; `nodes` are the graph nodes it needs."""

    source: Source
    line: int
    id: str | None = None
    name: str | None = None
    title: str | None = None
    lines: tuple[int, ...] = ()
    needs: str | None = None
    feeds: str | None = None
    owns: tuple[str, ...] = ()
    wave: int | None = None
    agent: str | None = None
    label: str | None = None  # what the agent is called, as written
    place: int = 0  # among the rows of its table
    span: Span | None = None
    nodes: list[tuple[Mention, int]] = field(default_factory=list)


def named(source: Source, line: int, text: str, wave: int | None, raw: str = "") -> Mention:
    """Return a mention of the branch that a text names: by id, git name or agent, each if it is the only one.

    :param raw: the text with its markup, in which git names are looked for.
    """
    only = (several[0] if len(several) == 1 else None for several in (ids(text), names(raw or text), agents_of(text)))
    branch, name, agent = only
    return Mention(source, line, id=branch, name=name, wave=wave, agent=agent)


def above(context: Context, source: Source, line: int, wave: int | None) -> Mention:
    """Return a mention of the branch whose section this is: it is known by its id or its git name."""
    by_id = bool(ids(context.branch or ""))
    return Mention(
        source, line, id=context.branch if by_id else None, name=None if by_id else context.branch, wave=wave
    )


@dataclass(slots=True)
class WaveSaid:
    """Hold what is said of one wave."""

    titles: list[Said[str]] = field(default_factory=list)
    spans: list[Said[Span]] = field(default_factory=list)
    agents: list[Said[int]] = field(default_factory=list)
    totals: list[Said[int]] = field(default_factory=list)
    counts: list[Said[int]] = field(default_factory=list)
    members: list[Said[str]] = field(default_factory=list)
    checks: list[Said[str]] = field(default_factory=list)
    risks: list[Said[str]] = field(default_factory=list)
    notes: list[Said[str]] = field(default_factory=list)
    apart: list[Said[str]] = field(default_factory=list)  # "separate packages"


@dataclass(frozen=True, slots=True)
class Shared:
    """Hold a file that is called shared or generated, with the wave and branch references beside it."""

    path: str
    line: int
    wave: int | None
    generated: bool
    note: str = ""
    owner: str | None = None


Values = dict[str, Said[Any]]  # by key of a plan


@dataclass(frozen=True, slots=True)
class Stated:
    """Hold what YAML in a plan's own shape says: of the phase, of waves by number, of branches by id."""

    top: Values = field(default_factory=dict)
    waves: dict[int, Values] = field(default_factory=dict)
    branches: dict[str, Values] = field(default_factory=dict)


@dataclass(slots=True)
class Ties:
    """Hold ties to other phases."""

    depends: list[Said[tuple[int, ...]]] = field(default_factory=list)
    blocks: list[Said[tuple[int, ...]]] = field(default_factory=list)
    independent: list[Said[tuple[int, ...]]] = field(default_factory=list)


@dataclass(slots=True)
class Facts(Ties):
    """Hold everything that the readers found."""

    file: str = ""
    scheme: Scheme = PLAIN  # what stands for the document's ids
    phases: list[Said[int]] = field(default_factory=list)
    titles: list[Said[str]] = field(default_factory=list)
    max_agents: list[Said[int]] = field(default_factory=list)
    branch_counts: list[Said[int]] = field(default_factory=list)
    wave_counts: list[Said[int]] = field(default_factory=list)
    line_totals: list[Said[int]] = field(default_factory=list)
    durations: list[Said[str]] = field(default_factory=list)
    sequentials: list[Said[str]] = field(default_factory=list)
    parallels: list[Said[str]] = field(default_factory=list)
    reductions: list[Said[int]] = field(default_factory=list)
    utilisations: list[Said[str]] = field(default_factory=list)
    critical: list[Said[tuple[str, ...]]] = field(default_factory=list)
    risks: dict[str, Said[str]] = field(default_factory=dict)
    mitigations: dict[str, Said[str]] = field(default_factory=dict)
    max_lines: list[Said[int]] = field(default_factory=list)
    gates: list[Said[str]] = field(default_factory=list)
    notes: list[Said[str]] = field(default_factory=list)
    generators: list[Said[str]] = field(default_factory=list)
    prefixes: list[Said[str]] = field(default_factory=list)  # of git names
    shared: list[Shared] = field(default_factory=list)
    mentions: list[Mention] = field(default_factory=list)
    owned: list[Mention] = field(default_factory=list)  # mentions that only say who owns a path
    splits: list[Said[tuple[str, tuple[str, ...]]]] = field(default_factory=list)
    halved: list[Said[str]] = field(default_factory=list)  # said to be split, without its parts
    edges: list[Said[tuple[str, str]]] = field(default_factory=list)  # (needed, who needs it), by id
    waves: dict[int, WaveSaid] = field(default_factory=dict)
    stated: Stated = field(default_factory=Stated)
    late: Ties = field(default_factory=lambda: Ties())  # said below a wave: only counts where nothing else is

    def wave(self, number: int) -> WaveSaid:
        """Return what is said of a wave; new waves begin empty."""
        return self.waves.setdefault(number, WaveSaid())
