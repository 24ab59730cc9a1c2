"""Four branches of a profile whose key is refused at first, one after another, and one of another profile."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import yaml

from tests.agents.evening.part import MADE, Part, asked, line
from tests.agents.model_server import Model

PHASE = 89
NIGHT, OTHER = [f"{PHASE}.1.{n}" for n in range(1, 5)], f"{PHASE}.1.5"
BAD, GOOD = "bad-key-of-this-night-0123456789", "good-key-of-this-night-0123456789"
AGENT = """
answer = ask()
print(answer)
if "completed" not in answer:
    sys.exit(1)
""" + MADE  # fmt: skip
NOTIFIER = """
from pathlib import Path
from airflow.sdk import BaseNotifier


class ToFile(BaseNotifier):
    template_fields = ("text",)

    def __init__(self, path, text):
        super().__init__()
        self.path, self.text = path, text

    def notify(self, context):
        with Path(self.path).open("a") as file:
            file.write(self.text + "\\n")
"""
_PATIENCE = 400  # seconds


def _plan() -> dict[str, Any]:
    branches = [{"id": b, "branch": f"feature/p{PHASE}-{n}", "title": f"Branch {n}", "brief": "Write made.txt.",
                 "owns": [f"/built/{b}/"], "agent": "other" if b == OTHER else "night"}
                for n, b in enumerate([*NIGHT, OTHER], 1)]  # fmt: skip
    return {"phase": PHASE, "title": "Paused", "agent": "night", "attempts": 1,
            "notify": {"paused": ["file"], "resumed": ["file"]},  # the other phases of this evening pause as well
            "max_parallel_agents": 1, "waves": [{"wave": 1, "branches": branches}]}  # fmt: skip


def _profiles(model: Model) -> dict[str, Any]:
    return {name: line(model, AGENT, f"{name}_key", memory="256m", timeout=120) for name in ("night", "other")}


def while_paused(top: Path) -> Path:
    """Name the file with the status while the profile was paused and the other branch had come in."""
    return top / "while-paused.json"


def heard(top: Path) -> dict[str, str]:
    """Have what people are told of pauses written to the file `told`; return the setting that says so."""
    (top / "home" / "config").mkdir(parents=True)
    (top / "home" / "config" / "tests_of_pauses.py").write_text(NOTIFIER)
    arguments = {"path": str(top / "told"), "text": "{{ phaseplan.event }}|{{ phaseplan.message }}"}
    notifier = {"class": "tests_of_pauses.ToFile", "arguments": arguments}
    (top / "notifiers.yaml").write_text(yaml.safe_dump({"file": notifier}))
    return {"AIRFLOW__PHASEPLAN__NOTIFIERS": str(top / "notifiers.yaml")}


@contextmanager
def _mending(top: Path, model: Model) -> Iterator[None]:
    """Have the provider take the key once the other profile's branch has passed beside the pause, and all others wait.

    On a busy machine a second of the profile may have begun before the first was judged.
    """
    over = threading.Event()

    def mend() -> None:
        for _ in range(_PATIENCE // 3):
            if over.wait(3):
                return
            found = json.loads(asked(top, PHASE, "status", str(PHASE), "--json") or "{}")
            if not found.get("pauses") or not all(found["branches"][b]["paused"] for b in NIGHT):
                continue
            if found["branches"][OTHER]["state"] in ("passed", "integrated"):
                while_paused(top).write_text(json.dumps(found))
                model.mended.add(BAD)
                return

    person = threading.Thread(target=mend, daemon=True)
    person.start()
    yield
    over.set()
    person.join(10)


PART = Part(PHASE, "true", _profiles, {"night_key": BAD, "other_key": GOOD}, _plan, _mending)
