"""What the forges' published schemas say of the requests that a delivery makes: path, query, body, auth.

GitHub: the REST description 2022-11-28 (pulls/list, pulls/create, pulls/get, pulls/update, repos/get-branch,
issues/add-labels). GitLab: the merge requests, branches API v4. Gitea and Forgejo: swagger v1 (repoListPullRequests,
repoCreatePullRequest, repoGetPullRequest, repoEditPullRequest, repoGetBranch, issueListLabels, issueAddLabel).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

Fields = Mapping[str, Any]  # by name the type, or a set of the values that are allowed


@dataclass(frozen=True)
class Call:
    """One operation of a schema."""

    name: str
    method: str
    path: str  # as a regular expression, below the API's root
    query: Fields = field(default_factory=dict)
    body: Fields = field(default_factory=dict)
    required: tuple[str, ...] = ()


_PULL, _REPO = r"(?P<number>[1-9][0-9]*)", r"/repos/(?P<project>[^/]+/[^/]+)"
_PAGES = {"page": int, "per_page": int}
GITHUB = (
    Call("tip", "GET", rf"{_REPO}/branches/(?P<branch>[^/]+)"),
    Call("get", "GET", rf"{_REPO}/pulls/{_PULL}"),
    Call(
        "find", "GET", rf"{_REPO}/pulls",
        {"state": {"open", "closed", "all"}, "head": str, "base": str, "direction": {"asc", "desc"},
         "sort": {"created", "updated", "popularity", "long-running"}, **_PAGES},
    ),
    Call(
        "create", "POST", rf"{_REPO}/pulls",
        body={"title": str, "head": str, "head_repo": str, "base": str, "body": str, "draft": bool, "issue": int,
              "maintainer_can_modify": bool},
        required=("head", "base"),
    ),
    Call(
        "rewrite", "PATCH", rf"{_REPO}/pulls/{_PULL}",
        body={"title": str, "body": str, "state": {"open", "closed"}, "base": str, "maintainer_can_modify": bool},
    ),
    Call("label", "POST", rf"{_REPO}/issues/{_PULL}/labels", body={"labels": list}),
)  # fmt: skip
_PROJECT = r"/projects/(?P<project>[^/]+)"
GITLAB = (
    Call("tip", "GET", rf"{_PROJECT}/repository/branches/(?P<branch>[^/]+)"),
    Call("get", "GET", rf"{_PROJECT}/merge_requests/{_PULL}"),
    Call(
        "find", "GET", rf"{_PROJECT}/merge_requests",
        {"source_branch": str, "target_branch": str, "state": {"opened", "closed", "locked", "merged", "all"},
         "order_by": {"created_at", "updated_at", "title", "merged_at"}, "sort": {"asc", "desc"}, **_PAGES},
    ),
    Call(
        "create", "POST", rf"{_PROJECT}/merge_requests",
        body={"source_branch": str, "target_branch": str, "title": str, "description": str, "labels": str,
              "remove_source_branch": bool, "squash": bool, "allow_collaboration": bool},
        required=("source_branch", "target_branch", "title"),
    ),
    Call(
        "rewrite", "PUT", rf"{_PROJECT}/merge_requests/{_PULL}",
        body={"title": str, "description": str, "labels": str, "state_event": {"close", "reopen"},
              "target_branch": str},
    ),
)  # fmt: skip
GITEA = (
    Call("tip", "GET", rf"{_REPO}/branches/(?P<branch>[^/]+)"),
    Call("get", "GET", rf"{_REPO}/pulls/{_PULL}"),
    Call(
        "find", "GET", rf"{_REPO}/pulls",
        {"state": {"open", "closed", "all"}, "page": int, "limit": int,
         "sort": {"oldest", "recentupdate", "leastupdate", "mostcomment", "leastcomment", "priority"}},
    ),
    Call(
        "create", "POST", rf"{_REPO}/pulls",
        body={"head": str, "base": str, "title": str, "body": str, "assignee": str, "assignees": list,
              "milestone": int, "labels": list},
        required=("head", "base", "title"),
    ),
    Call(
        "rewrite", "PATCH", rf"{_REPO}/pulls/{_PULL}",
        body={"title": str, "body": str, "base": str, "labels": list, "state": {"open", "closed"}},
    ),
    Call("labels", "GET", rf"{_REPO}/labels", {"page": int, "limit": int}),
    Call("label", "POST", rf"{_REPO}/issues/{_PULL}/labels", body={"labels": list}, required=("labels",)),
)  # fmt: skip
CALLS = {"github": GITHUB, "gitlab": GITLAB, "gitea": GITEA, "forgejo": GITEA}
ROOTS = {"github": "/api/v3", "gitlab": "/api/v4", "gitea": "/api/v1", "forgejo": "/api/v1"}


def call_of(kind: str, method: str, path: str) -> tuple[Call, dict[str, str]] | None:
    """The operation that a request is, and the parts of its path."""
    for call in CALLS[kind]:
        match = re.fullmatch(call.path, path)
        if match and call.method == method:
            return call, match.groupdict()
    return None


def faults(call: Call, query: Mapping[str, str], body: Any, headers: Mapping[str, str], kind: str) -> list[str]:
    """What a request has that the schema does not, or lacks."""
    found = [
        f"{call.name}: query {key}={value}" for key, value in query.items() if not _fits(call.query.get(key), value)
    ]
    if call.method == "GET":
        return found + ([f"{call.name}: a body"] if body is not None else [])
    if not isinstance(body, dict):
        return [*found, f"{call.name}: the body is no object"]
    found += [f"{call.name}: body {key}={value!r}" for key, value in body.items() if not _is(call.body.get(key), value)]
    found += [f"{call.name}: lacks {key}" for key in call.required if not body.get(key)]
    if headers.get("Content-Type", "").partition(";")[0] != "application/json":
        found.append(f"{call.name}: {headers.get('Content-Type')} is no JSON")
    if kind == "github" and headers.get("X-GitHub-Api-Version") != "2022-11-28":
        found.append(f"{call.name}: no version of the API")
    if kind == "github" and not headers.get("User-Agent"):
        found.append(f"{call.name}: GitHub refuses requests without a User-Agent")
    return found


def _fits(kind: Any, value: str) -> bool:
    if isinstance(kind, set):
        return value in kind
    return kind is str or (kind is int and value.isdecimal())


def _is(kind: Any, value: Any) -> bool:
    return value in kind if isinstance(kind, set) else kind is not None and type(value) is kind
