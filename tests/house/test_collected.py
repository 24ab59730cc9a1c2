"""Every file with tests is played: pytest passes over folders of some names, `build` among them by default."""

from __future__ import annotations

from fnmatch import fnmatch

import pytest

from provision.common import TOP


def test_no_folder_with_tests_has_a_name_that_pytest_passes_over(pytestconfig: pytest.Config) -> None:
    passed_over = pytestconfig.getini("norecursedirs")
    folders = {part for file in (TOP / "tests").rglob("test_*.py") for part in file.relative_to(TOP).parts[:-1]}
    assert "git" in folders
    assert {name for name in folders if any(fnmatch(name, pattern) for pattern in passed_over)} == set()
