"""Speak GitLab's REST API, as far as a delivery needs it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Literal
from urllib.parse import quote

from phaseplan.delivery.forge import Draft, PullRequest
from phaseplan.delivery.http import Client

_STATES: dict[str, Literal["open", "merged", "closed"]] = {"opened": "open", "locked": "open", "merged": "merged"}


class GitLab:
    """One project on a GitLab server."""

    def __init__(self, root: str, project: str, who: str, token: str) -> None:
        self._client = Client(root, who, {"PRIVATE-TOKEN": token}, token)
        self._path = f"/projects/{quote(project, safe='')}"

    def tip(self, branch: str) -> str | None:
        """Return the commit of a branch."""
        found = self._client.find(f"{self._path}/repository/branches/{quote(branch, safe='')}")
        return str(found["commit"]["id"]) if found else None

    def find(self, head: str, onto: str) -> Iterator[PullRequest]:
        """Yield the merge requests from one branch to another, newest first."""
        query = {"source_branch": head, "target_branch": onto, "state": "all", "order_by": "created_at", "sort": "desc"}
        for entry in self._client.pages(f"{self._path}/merge_requests", **query, per_page=100):
            own = entry.get("source_project_id") == entry.get("target_project_id")  # a fork may have the branch too
            found = _read(entry)
            if own and (found.head, found.onto) == (head, onto):
                yield found

    def get(self, number: int) -> PullRequest | None:
        """Return a merge request."""
        found = self._client.find(f"{self._path}/merge_requests/{number}")
        return _read(found) if found else None

    def create(self, draft: Draft) -> PullRequest:
        """Open a merge request; GitLab makes labels that there are none of."""
        body = {
            "source_branch": draft.head,
            "target_branch": draft.onto,
            "title": f"Draft: {draft.title}" if draft.draft else draft.title,
            "description": draft.body,
            "remove_source_branch": False,
            **({"labels": ",".join(draft.labels)} if draft.labels else {}),
        }
        return _read(self._client.send("POST", f"{self._path}/merge_requests", body))

    def rewrite(self, number: int, body: str) -> None:
        """Replace the description."""
        self._client.send("PUT", f"{self._path}/merge_requests/{number}", {"description": body})

    def label(self, number: int, labels: tuple[str, ...]) -> tuple[str, ...]:
        """Do nothing: it has had its labels from the beginning."""
        return ()


def _read(data: Mapping[str, Any]) -> PullRequest:
    state = _STATES.get(str(data["state"]), "closed")
    # Where nothing but a fast-forward was made, the target has the source's own commit.
    commit = data.get("merge_commit_sha") or data.get("squash_commit_sha") or data.get("sha") or ""
    return PullRequest(
        number=int(data["iid"]),
        state=state,
        head=str(data["source_branch"]),
        onto=str(data["target_branch"]),
        url=str(data["web_url"]),
        body=str(data.get("description") or ""),
        tip=str(data.get("sha") or ""),
        commit=str(commit) if state == "merged" else "",
    )
