"""Say how this Phaseplan is called, for messages that name the next command."""

from __future__ import annotations

from pathlib import Path

#: The launcher in the folder of a checkout (the stack's image is one); what an installation has on the path.
PROGRAM = "./phaseplan" if (Path(__file__).resolve().parents[3] / "phaseplan").is_file() else "phaseplan"
