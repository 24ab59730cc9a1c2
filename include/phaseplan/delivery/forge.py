"""Name what a delivery needs of a forge, whichever it is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal, Protocol


@dataclass(frozen=True)
class PullRequest:
    """Hold a pull request as its forge describes it.

    :param head: name of the branch that it merges; `tip` is its commit.
    :param commit: the commit of `onto` that holds the work, once it is merged and where the forge names it.
    """

    number: int
    state: Literal["open", "merged", "closed"]
    head: str
    onto: str
    url: str
    body: str
    tip: str = ""
    commit: str = ""


def pull_request(data: Mapping[str, Any], *, merged: bool) -> PullRequest:
    """Read a pull request as GitHub describes it, and those that took its form over."""
    return PullRequest(
        number=int(data["number"]),
        state="merged" if merged else "open" if data["state"] == "open" else "closed",
        head=str(data["head"]["ref"]),
        onto=str(data["base"]["ref"]),
        url=str(data["html_url"]),
        body=str(data.get("body") or ""),
        tip=str(data["head"]["sha"]),
        commit=str(data.get("merge_commit_sha") or "") if merged else "",  # before, it is of a trial merge
    )


@dataclass(frozen=True)
class Draft:
    """Hold what a new pull request is made of."""

    title: str
    body: str
    head: str
    onto: str
    draft: bool = False
    labels: tuple[str, ...] = ()


class Forge(Protocol):
    """Ask a forge about one repository.

    Every method raises `ForgeAway` where there is no answer, and `ForgeRefuses` where it is no.
    """

    def tip(self, branch: str) -> str | None:
        """Return the commit of a branch as the forge sees it; None: it sees no such branch."""

    def find(self, head: str, onto: str) -> Iterator[PullRequest]:
        """Yield the pull requests from one branch of the repository to another, newest first, in any state."""

    def get(self, number: int) -> PullRequest | None:
        """Return a pull request; None: there is none of this number."""

    def create(self, draft: Draft) -> PullRequest:
        """Open a pull request.

        :raises ForgeRefuses: with status 409 or 422 where there is one already.
        """

    def rewrite(self, number: int, body: str) -> None:
        """Replace the description of a pull request."""

    def label(self, number: int, labels: tuple[str, ...]) -> tuple[str, ...]:
        """Put labels on a pull request that was just opened; return those that there are none of."""
