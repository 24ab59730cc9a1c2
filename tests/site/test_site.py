"""The site of docs/ builds without a warning, holds every page, and asks no other host when it is read."""

from __future__ import annotations

import hashlib
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

TOP = Path(__file__).resolve().parents[2]
MERMAID = "mermaid.tiny-11.17.2.js"
MERMAID_DIGEST = "7a644017d37f93c8359790884e6b67fb1f747c78eb20475952404bd87190a3f8"
#: What a browser fetches by itself when it shows a page; a link is followed only by who clicks it.
_FETCHED = re.compile(r'<(?:script|img|iframe|source|link)\b[^>]*?\b(?:src|href)="?(https?:)?//[^"\s>]*', re.IGNORECASE)
_IN_STYLE = re.compile(r"(?:url\(|@import\s+)[\"']?(?:https?:)?//", re.IGNORECASE)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the site as `make docs` does: a warning is an error."""
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


def test_a_page_with_a_graph_loads_our_copy_of_mermaid_and_no_other_page_does(site: Path) -> None:
    """Where it is missing, Material's script fetches mermaid from another host."""
    texts = {page.name: page.read_text(encoding="utf-8") for page in site.rglob("*.html")}
    with_graph = {name for name, text in texts.items() if re.search(r'class="[^"]*\bmermaid\b', text)}
    assert with_graph
    assert {name for name, text in texts.items() if f'<script src="mermaid/{MERMAID}">' in text} == with_graph


def test_our_copy_of_mermaid_is_the_published_one(site: Path) -> None:
    """The file `dist/mermaid.tiny.js` of @mermaid-js/tiny 11.17.2, unchanged, with its licence."""
    copy = site / "mermaid" / MERMAID
    assert hashlib.sha256(copy.read_bytes()).hexdigest() == MERMAID_DIGEST
    assert "MIT License" in (copy.parent / "LICENSE").read_text(encoding="utf-8")


def test_the_rules_catch() -> None:
    assert _FETCHED.search('<script async src="https://x.example/a.js">')
    assert _FETCHED.search('<link rel="stylesheet" href="//fonts.example/css">')
    assert not _FETCHED.search('<a href="https://x.example">')
    assert _IN_STYLE.search("@font-face{src:url(https://x.example/a.woff)}")
