"""Place the branches of one phase: layers from left to right, so that every dependency points right.

A layer is a wave, or a part of one where branches of a wave wait for each other. An edge that skips layers gets a
narrow lane in each, so that it never runs behind a box. Lanes and boxes are ordered by what they are tied to.
"""

from __future__ import annotations

from dataclasses import dataclass
from graphlib import TopologicalSorter
from itertools import pairwise

from phaseplan.plan.model import PhasePlan

Node = tuple[str, str] | str  # a branch, or a lane: the edge (needed, branch) on its way
_SWEEPS = 12


@dataclass(frozen=True, slots=True)
class Layout:
    """Hold layers of nodes from top to bottom, the wave of each layer, and each edge as the nodes it passes."""

    layers: tuple[tuple[Node, ...], ...]
    waves: tuple[int, ...]  # index of the wave by layer
    edges: tuple[tuple[tuple[int, Node], ...], ...]  # (layer, node)


def arrange(plan: PhasePlan) -> Layout:
    """Lay one phase out."""
    place, waves = _places(plan)
    layers: list[list[Node]] = [[] for _ in waves]
    for branch in plan:
        layers[place[branch.id]].append(branch.id)
    edges: list[tuple[tuple[int, Node], ...]] = []
    for branch in plan:
        for needed in dict.fromkeys(branch.depends_on):
            between = range(place[needed] + 1, place[branch.id])
            for layer in between:
                layers[layer].append((needed, branch.id))
            lanes: list[tuple[int, Node]] = [(layer, (needed, branch.id)) for layer in between]
            edges.append(((place[needed], needed), *lanes, (place[branch.id], branch.id)))
    _untangle(layers, edges)
    return Layout(tuple(map(tuple, layers)), tuple(waves), tuple(edges))


def _places(plan: PhasePlan) -> tuple[dict[str, int], list[int]]:
    """Return the layer of each branch, and the wave of each layer: a branch stands right of those that it waits for."""
    place: dict[str, int] = {}
    waves: list[int] = []
    for index, wave in enumerate(plan.waves):
        own = {branch.id: [n for n in branch.depends_on if plan.wave_of[n] == wave.wave] for branch in wave.branches}
        depth: dict[str, int] = {}
        for branch_id in TopologicalSorter(own).static_order():
            depth[branch_id] = max((depth[n] + 1 for n in own[branch_id]), default=0)
        start = len(waves)
        place.update({branch_id: start + d for branch_id, d in depth.items()})
        waves.extend([index] * (max(depth.values()) + 1))
    return place, waves


def _untangle(layers: list[list[Node]], edges: list[tuple[tuple[int, Node], ...]]) -> None:
    """Order each layer by the mean place of its neighbours, forwards and backwards in turn; the best order stays."""
    before: dict[tuple[int, Node], list[Node]] = {}
    after: dict[tuple[int, Node], list[Node]] = {}
    for edge in edges:
        for (layer, node), (following, other) in pairwise(edge):
            before.setdefault((following, other), []).append(node)
            after.setdefault((layer, node), []).append(other)
    best, fewest = [list(layer) for layer in layers], _crossings(layers, edges)
    for sweep in range(_SWEEPS):
        forwards = sweep % 2 == 0
        indices = range(1, len(layers)) if forwards else range(len(layers) - 2, -1, -1)
        for i in indices:
            _order(layers, i, before if forwards else after, i - 1 if forwards else i + 1)
        if (crossings := _crossings(layers, edges)) < fewest:
            best, fewest = [list(layer) for layer in layers], crossings
    layers[:] = best


def _crossings(layers: list[list[Node]], edges: list[tuple[tuple[int, Node], ...]]) -> int:
    """Count the pairs of edges that cross between neighbouring layers."""
    at = {(i, node): j for i, layer in enumerate(layers) for j, node in enumerate(layer)}
    steps: dict[int, list[tuple[int, int]]] = {}
    for edge in edges:
        for one, other in pairwise(edge):
            steps.setdefault(one[0], []).append((at[one], at[other]))
    return sum(
        (a - c) * (b - d) < 0 for pairs in steps.values() for k, (a, b) in enumerate(pairs) for c, d in pairs[k + 1 :]
    )


def _order(layers: list[list[Node]], i: int, tied: dict[tuple[int, Node], list[Node]], beside: int) -> None:
    span = max(1, len(layers[beside]) - 1)
    at = {node: j / span for j, node in enumerate(layers[beside])}
    own = {node: j / max(1, len(layers[i]) - 1) for j, node in enumerate(layers[i])}

    def mean(node: Node) -> float:
        found = [at[other] for other in tied.get((i, node), ()) if other in at]
        return sum(found) / len(found) if found else own[node]

    layers[i].sort(key=mean)
