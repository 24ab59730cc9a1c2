"""Names against git itself, patterns against pathspec, overlaps against brute force."""

from __future__ import annotations

import re
import subprocess

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st
from pathspec import GitIgnoreSpec

from phaseplan.plan.git_names import fault
from phaseplan.plan.lint.rules import paths
from phaseplan.plan.patterns.overlap import common_path

NAMES = st.lists(
    st.sampled_from([*"ab/.-@{~^: ?*[\\", "..", "@{", ".lock", "//", "HEAD", "é", "\x7f", "-v2"]),
    min_size=1,
    max_size=6,
).map("".join)
PARTS = st.lists(st.sampled_from(["a", "b", ".go", "*", "?", "[ab]", "[!a]", "_"]), min_size=1, max_size=3).map("".join)
PATTERNS = st.builds(
    lambda lead, parts, tail: lead + "/".join(parts) + tail,
    st.sampled_from(["", "/", "**/"]),
    st.lists(PARTS | st.just("**"), min_size=1, max_size=3),
    st.sampled_from(["", "/", "/**"]),
)


@settings(max_examples=150, deadline=None)
@example("HEAD")
@example("@")
@example("feature/x.lock/y")
@given(NAMES)
def test_git_names_are_accepted_exactly_where_git_accepts_them(name: str) -> None:
    git = subprocess.run(["git", "check-ref-format", "--branch", name], capture_output=True, check=False)
    stands_for_another = name in ("HEAD", "@") or name.startswith("@{-")
    assert (fault(name) is None) == (git.returncode == 0 and not stands_for_another)


@given(st.text(alphabet="ab/*?[]!^-\\#. ", max_size=8))
def test_valid_patterns_can_be_compiled(pattern: str) -> None:
    if paths.fault(pattern) is None:
        assert GitIgnoreSpec.from_lines([pattern]).patterns[0].include is not None


@given(PATTERNS, PATTERNS)
def test_the_example_of_an_overlap_matches_both_patterns(one: str, other: str) -> None:
    assume(paths.fault(one) is None and paths.fault(other) is None)
    path = common_path(one, other)
    assert (path is None) == (common_path(other, one) is None)
    if path is not None:
        assert GitIgnoreSpec.from_lines([one]).match_file(path), path
        assert GitIgnoreSpec.from_lines([other]).match_file(path), path


CANDIDATES = ["a", "b", "a.go", "a/b", "a/a", "b/a.go", "a/b/a", "b/a/b.go", "a_", "a/b_", "b.go/a", "a/a.go"]


@given(PATTERNS, PATTERNS, st.sampled_from(CANDIDATES))
def test_no_example_means_no_overlap(one: str, other: str, path: str) -> None:
    assume(paths.fault(one) is None and paths.fault(other) is None)
    assume(".go/" not in path and not re.search(r"\.(?!go$)", path))
    assume(not any("." in p.rsplit("/", 1)[-1] and not p.endswith("/") for p in (one, other)))
    if all(GitIgnoreSpec.from_lines([p]).match_file(path) for p in (one, other)):
        assert common_path(one, other) is not None


@pytest.mark.parametrize(
    ("one", "other", "path"),
    [
        ("pkg/api/", "pkg/api/types*.go", "pkg/api/types.go"),
        ("pkg/api/types_status*.go", "pkg/api/status*_test.go", None),
        ("pkg/api/doc.go", "pkg/api/synctarget*.go", None),
        ("pkg/a/", "pkg/ab/", None),
        ("*.md", "/docs/", "docs/.md"),
        ("/a*b", "/*ab", "ab"),
        ("!pkg/", "pkg/", None),
    ],
)
def test_overlapping_patterns_give_an_example(one: str, other: str, path: str | None) -> None:
    found = common_path(one, other)
    assert (found is None) == (path is None)
    if path is not None and found is not None:
        assert all(GitIgnoreSpec.from_lines([p]).match_file(found) for p in (one, other))


def test_patterns_with_many_stars_are_compared_in_time() -> None:
    assert common_path("/" + "*a" * 200 + "b", "/" + "*a" * 200 + "c") is None
