"""The server: routes, pages, faults on order, and merges in the repository that it is the forge of."""

from __future__ import annotations

import json
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from tests.delivery.standin import dialects, schema
from tests.delivery.standin.dialects import Pull
from tests.end_to_end.night import git

TOKEN = "s3cret-forge-token"
PROJECT = "acme/shop"


@dataclass
class StandIn:
    """A forge of one kind, with one repository.

    :param page: entries of one page of a list, whatever is asked for.
    :param answers: of the next requests, instead of their own: (status, headers, body).
    :param before: called with the operation's name before each request is followed.
    """

    kind: str
    repository: Path
    page: int = 100
    token: str = TOKEN
    pulls: list[Pull] = field(default_factory=list)
    known_labels: list[str] = field(default_factory=lambda: ["phaseplan"])
    calls: list[str] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)  # against the schema
    answers: list[tuple[int, dict[str, str], Any]] = field(default_factory=list)
    before: Callable[[str], None] = lambda name: None
    port: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def top(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def merge(self, number: int, how: str, *, into: str = "") -> str:
        """A person presses the button: a merge commit, a squash, or a rebase, by real git."""
        pull = self.pulls[number - 1]
        self._refresh()
        base = into or pull.base
        with tempfile.TemporaryDirectory() as folder:
            work = Path(folder) / "work"
            git(Path(folder), "clone", "-q", "--no-local", "--branch", base, str(self.repository), str(work))
            if how == "merge":
                git(work, "merge", "-q", "--no-ff", "-m", f"Merge pull request #{number}", pull.tip)
            elif how == "squash":
                git(work, "merge", "-q", "--squash", pull.tip)
                git(work, "commit", "-q", "-m", f"{pull.title} (#{number})")
            else:
                git(work, "checkout", "-q", pull.tip)
                git(work, "rebase", "-q", base)
                git(work, "checkout", "-q", "-B", base)
            git(work, "push", "-q", "origin", f"HEAD:refs/heads/{base}")
            pull.commit = git(work, "rev-parse", "HEAD").strip()
            if self.kind == "gitlab" and how == "rebase":  # its button rebases the source branch first
                git(work, "push", "-q", "--force", "origin", f"HEAD:refs/heads/{pull.head}")
                pull.tip = pull.commit
        pull.state, pull.how = "merged", how
        return pull.commit

    def follow(self, method: str, target: str, headers: Any, raw: bytes) -> tuple[int, dict[str, str], Any]:
        """Answer one request."""
        parts = urlsplit(target)
        root = schema.ROOTS[self.kind]
        found = (
            schema.call_of(self.kind, method, parts.path.removeprefix(root)) if parts.path.startswith(root) else None
        )
        name = found[0].name if found else f"{method} {parts.path}"
        self.before(name)
        with self.lock:
            self.calls.append(name)
            if self.answers:
                return self.answers.pop(0)
            if found is None:
                self.faults.append(f"no such operation: {name}")
                return 404, {}, dialects.refusal(self.kind, 404)
            call, path = found
            query, body = dict(parse_qsl(parts.query)), json.loads(raw) if raw else None
            self.faults += schema.faults(call, query, body, headers, self.kind)
            if not dialects.authorised(self.kind, headers, self.token):
                return 401, {}, dialects.refusal(self.kind, 401)
            if unquote(path["project"]) != PROJECT:
                return 404, {}, dialects.refusal(self.kind, 404)
            self._refresh()
            return getattr(self, f"_{call.name}")(path, query, body or {})

    def _refresh(self) -> None:
        for pull in self.pulls:
            if pull.state == "open":
                pull.tip = self._commit(pull.head) or pull.tip

    def _commit(self, branch: str) -> str:
        return git(self.repository, "for-each-ref", "--format=%(objectname)", f"refs/heads/{branch}").strip()

    def _tip(self, path: dict[str, str], query: Any, body: Any) -> Any:
        name = unquote(path["branch"])
        sha = self._commit(name)
        return (200, {}, dialects.branch(self.kind, name, sha)) if sha else (404, {}, dialects.refusal(self.kind, 404))

    def _get(self, path: dict[str, str], query: Any, body: Any) -> Any:
        pull = self._numbered(path)
        return (200, {}, self._shown(pull)) if pull else (404, {}, dialects.refusal(self.kind, 404))

    def _find(self, path: Any, query: dict[str, str], body: Any) -> Any:
        state = {"opened": "open"}.get(query.get("state", "open"), query.get("state", "open"))
        states = {"all": {"open", "closed", "merged"}, "closed": {"closed", "merged"}}.get(state, {state})
        wanted = [p for p in reversed(self.pulls) if p.state in states and self._wanted(p, query)]
        return self._paged([self._shown(p) for p in wanted], query)

    def _wanted(self, pull: Pull, query: dict[str, str]) -> bool:
        head = query.get("source_branch") or query.get("head", "").partition(":")[2]
        base = query.get("target_branch") or query.get("base")
        return head in ("", pull.head) and base in (None, pull.base)

    def _paged(self, entries: list[Any], query: dict[str, str]) -> Any:
        page = int(query.get("page", "1"))
        shown = entries[(page - 1) * self.page : page * self.page]
        more = len(entries) > page * self.page
        link = {"Link": f'<{self.top}/elsewhere?page={page + 1}>; rel="next"'} if more else {}
        return 200, link, shown

    def _create(self, path: Any, query: Any, body: dict[str, Any]) -> Any:
        head = body.get("head") or body.get("source_branch", "")
        base = body.get("base") or body.get("target_branch", "")
        twin = next((p for p in self.pulls if (p.head, p.base, p.state) == (head, base, "open")), None)
        if twin:
            status, words = dialects.duplicate(self.kind, PROJECT.split("/")[0], twin)
            return status, {}, words
        if not self._commit(base) or not self._commit(head):
            return 422 if self.kind == "github" else 404, {}, dialects.refusal(self.kind, 404)
        text = body.get("body") or body.get("description") or ""
        draft = bool(body.get("draft")) or body["title"].startswith(("Draft: ", "WIP: "))
        pull = Pull(len(self.pulls) + 1, body["title"], text, head, base, self._commit(head), draft)
        pull.labels = body["labels"].split(",") if body.get("labels") else []
        self.pulls.append(pull)
        return 201, {}, self._shown(pull)

    def _rewrite(self, path: dict[str, str], query: Any, body: dict[str, Any]) -> Any:
        pull = self._numbered(path)
        if pull is None:
            return 404, {}, dialects.refusal(self.kind, 404)
        pull.title = body.get("title", pull.title)
        pull.body = body.get("body", body.get("description", pull.body))
        return 201 if self.kind == "gitea" else 200, {}, self._shown(pull)

    def _labels(self, path: Any, query: dict[str, str], body: Any) -> Any:
        return self._paged([{"id": 10 + i, "name": name} for i, name in enumerate(self.known_labels)], query)

    def _label(self, path: dict[str, str], query: Any, body: dict[str, Any]) -> Any:
        pull = self._numbered(path)
        assert pull is not None
        ids = self.kind in ("gitea", "forgejo")
        pull.labels += [self.known_labels[label - 10] if ids else label for label in body["labels"]]
        return 200, {}, [{"name": label} for label in pull.labels]

    def _numbered(self, path: dict[str, str]) -> Pull | None:
        number = int(path["number"])
        return self.pulls[number - 1] if number <= len(self.pulls) else None

    def _shown(self, pull: Pull) -> dict[str, Any]:
        return dialects.shown(self.kind, pull, PROJECT, self.top)


@contextmanager
def forge(kind: str, repository: Path, **more: Any) -> Iterator[StandIn]:
    """A stand-in that answers on a port of this machine."""
    stand_in = StandIn(kind, repository, **more)

    class Handler(BaseHTTPRequestHandler):
        def _any(self) -> None:
            raw = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            status, headers, body = stand_in.follow(self.command, self.path, self.headers, raw)
            data = body if isinstance(body, bytes) else json.dumps(body).encode()
            self.send_response(status)
            for name, value in {
                "Content-Type": "application/json",
                "Content-Length": str(len(data)),
                **headers,
            }.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(data)

        def __getattr__(self, name: str) -> Any:
            if name.startswith("do_"):
                return self._any
            raise AttributeError(name)

        def log_message(self, *args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    stand_in.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield stand_in
    finally:
        server.shutdown()
        server.server_close()
        thread.join(timeout=5)
