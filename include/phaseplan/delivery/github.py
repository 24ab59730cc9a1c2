"""Speak GitHub's REST API, as far as a delivery needs it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import quote

from phaseplan.delivery.forge import Draft, PullRequest, pull_request
from phaseplan.delivery.http import Client


class GitHub:
    """One repository on GitHub, or on a GitHub Enterprise server."""

    def __init__(self, root: str, project: str, who: str, token: str) -> None:
        headers = {
            "Authorization": f"Bearer {token}",
            "Accept": "application/vnd.github+json",
            "X-GitHub-Api-Version": "2022-11-28",
        }
        self._client = Client(root, who, headers, token)
        self._owner, self._path = project.split("/")[0], f"/repos/{quote(project)}"

    def tip(self, branch: str) -> str | None:
        """Return the commit of a branch."""
        found = self._client.find(f"{self._path}/branches/{quote(branch, safe='')}")
        return str(found["commit"]["sha"]) if found else None

    def find(self, head: str, onto: str) -> Iterator[PullRequest]:
        """Yield the pull requests from one branch to another, newest first."""
        query = {"head": f"{self._owner}:{head}", "base": onto, "state": "all", "sort": "created", "direction": "desc"}
        for entry in self._client.pages(f"{self._path}/pulls", **query, per_page=100):
            found = _read(entry)
            if (found.head, found.onto) == (head, onto):
                yield found

    def get(self, number: int) -> PullRequest | None:
        """Return a pull request."""
        found = self._client.find(f"{self._path}/pulls/{number}")
        return _read(found) if found else None

    def create(self, draft: Draft) -> PullRequest:
        """Open a pull request."""
        body = {"title": draft.title, "body": draft.body, "head": draft.head, "base": draft.onto, "draft": draft.draft}
        return _read(self._client.send("POST", f"{self._path}/pulls", body))

    def rewrite(self, number: int, body: str) -> None:
        """Replace the description."""
        self._client.send("PATCH", f"{self._path}/pulls/{number}", {"body": body})

    def label(self, number: int, labels: tuple[str, ...]) -> tuple[str, ...]:
        """Put labels on it; GitHub makes those that there are none of."""
        if labels:
            self._client.send("POST", f"{self._path}/issues/{number}/labels", {"labels": list(labels)})
        return ()


def _read(data: Mapping[str, Any]) -> PullRequest:
    return pull_request(data, merged=bool(data.get("merged_at")))
