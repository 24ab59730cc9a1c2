"""`python -m tests.documents.guided FOLDER [libFuzzer's options]`: the same checks, guided by coverage.

Needs `pip install atheris`, which is no requirement of the project. FOLDER begins with the corpus and grows.
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["phaseplan.plan"]):
    from tests.documents.fuzz import check

from tests.documents.corpus import documents


def main() -> None:
    """Fuzz until libFuzzer's options end it."""
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    for document in documents():
        shutil.copy(document, folder)
    atheris.Setup(sys.argv, check)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
