"""Packages come from where a company's pip finds them, although uv, which is asked first, knows nothing of that."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from provision.packages import install_packages

WHEEL = {
    "tiny.py": "here = True\n",
    "tiny-1.0.dist-info/METADATA": "Metadata-Version: 2.1\nName: tiny\nVersion: 1.0\n",
    "tiny-1.0.dist-info/WHEEL": "Wheel-Version: 1.0\nGenerator: a test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    "tiny-1.0.dist-info/RECORD": "",
}


@pytest.fixture(scope="module")
def python(tmp_path_factory: pytest.TempPathFactory) -> str:
    place = tmp_path_factory.mktemp("packages") / "venv"
    subprocess.run([sys.executable, "-m", "venv", str(place)], check=True)
    return str(place / "bin/python")


@pytest.fixture
def index(tmp_path: Path) -> Path:
    """A package index in a folder, with one package that no other index has in this version."""
    (tmp_path / "tiny").mkdir()
    with zipfile.ZipFile(tmp_path / "tiny" / "tiny-1.0-py3-none-any.whl", "w") as wheel:
        for name, text in WHEEL.items():
            wheel.writestr(name, text)
    (tmp_path / "tiny" / "index.html").write_text('<a href="tiny-1.0-py3-none-any.whl">tiny-1.0-py3-none-any.whl</a>')
    return tmp_path


@pytest.mark.parametrize("how", ["index", "links"])
def test_what_only_pip_knows_is_installed_by_pip(
    python: str, index: Path, how: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = (
        {"PIP_INDEX_URL": index.as_uri()}
        if how == "index"
        else {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(index / "tiny")}
    )
    for name, value in known.items():
        monkeypatch.setenv(name, value)
    install_packages(python, "--no-deps", "--upgrade", "--force-reinstall", "tiny==1.0")
    assert subprocess.run([python, "-c", "import tiny; assert tiny.here"]).returncode == 0
    assert subprocess.run([python, "-c", "import uv"], capture_output=True).returncode != 0, "it was not even asked"


@pytest.mark.parametrize("how", ["uv", "pip"])
def test_what_is_installed_is_compiled_even_where_no_import_may_compile(
    python: str, index: Path, how: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "1")
    for name, value in {"NO_INDEX": "1", "FIND_LINKS": str(index / "tiny")}.items():
        monkeypatch.setenv(f"{how.upper()}_{name}", value)
    install_packages(
        sys.executable, "--no-deps", "--reinstall" if how == "uv" else "--force-reinstall", "tiny==1.0", into=python
    )
    code = "import tiny, pathlib; assert pathlib.Path(tiny.__cached__).is_file()"
    assert subprocess.run([python, "-c", code]).returncode == 0
