"""The site of docs/ builds without a warning, holds every page, and asks no other host when it is read."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

TOP = Path(__file__).resolve().parents[2]
#: What a browser fetches by itself when it shows a page; a link is followed only by who clicks it.
_FETCHED = re.compile(r'<(?:script|img|iframe|source|link)\b[^>]*?\b(?:src|href)="?(https?:)?//[^"\s>]*', re.IGNORECASE)
_IN_STYLE = re.compile(r"(?:url\(|@import\s+)[\"']?(?:https?:)?//", re.IGNORECASE)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site, built as `make docs` builds it: a warning is an error."""
    folder = tmp_path_factory.mktemp("site")
    call = [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "--site-dir", str(folder)]
    env = {**os.environ, "NO_MKDOCS_2_WARNING": "1"}
    done = subprocess.run(call, cwd=TOP, env=env, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return folder


def test_every_page_is_there(site: Path) -> None:
    pages = {path.relative_to(TOP / "docs") for path in (TOP / "docs").rglob("*.md")}
    names = {page.with_name("index.md" if page.name == "README.md" else page.name) for page in pages}
    assert [str(name) for name in sorted(names) if not (site / name.with_suffix(".html")).is_file()] == []


def test_no_page_fetches_anything_from_another_host(site: Path) -> None:
    pages, styles = sorted(site.rglob("*.html")), sorted(site.rglob("*.css"))
    assert pages and styles
    found = [(page.name, match[0]) for page in pages for match in _FETCHED.finditer(page.read_text(encoding="utf-8"))]
    assert found == []
    assert [style.name for style in styles if _IN_STYLE.search(style.read_text(encoding="utf-8"))] == []


def test_no_graph_makes_the_page_load_mermaid(site: Path) -> None:
    """Material's script fetches mermaid from another host where a page has an element of this class."""
    texts = {page.name: page.read_text(encoding="utf-8") for page in site.rglob("*.html")}
    assert [name for name, text in texts.items() if re.search(r'class="[^"]*\bmermaid\b', text)] == []


def test_the_rules_catch() -> None:
    assert _FETCHED.search('<script async src="https://x.example/a.js">')
    assert _FETCHED.search('<link rel="stylesheet" href="//fonts.example/css">')
    assert not _FETCHED.search('<a href="https://x.example">')
    assert _IN_STYLE.search("@font-face{src:url(https://x.example/a.woff)}")
