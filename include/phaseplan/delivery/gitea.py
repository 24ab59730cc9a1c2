"""Speak the REST API of Gitea and Forgejo, as far as a delivery needs it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import quote

from phaseplan.delivery.forge import Draft, PullRequest, pull_request
from phaseplan.delivery.http import Client

_DRAFT = "WIP: "  # marks a draft, unless a server's administrator has chosen other words


class Gitea:
    """One repository on a Gitea or Forgejo server."""

    def __init__(self, root: str, project: str, who: str, token: str) -> None:
        self._client = Client(root, who, {"Authorization": f"token {token}"}, token)
        self._project, self._path = project, f"/repos/{quote(project)}"

    def tip(self, branch: str) -> str | None:
        """Return the commit of a branch."""
        found = self._client.find(f"{self._path}/branches/{quote(branch, safe='')}")
        return str(found["commit"]["id"]) if found else None

    def find(self, head: str, onto: str) -> Iterator[PullRequest]:
        """Yield the pull requests from one branch to another, newest first: open ones, then others.

        Not every version can look for a branch, so of each kind the newest thousand are looked through.
        """
        for state in ("open", "closed"):
            for entry in self._client.pages(f"{self._path}/pulls", state=state, limit=50):
                found = _read(entry)
                if (found.head, found.onto) == (head, onto) and self._own(entry):
                    yield found

    def get(self, number: int) -> PullRequest | None:
        """Return a pull request."""
        found = self._client.find(f"{self._path}/pulls/{number}")
        return _read(found) if found else None

    def create(self, draft: Draft) -> PullRequest:
        """Open a pull request."""
        title = f"{_DRAFT}{draft.title}" if draft.draft else draft.title
        body = {"title": title, "body": draft.body, "head": draft.head, "base": draft.onto}
        return _read(self._client.send("POST", f"{self._path}/pulls", body))

    def rewrite(self, number: int, body: str) -> None:
        """Replace the description."""
        self._client.send("PATCH", f"{self._path}/pulls/{number}", {"body": body})

    def label(self, number: int, labels: tuple[str, ...]) -> tuple[str, ...]:
        """Put labels on it; they are told by number, and one that the repository has not cannot be put."""
        if not labels:
            return ()
        known = {str(e["name"]): int(e["id"]) for e in self._client.pages(f"{self._path}/labels", limit=50)}
        if ids := [known[label] for label in labels if label in known]:
            self._client.send("POST", f"{self._path}/issues/{number}/labels", {"labels": ids})
        return tuple(label for label in labels if label not in known)

    def _own(self, entry: Mapping[str, Any]) -> bool:
        """Say whether its branch is of this repository, and not of a fork."""
        home = (entry["head"].get("repo") or {}).get("full_name")
        return home is None or str(home).lower() == self._project.lower()


def _read(data: Mapping[str, Any]) -> PullRequest:
    return pull_request(data, merged=bool(data.get("merged")))
