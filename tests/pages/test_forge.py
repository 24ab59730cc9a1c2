"""Where forges compare commits, and what of a remote's URL never shows."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from phaseplan.report.pages.forge import compare_url
from phaseplan.repository.remote import Remote

A, B = "a" * 40, "b" * 40


@pytest.mark.parametrize(
    ("remote", "url"),
    [
        ("https://github.com/o/r.git", f"https://github.com/o/r/compare/{A}...{B}"),
        ("https://github.com/o/r/", f"https://github.com/o/r/compare/{A}...{B}"),
        ("https://x-access-token:s3cret@github.com/o/r", f"https://github.com/o/r/compare/{A}...{B}"),
        ("git@github.com:o/r.git", f"https://github.com/o/r/compare/{A}...{B}"),
        ("ssh://git@github.com:22/o/r.git", f"https://github.com/o/r/compare/{A}...{B}"),
        ("https://GitHub.com/o/r?token=s3cret#s3cret", f"https://github.com/o/r/compare/{A}...{B}"),
        ("https://gitlab.com/g/sub/r.git", f"https://gitlab.com/g/sub/r/-/compare/{A}...{B}"),
        ("git@gitlab.example.org:g/r.git", f"https://gitlab.example.org/g/r/-/compare/{A}...{B}"),
        ("https://user:pw@bitbucket.org/w/r.git", f"https://bitbucket.org/w/r/branches/compare/{B}%0D{A}#diff"),
        ("https://codeberg.org/o/r.git", f"https://codeberg.org/o/r/compare/{A}...{B}"),
        ("https://gitea.example.org/o/r", f"https://gitea.example.org/o/r/compare/{A}...{B}"),
        ("ssh://forgejo@forgejo.example.org/o/r", f"https://forgejo.example.org/o/r/compare/{A}...{B}"),
        ("https://github.com/o/a%20b%22%3E", f"https://github.com/o/a%20b%22%3E/compare/{A}...{B}"),
        ("https://github.com.example.org/o/r", None),
        ("https://example.org/github.com/r", None),
        ("https://notgitlab.org/o/r", None),
        ("https://github.com/o", None),
        ("https://github.com/../o/r", None),
        ("https://github.com/%2e%2e/o/r", None),
        ("file:///srv/github.com/o/r", None),
        ("/srv/github.com/o/r", None),
        ("javascript://github.com/o/r", None),
        ("https://[::1/o/r", None),
        ("", None),
    ],
)
def test_a_known_forge_gives_a_compare_address(remote: str, url: str | None) -> None:
    assert compare_url(remote, A, B) == url


@pytest.mark.parametrize("commit", ["", "main", "a" * 39, "../x", f"{A}\n"])
def test_only_commits_are_compared(commit: str) -> None:
    assert compare_url("https://github.com/o/r", commit, B) is None
    assert compare_url("https://github.com/o/r", A, commit) is None


WORDS = st.text(st.characters(exclude_characters="/?#[]\\", exclude_categories=["Cc", "Cs", "Z"]), min_size=6)


@given(WORDS, WORDS)
def test_the_compare_address_holds_no_login(user: str, password: str) -> None:
    remote = f"https://{user}:{password}@github.com/o/r.git"
    assert compare_url(remote, A, B) in (None, f"https://github.com/o/r/compare/{A}...{B}")
    assert str(Remote(remote)) == "https://github.com/o/r.git"
