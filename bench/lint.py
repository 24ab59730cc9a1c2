"""Measure `lint` over the campaign as a whole process, and list what it imported."""

from __future__ import annotations

import statistics
import subprocess
import sys
import time

from provision.common import TOP


def measure() -> dict[str, float]:
    """Median seconds of five runs (aim < 0.3) and the number of airflow modules it imported (aim 0)."""
    command = [sys.executable, "-m", "phaseplan.cli.main", "lint"]
    runs = []
    for _ in range(6):
        begun = time.perf_counter()
        subprocess.run(command, cwd=TOP, check=True, capture_output=True)
        runs.append(time.perf_counter() - begun)
    probe = (
        "import sys; sys.argv = ['phaseplan', 'lint']\n"
        "from phaseplan.cli import main\n"
        "try: main.main()\nexcept SystemExit: pass\n"
        "print(sum(m == 'airflow' or m.startswith('airflow.') for m in sys.modules), file=sys.stderr)"
    )
    out = subprocess.run([sys.executable, "-c", probe], cwd=TOP, check=True, capture_output=True, text=True)
    return {
        "lint s (aim < 0.3)": statistics.median(runs[1:]),
        "airflow modules imported (aim 0)": float(out.stderr.split()[-1]),
    }
