"""`python -m bench [name ...]`: print every measurement; a name (see ALL) picks one."""

from __future__ import annotations

import sys
from collections.abc import Callable

from bench import (
    board,
    campaign,
    copy,
    crowd,
    culprits,
    documents,
    fifty,
    floor,
    gates,
    gateway,
    gateways,
    growth,
    latency,
    limited,
    lint,
    makespan,
    merge,
    nights,
    parse,
    simulate,
    waiting,
)


def _makespans() -> dict[str, float]:
    return {f"{s} s | {key}": value for s in (6, 30, 120) for key, value in makespan.measure(s).items()}


ALL: dict[str, Callable[[], dict[str, float]]] = {
    "lint": lint.measure,
    "simulate": simulate.measure,
    "documents": documents.measure,
    "parse": parse.measure,
    "merge": merge.measure,
    "culprits": culprits.measure,
    "copy": copy.measure,
    "gates": gates.measure,
    "gateway": gateway.measure,
    "gateways": gateways.measure,
    "crowd": crowd.measure,
    "fifty": fifty.measure,
    "floor": floor.measure,
    "growth": growth.measure,
    "latency": latency.measure,
    "limited": limited.measure,
    "makespan": _makespans,
    "nights": nights.measure,
    "board": board.measure,
    "campaign": campaign.measure,
    "waiting": waiting.measure,
}


def main() -> int:
    """Run what was asked for."""
    for name in sys.argv[1:] or ALL:
        print(f"\n{name}", flush=True)
        for what, value in ALL[name]().items():
            print(f"  {what:<64} {value:10.3f}", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
