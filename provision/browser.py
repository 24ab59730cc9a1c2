"""Find a browser for the tests of the Airflow UI: the one that is installed, else the distribution's.

python3 -m provision.browser
"""

from __future__ import annotations

import shutil
from pathlib import Path

from provision.common import ProvisionError, finish, install

#: What the distributions call it, and where it would do as well.
_NAMES = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome")


def find() -> Path:
    """Return the browser's program.

    :raises ProvisionError: there is none.
    """
    for name in _NAMES:
        if path := shutil.which(name):
            return Path(path)
    raise ProvisionError(
        "no browser here (chromium missing): `make test` installs it; by hand: apt-get install chromium"
    )


def need() -> None:
    """Make sure of a browser, and of a font: without one it shows pages without words."""
    try:
        find()
    except ProvisionError:
        install("chromium", "fonts-liberation", why="no browser here (chromium missing)")


def main(argv: list[str]) -> int:
    """Provide it."""
    if argv:
        raise ProvisionError(f"usage: {__doc__}")
    need()
    return 0


if __name__ == "__main__":
    finish(main)
