"""Plans that lint, and documents that import, finds one code in: what `phaseplan explain` shows and the tests check.

`PPnnn.yaml` is the example of a code, `PPnnn.md` where it is a document, or `PPnnn/` where it takes several plans.
PP101, whose file cannot be read, is the one whose file is not there; PP103, whose file is too large to keep, is made
when it is asked for.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from phaseplan.plan.campaign import Campaign, load_campaign
from phaseplan.plan.yaml.load import MAX_BYTES

FOLDER = Path(__file__).resolve().parent
AGENTS, NOTIFIERS = FOLDER / "agents.yaml", FOLDER / "notifiers.yaml"


@contextmanager
def example(code: str) -> Iterator[list[Path]]:
    """Provide the files of a code's example, as long as they are needed."""
    if code != "PP103":
        folder = FOLDER / code
        document = FOLDER / f"{code}.md"
        alone = [document if document.is_file() else FOLDER / f"{code}.yaml"]
        yield sorted(folder.glob("*.yaml")) if folder.is_dir() else alone
        return
    with tempfile.TemporaryDirectory(prefix="phaseplan-") as place:
        large = Path(place) / f"{code}.yaml"
        large.write_bytes(b"# far too much\n" * (MAX_BYTES // 15 + 1))
        yield [large]


def lint(files: list[Path]) -> Campaign:
    """Lint an example, with the agents and notifiers that examples name."""
    return load_campaign(files, AGENTS, NOTIFIERS)
