"""A graph of the documentation is drawn by our own copy of mermaid, without another host."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from playwright.sync_api import Page

pytestmark = pytest.mark.browser

TOP = Path(__file__).resolve().parents[2]


def test_a_mermaid_graph_is_drawn_and_nothing_is_fetched(page: Page, tmp_path: Path) -> None:
    call = [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "--site-dir", str(tmp_path)]
    subprocess.run(call, cwd=TOP, env={**os.environ, "NO_MKDOCS_2_WARNING": "1"}, check=True)
    requests: list[str] = []
    page.on("request", lambda request: requests.append(request.url))
    page.goto((tmp_path / "architecture.html").as_uri())
    page.locator("div.mermaid").wait_for()  # in its place was <pre class="mermaid"> with the source
    assert page.locator("pre.mermaid").count() == 0
    box = page.locator("div.mermaid").bounding_box()
    assert box is not None and box["height"] > 200
    assert [url for url in requests if not url.startswith("file:")] == []
