"""Hold an outline: what every format says about a plan, each value with the line it stands in."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from phaseplan.plan.spans import Span

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class At(Generic[T]):
    """Hold one value with its line; `why` is a remark on how it was read."""

    value: T
    line: int
    why: str = ""


@dataclass(slots=True, eq=False)
class Unit:
    """Hold one unit of work, as it is defined: what becomes a branch."""

    id: str
    line: int
    title: str = ""
    shown: str = ""  # how the document writes the id: `Story 1.2`
    made_up: bool = False  # the id is not in the document
    file: str = ""  # another one than the outline's
    name: At[str] | None = None  # of the git branch
    owns: list[At[str]] = field(default_factory=list)
    lines: At[int] | None = None
    span: At[Span] | None = None
    label: At[str] | None = None  # of the agent
    state: At[str] | None = None  # `done`, `cancelled`
    wave: At[int] | None = None  # stated beside it; else it is its group's
    story: str = ""  # the number of the user story that it is marked with
    marked: bool = False  # as one that may run beside others
    texts: list[At[str]] = field(default_factory=list)  # what it needs, in words
    feeds: list[At[str]] = field(default_factory=list)  # what needs it, in words
    needs: list[At[str]] = field(default_factory=list)  # ids, once the words are read
    unread: list[At[str]] = field(default_factory=list)  # words of needs that fit no unit
    title_line: int = 0  # if another one than the unit's
    todos: list[str] = field(default_factory=list)  # what a person must decide


@dataclass(slots=True, eq=False)
class Group:
    """Hold units that one heading puts together: a wave of the plan."""

    number: int
    line: int
    title: str = ""
    word: str = "wave"  # what the document calls it
    label: str = ""  # the number as it is written
    span: At[Span] | None = None
    done: bool = False
    units: list[Unit] = field(default_factory=list)
    checks: list[At[str]] = field(default_factory=list)
    risk: At[str] | None = None  # of conflicts
    notes: list[At[str]] = field(default_factory=list)
    after: list[At[str]] = field(default_factory=list)  # what it waits for, in words
    title_line: int = 0  # if another one than the group's


@dataclass(frozen=True, slots=True)
class SharedFile:
    """Hold one file that several units change, and the unit that owns it."""

    path: str
    line: int
    owner: str
    others: tuple[str, ...]


@dataclass(slots=True, eq=False)
class Part:
    """Hold one phase: what becomes one plan file."""

    number: At[int] | None = None
    title: At[str] | None = None
    depends: list[At[int | None]] = field(default_factory=list)  # None: it says that there are none
    blocks: list[At[int | None]] = field(default_factory=list)
    independent: list[At[int | None]] = field(default_factory=list)
    groups: list[Group] = field(default_factory=list)
    claims: list[At[str]] = field(default_factory=list)  # lines of YAML below `claims`
    critical: At[tuple[str, ...]] | None = None  # path that the document claims
    risks: dict[str, dict[str, At[str]]] = field(default_factory=dict)  # `risks` and `mitigations`
    shared: list[SharedFile] = field(default_factory=list)
    generated: list[At[str]] = field(default_factory=list)  # paths
    generator: At[str] | None = None  # the command that makes them
    notes: list[At[str]] = field(default_factory=list)
    todos: list[str] = field(default_factory=list)
    max_agents: At[int] | None = None
    max_lines: At[int] | None = None

    @property
    def units(self) -> Iterator[Unit]:
        """Yield the units in their order."""
        for group in self.groups:
            yield from group.units


@dataclass(frozen=True, slots=True)
class Trouble:
    """Hold one thing that is to be reported."""

    code: str
    line: int
    message: str
    hint: str | None = None


@dataclass(slots=True)
class Outline:
    """Hold everything that one document says; `used` are the lines that it says it with."""

    format: str
    parts: list[Part] = field(default_factory=list)
    used: set[int] = field(default_factory=set)
    edges: list[At[tuple[str, str]]] = field(default_factory=list)  # needed, who needs it: two texts
    troubles: list[Trouble] = field(default_factory=list)
    ordered: bool = False  # unmarked units follow each other
    disagrees: bool = False  # a graph and the tables do not say the same

    @property
    def units(self) -> list[Unit]:
        """Return all units in their order."""
        return [unit for part in self.parts for unit in part.units]
