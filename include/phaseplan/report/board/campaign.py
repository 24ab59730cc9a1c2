"""Put together what the board shows of all phases. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from phaseplan.ledger.records import Night
from phaseplan.report.board.looks import Look
from phaseplan.report.board.phase import PhaseBoard
from phaseplan.report.standing import Standing, Wait

_NIGHTS = 14  # that are shown of a phase, newest last
_WIDTH, _HEIGHT, _GAP_X, _GAP_Y = 210, 76, 70, 22  # of a phase in the picture


@dataclass(frozen=True)
class Strip:
    """Hold one run of a phase as a small field: how it ended, and what it is called."""

    look: Look
    text: str


@dataclass(frozen=True)
class Node:
    """Hold one phase in the picture.

    :param x: of its left upper corner.
    :param why: in a line: whom it waits for, or what is wrong.
    """

    board: PhaseBoard
    look: Look
    why: str
    nights: tuple[Strip, ...]
    x: int
    y: int

    @property
    def phase(self) -> int:
        """Return the number of the phase."""
        return self.board.plan.phase

    @property
    def total(self) -> int:
        """Count its branches."""
        return len(self.board.cards)


@dataclass(frozen=True)
class Edge:
    """Hold an arrow from a phase to one that waits for it."""

    before: int
    after: int
    path: str  # as SVG draws it


@dataclass(frozen=True)
class Campaign:
    """Hold all phases that a viewer may see."""

    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]
    width: int
    height: int

    @property
    def integrated(self) -> int:
        """Count the branches that are in."""
        return sum(node.board.integrated for node in self.nodes)

    @property
    def total(self) -> int:
        """Count all branches."""
        return sum(node.total for node in self.nodes)


_LOOKS = {
    Standing.COMPLETE: Look("complete", "✓", "good"),
    Standing.WAITING: Look("waiting", "○", "idle"),
    Standing.CHANGED: Look("plan changed", "◌", "held"),
    Standing.FAILED: Look("red", "✕", "bad"),
    Standing.ABSENT: Look("no plan file", "◌", "held"),
}
_RUNNING = Look("running", "▶", "busy")
_NOT_OVER = Look("not closed", "◌", "idle")


def campaign_of(boards: Mapping[int, PhaseBoard], waits: Mapping[int, Wait]) -> Campaign:
    """Lay phases out from left to right by what they wait for.

    :param waits: where each phase stands for those that wait for it.
    """
    layers = _layers(boards)
    places = {phase: (column, row) for column, layer in enumerate(layers) for row, phase in enumerate(layer)}
    nodes = tuple(_node(boards[phase], boards, waits[phase], *places[phase]) for phase in sorted(boards))
    at = {node.phase: node for node in nodes}
    edges = tuple(
        Edge(needed, phase, _curve(at[needed], at[phase])) for phase in at for needed in _direct(phase, boards)
    )
    columns, rows = len(layers), max(map(len, layers), default=0)
    return Campaign(nodes, edges, columns * (_WIDTH + _GAP_X), rows * (_HEIGHT + _GAP_Y))


def _layers(boards: Mapping[int, PhaseBoard]) -> Sequence[Sequence[int]]:
    """Return phases by the longest chain of those that they wait for; a circle is cut where it is met."""
    depth: dict[int, int] = {}

    def of(phase: int, above: frozenset[int]) -> int:
        if phase not in depth:
            needed = [n for n in boards[phase].plan.depends_on if n in boards and n not in above]
            depth[phase] = 1 + max((of(n, above | {phase}) for n in needed), default=-1)
        return depth[phase]

    for phase in boards:
        of(phase, frozenset())
    return [sorted(p for p in depth if depth[p] == layer) for layer in range(max(depth.values(), default=-1) + 1)]


def _direct(phase: int, boards: Mapping[int, PhaseBoard]) -> list[int]:
    """Return the phases that one waits for and that no other of these waits for already."""
    needed = [n for n in boards[phase].plan.depends_on if n in boards]
    behind = {far for near in needed for far in boards[near].plan.depends_on}
    return [n for n in needed if n not in behind]


def _node(board: PhaseBoard, boards: Mapping[int, PhaseBoard], wait: Wait, column: int, row: int) -> Node:
    run = board.status.run
    look = _RUNNING if board.is_open else _LOOKS[wait.standing]
    why = _out(board) if wait.standing is Standing.FAILED else ""
    if wait.standing is Standing.CHANGED:
        why = "its plan file has changed since it was completed: it needs a new run"
    if run is None:
        behind = [str(n) for n in board.plan.depends_on if n in boards and not boards[n].status.complete]
        why = f"waits for phase {', '.join(behind)}" if behind else "was never opened"
    x, y = column * (_WIDTH + _GAP_X) + _GAP_X // 4, row * (_HEIGHT + _GAP_Y) + _GAP_Y // 2
    return Node(board, look, why, tuple(_strip(board.snapshot.nights)), x, y)


def _out(board: PhaseBoard) -> str:
    """Name what is out of a red phase, and why the first of it is."""
    run = board.status.run
    if run is not None and run.fault:
        return f"could not begin: {run.fault.splitlines()[0]}"
    out = [card for card in board.cards if card.look.colour in ("bad", "held")]
    if not out:
        return "it was closed incomplete"
    first = f"{out[0].id} {out[0].look.word}" + (f": {out[0].why}" if out[0].why else "")
    return first + (f" (and {len(out) - 1} more)" if len(out) > 1 else "")


def _strip(nights: Sequence[Night]) -> Iterable[Strip]:
    for night in nights[-_NIGHTS:]:
        out = sum(deed.what in ("isolated", "blocked", "unfinished", "cancelled") for deed in night.deeds.values())
        if night.complete:
            look, words = _LOOKS[Standing.COMPLETE], "complete"
        elif night.closed is None:
            look, words = _NOT_OVER, "never closed"
        else:
            look, words = _LOOKS[Standing.FAILED], night.fault or f"{out} of {len(night.deeds)} branches out"
        yield Strip(look, f"{night.opened[:16].replace('T', ' ')} {night.run}: {words}")


def _curve(before: Node, after: Node) -> str:
    x, y = before.x + _WIDTH, before.y + _HEIGHT // 2
    to_x, to_y = after.x, after.y + _HEIGHT // 2
    middle = (x + to_x) // 2
    return f"M{x} {y}C{middle} {y} {middle} {to_y} {to_x - 6} {to_y}"
