"""Check the target repository's address: git must read it, and not run a program for it."""

from __future__ import annotations

from collections.abc import Iterator

from phaseplan.plan.address import fault
from phaseplan.plan.lint.diagnostics import Finding
from phaseplan.plan.lint.rules.view import View


def no_password(view: View) -> Iterator[Finding]:
    """PP705: report an address with a password in it."""
    if ":" in view.plan.login:
        message = "the repository's address has a password in it, for all who read the plan"
        hint = "take it out and give it to git's credential helper, or set AIRFLOW__PHASEPLAN__REPOSITORY"
        yield Finding("PP705", ("repository",), message, hint)


def usable_repository(view: View) -> Iterator[Finding]:
    """PP704: report an address that would make git run a program."""
    url = view.plan.repository
    if url is not None and (why := fault(url)):
        hint = "write a path, or an address that begins with https://, ssh:// or user@host:"
        yield Finding("PP704", ("repository",), f"the repository {url!r} {why}", hint)
