"""How each forge writes down a pull request, a branch and what it has against a request."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass
class Pull:
    """One pull request, whichever forge it is on."""

    number: int
    title: str
    body: str
    head: str
    base: str
    tip: str
    draft: bool = False
    state: str = "open"  # open | closed | merged
    commit: str = ""  # where it was merged
    how: str = ""
    labels: list[Any] = field(default_factory=list)


def shown(kind: str, pull: Pull, project: str, top: str) -> dict[str, Any]:
    """A pull request as the forge's schema has it, as far as anybody may look at it."""
    merged = pull.state == "merged"
    when = "2026-01-01T00:00:00Z" if merged else None
    if kind == "gitlab":
        squash = merged and pull.how == "squash"
        return {
            "id": 1000 + pull.number, "iid": pull.number, "project_id": 7,
            "source_project_id": 7, "target_project_id": 7,
            "title": pull.title, "description": pull.body, "draft": pull.draft, "labels": pull.labels,
            "state": {"open": "opened"}.get(pull.state, pull.state), "merged_at": when,
            "source_branch": pull.head, "target_branch": pull.base, "sha": pull.tip,
            "merge_commit_sha": pull.commit if merged and pull.how == "merge" else None,
            "squash_commit_sha": pull.commit if squash else None,
            "web_url": f"{top}/{project}/-/merge_requests/{pull.number}",
        }  # fmt: skip
    owner = project.split("/")[0]
    side = {"repo": {"full_name": project}, "user": {"login": owner}}
    common = {
        "id": 1000 + pull.number, "number": pull.number, "title": pull.title, "body": pull.body,
        "state": "open" if pull.state == "open" else "closed", "merged_at": when,
        "html_url": f"{top}/{project}/pull{'' if kind == 'github' else 's'}/{pull.number}",
        "labels": [{"name": label} for label in pull.labels],
        "head": {"label": f"{owner}:{pull.head}", "ref": pull.head, "sha": pull.tip, **side},
        "base": {"label": f"{owner}:{pull.base}", "ref": pull.base, "sha": "0" * 40, **side},
    }  # fmt: skip
    if kind == "github":  # before it is merged, the commit of a trial merge
        return {**common, "draft": pull.draft, "merge_commit_sha": pull.commit or "e" * 40}
    return {**common, "merged": merged, "merge_commit_sha": pull.commit if merged else None}


def branch(kind: str, name: str, sha: str) -> dict[str, Any]:
    """A branch."""
    return {"name": name, "commit": {"sha": sha} if kind == "github" else {"id": sha}, "protected": False}


def refusal(kind: str, status: int, why: str = "", number: int = 0) -> dict[str, Any]:
    """What a forge answers to a request that it does not follow."""
    docs = {"documentation_url": "https://docs.example.com", "status": str(status)}
    if kind == "github":
        words = {401: "Bad credentials", 404: "Not Found", 422: "Validation Failed"}.get(status, why)
        errors = [{"resource": "PullRequest", "code": "custom", "message": why}] if status == 422 else []
        return {"message": words, **({"errors": errors} if errors else {}), **docs}
    if kind == "gitlab":
        words = {401: "401 Unauthorized", 404: "404 Project Not Found"}.get(status, why)
        return {"message": [why] if status == 409 else words}
    return {
        "message": why or {401: "token is required", 404: "The target couldn't be found."}[status],
        "url": "/api/swagger",
    }


def duplicate(kind: str, owner: str, pull: Pull) -> tuple[int, dict[str, Any]]:
    """What a forge answers where there is a pull request for the same branches."""
    if kind == "github":
        return 422, refusal(kind, 422, f"A pull request already exists for {owner}:{pull.head}.")
    if kind == "gitlab":
        return 409, refusal(
            kind, 409, f"Another open merge request already exists for this source branch: !{pull.number}"
        )
    return 409, refusal(kind, 409, f"pull request already exists for these targets [id: {pull.number}]")


def authorised(kind: str, headers: Any, token: str) -> bool:
    """Whether the token is where the forge looks for it."""
    if kind == "gitlab":
        return bool(headers.get("PRIVATE-TOKEN") == token)
    return bool(headers.get("Authorization") == (f"Bearer {token}" if kind == "github" else f"token {token}"))
