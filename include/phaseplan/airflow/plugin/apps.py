"""Serve the pages inside Airflow's API server, and import them only for the first request."""

from __future__ import annotations

from typing import Any

from phaseplan.airflow.addresses import PREFIX


class Pages:
    """Load the pages' ASGI application at its first request: most processes never get one."""

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Hand a request on."""
        from phaseplan.airflow.plugin.pages import app

        await app(scope, receive, send)


APPS = [{"app": Pages(), "url_prefix": PREFIX, "name": "Phaseplan"}]
