"""Four branches that share a budget for two of them."""

from __future__ import annotations

from typing import Any

from tests.agents.evening.part import MADE, Part, line
from tests.agents.model_server import INPUT, OUTPUT

PHASE, EACH = 86, INPUT + OUTPUT
KEY = "sk-the-key-of-those-who-share-0123456789"
#: Two calls, and time for the others to ask meanwhile.
AGENT = "import time\nask(); time.sleep(45); ask()\n" + MADE
IDS = [f"{PHASE}.1.{n}" for n in (1, 2, 3, 4)]


def _plan() -> dict[str, Any]:
    branches = [
        {"id": b, "branch": f"feature/p{PHASE}w1-part-{b[-1]}", "title": f"Part {b[-1]}", "brief": "Write made.txt.",
         "owns": [f"/built/{b}/"], "budget": {"tokens": 2 * EACH + 10}} for b in IDS
    ]  # fmt: skip
    return {"phase": PHASE, "title": "Shared", "agent": "line", "attempts": 1,
            "max_parallel_agents": 4, "budget": {"phase": {"tokens": 4 * EACH + 40}},
            "waves": [{"wave": 1, "branches": branches}]}  # fmt: skip


PART = Part(PHASE, "", lambda model: {"line": line(model, AGENT, "shared_key")}, {"shared_key": KEY}, _plan)
