"""Read the commit that a phase builds on: each thing of it once for a judgement, however many gates ask."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cached_property

from phaseplan.repository.commit_paths import attributes
from phaseplan.repository.repo import GitRepo

#: Attributes that gates go by.
_NAMES = ("linguist-generated", "diff", "filter")


class Ground:
    """Hold the paths and attributes of one commit, which no branch can have changed."""

    def __init__(self, repo: GitRepo, commit: str) -> None:
        self._repo, self._commit = repo, commit
        self._known: dict[str, Mapping[str, str]] = {}  # attributes by path

    @cached_property
    def paths(self) -> tuple[str, ...]:
        """List all paths of the commit."""
        return self._repo.names("ls-tree", "-r", "-z", "--name-only", "--full-tree", self._commit)

    def attributes(self, paths: Iterable[str]) -> Mapping[str, Mapping[str, str]]:
        """Return the attributes of paths that gates go by; git is not asked where the commit gives none to any path."""
        unknown = [path for path in dict.fromkeys(paths) if path not in self._known]
        if unknown:
            self._known |= attributes(self._repo, self._commit, _NAMES, unknown) if self._gives else _none_of(unknown)
        return self._known

    @cached_property
    def _gives(self) -> bool:
        """Say whether the commit has a file of attributes."""
        return any(path.rpartition("/")[2] == ".gitattributes" for path in self.paths)


def _none_of(paths: Iterable[str]) -> dict[str, Mapping[str, str]]:
    """Give paths what git says where no file names an attribute."""
    return {path: dict.fromkeys(_NAMES, "unspecified") for path in paths}
