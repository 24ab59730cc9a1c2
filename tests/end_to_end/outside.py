"""What is outside of Airflow and hears of a phase: a forge, a mail server, a receiver of hooks."""

from __future__ import annotations

import json
import socketserver
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, cast

import yaml

from tests.delivery.standin.server import PROJECT, TOKEN, StandIn, forge
from tests.packages import installed

REQUIREMENTS = Path(__file__).parent / "notifiers.txt"
SLACK = "T000/B000/s3cret"
_TEXT = "{{ phaseplan.message }}"
#: Airflow's own notifiers, from packages beside .venv: a path has to be known before a namespace is looked through.
_MODULE = """\
import pkgutil, sys
sys.path.append({packages!r})
import airflow
airflow.__path__ = pkgutil.extend_path(airflow.__path__, "airflow")
from airflow.providers.http.notifications.http import HttpNotifier
from airflow.providers.slack.notifications.slack_webhook import SlackWebhookNotifier
"""
_EVENTS = ["isolated", "wave_integrated", "phase_complete", "delivery"]


@dataclass
class Outside:
    """Servers on this machine, and what they were sent."""

    forge: StandIn
    mail: list[EmailMessage] = field(default_factory=list)
    hooks: list[tuple[str, dict[str, Any]]] = field(default_factory=list)  # (path, body)
    mail_port: int = 0
    hook_port: int = 0
    facts: dict[str, Any] = field(default_factory=dict)  # what there was after each evening, by its name

    def chat(self) -> list[str]:
        """What Slack's web hook was sent."""
        return [body["text"] for path, body in self.hooks if path == f"/services/{SLACK}"]

    def json(self) -> list[dict[str, Any]]:
        """What the other web hook was sent."""
        return [body for path, body in self.hooks if path == "/phases"]

    def mails(self) -> list[tuple[str, str]]:
        """Subjects and texts of mails."""
        return [(str(m["Subject"]), _html(m)) for m in self.mail]

    def settings(self, home: Path) -> dict[str, str]:
        """Write the operator's notifiers; return the variables of connections as `up` takes them."""
        (home / "config").mkdir(exist_ok=True)
        (home / "config/beside.py").write_text(_MODULE.format(packages=str(installed(REQUIREMENTS, "notifiers"))))
        file = home.parent / "notifiers.yaml"
        file.write_text(yaml.safe_dump(_notifiers()))
        local = "http://127.0.0.1"
        mail = {"conn_type": "smtp", "host": "127.0.0.1", "port": self.mail_port,
                "extra": {"disable_ssl": True, "disable_tls": True}}  # fmt: skip
        chat = {"conn_type": "slackwebhook", "host": f"{local}:{self.hook_port}/services", "password": SLACK}
        hook = {"conn_type": "http", "host": f"{local}:{self.hook_port}"}
        hub = {"conn_type": "generic", "host": self.forge.top, "password": TOKEN}
        connections = {"MAIL": mail, "CHAT": chat, "HOOK": hook, "PHASEPLAN_FORGE": hub}
        named = {f"AIRFLOW_CONN_{name}": json.dumps(value) for name, value in connections.items()}
        return {"AIRFLOW__PHASEPLAN__NOTIFIERS": str(file), **named}


def _html(mail: EmailMessage) -> str:
    body = mail.get_body(("html",))
    return str(body.get_content()) if body else ""


def deliver(how: str = "pull-request", onto: str = "main") -> str:
    """The line of a plan that says where it goes."""
    return f"deliver: {{how: {how}, onto: {onto}, forge: github, project: {PROJECT}}}\n"


@contextmanager
def outside(repository: Path) -> Iterator[Outside]:
    """All servers, the forge for one repository."""
    with ExitStack() as stack:
        found = Outside(stack.enter_context(forge("github", repository)))
        found.mail_port = stack.enter_context(_serving(socketserver.ThreadingTCPServer, _mail(found.mail)))
        found.hook_port = stack.enter_context(_serving(ThreadingHTTPServer, _hooks(found.hooks)))
        yield found


def _notifiers() -> dict[str, Any]:
    body = {"text": _TEXT, "event": "{{ phaseplan.event }}", "phase": "{{ phaseplan.phase }}"}
    mail = {"smtp_conn_id": "mail", "from_email": "phaseplan@example.com", "to": "team@example.com",
            "subject": "Phase {{ phaseplan.phase }}: {{ phaseplan.event }}",
            "html_content": "<pre>{{ phaseplan.message | e }}</pre>"}  # fmt: skip
    return {
        "chat": {"class": "beside.SlackWebhookNotifier", "events": _EVENTS,
                 "arguments": {"slack_webhook_conn_id": "chat", "text": "{{ phaseplan.slack }}"}},
        "hook": {"class": "beside.HttpNotifier", "events": _EVENTS,
                 "arguments": {"http_conn_id": "hook", "endpoint": "phases", "json": body}},
        "mail": {"class": "airflow.providers.smtp.notifications.smtp.SmtpNotifier", "arguments": mail,
                 "events": _EVENTS, "digest": True},
    }  # fmt: skip


@contextmanager
def _serving(kind: Any, handler: Any) -> Iterator[int]:
    server = kind(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.1}, daemon=True)
    thread.start()
    try:
        yield int(server.server_address[1])
    finally:
        server.shutdown()
        server.server_close()
        thread.join(timeout=5)


def _mail(mails: list[EmailMessage]) -> type[socketserver.StreamRequestHandler]:
    """Speak SMTP (RFC 5321) as far as a client that only hands mails in needs it."""

    class Handler(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            self.wfile.write(b"220 localhost ESMTP\r\n")
            while line := self.rfile.readline():
                verb = line.split()[0].upper() if line.split() else b""
                if verb == b"QUIT":
                    self.wfile.write(b"221 bye\r\n")
                    return
                if verb == b"DATA":
                    self.wfile.write(b"354 go on\r\n")
                    data = b"".join(part.removeprefix(b".") for part in iter(self.rfile.readline, b".\r\n"))
                    mails.append(cast(EmailMessage, message_from_bytes(data, policy=default)))
                known = verb in (b"EHLO", b"HELO", b"MAIL", b"RCPT", b"DATA", b"RSET", b"NOOP")
                self.wfile.write(b"250 fine\r\n" if known else b"502 not known\r\n")

    return Handler


def _hooks(hooks: list[tuple[str, dict[str, Any]]]) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            data = self.rfile.read(int(self.headers["Content-Length"]))
            hooks.append((self.path, json.loads(data)))
            self.send_response(200)
            self.send_header("Content-Length", "2")
            self.end_headers()
            self.wfile.write(b"ok")

        def log_message(self, *args: Any) -> None:
            pass

    return Handler
