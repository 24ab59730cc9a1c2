"""Open an engine at its address, with the certificate and key of a connection where it asks for them."""

from __future__ import annotations

import socket
import ssl
import tempfile
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import docker
from docker.tls import TLSConfig
from requests.adapters import HTTPAdapter

from phaseplan.containers.engine import PATIENCE, connect
from phaseplan.containers.engine_errors import EngineUnreachable, engine_errors
from phaseplan.containers.engines.ssh import SshAdapter
from phaseplan.containers.engines.tls_faults import explained
from phaseplan.errors import InputFault

_KNOCK = 10.0  # seconds
_PLAIN = "http+docker://localhost"  # how the Docker client calls what is neither TLS nor TCP


@dataclass(frozen=True)
class Keys:
    """Hold what an engine asks for, each as PEM text; no representation shows it.

    :param authority: that has signed the engine's certificate.
    """

    authority: str = field(repr=False)
    certificate: str = field(repr=False)
    key: str = field(repr=False)

    def context(self) -> ssl.SSLContext:
        """Make a TLS context that trusts this authority alone, and shows this certificate.

        OpenSSL reads certificate and key by a path only: they are in files without a name.

        :raises InputFault: they are no PEM, or do not belong together.
        """
        try:
            context = ssl.create_default_context(ssl.Purpose.SERVER_AUTH, cadata=self.authority)
            with tempfile.TemporaryFile() as certificate, tempfile.TemporaryFile() as key:
                for file, text in ((certificate, self.certificate), (key, self.key)):
                    file.write(text.encode())
                    file.seek(0)
                context.load_cert_chain(f"/dev/fd/{certificate.fileno()}", f"/dev/fd/{key.fileno()}")
        except (ssl.SSLError, ValueError) as error:
            reason = error.reason if isinstance(error, ssl.SSLError) else "no PEM"
            raise InputFault(f"authority, certificate or key cannot be used: {reason}") from None
        return context


class _Adapter(HTTPAdapter):
    """Speak TLS by a context of ours: neither public authorities nor variables for other programs add to it."""

    def __init__(self, context: ssl.SSLContext) -> None:
        self._context = context
        super().__init__()

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        """Hand the context to every connection."""
        super().init_poolmanager(*args, **kwargs, ssl_context=self._context)

    def cert_verify(self, conn: Any, url: Any, verify: Any, cert: Any) -> None:
        """Add no other authority to the context."""

    def build_connection_pool_key_attributes(self, request: Any, verify: Any, cert: Any = None) -> Any:
        """Ask for verification, whatever variables of the process say."""
        return super().build_connection_pool_key_attributes(request, True, None)


def _by(adapter: HTTPAdapter) -> TLSConfig:
    """Return the settings by which a Docker client takes an adapter of ours, before its first request."""

    def configure(client: Any) -> None:
        client.trust_env = False  # no proxy for other programs stands between here and an engine
        client.mount("https://", adapter)

    made = TLSConfig()
    made.configure_client = configure
    return made


def open_engine(url: str, keys: Keys | None) -> docker.DockerClient:
    """Open an engine: `unix://`, `tcp://`, or `ssh://` with the keys that this user's ssh has.

    :param keys: of a `tcp://` engine that asks for them; None: as `connect` finds them.
    :raises EngineUnreachable: it does not answer.
    :raises InputFault: keys cannot be used.
    """
    if url.startswith("ssh://"):
        return _open_ssh(url)
    if url.startswith("tcp://"):
        _knock(url)
    try:
        return _open_tls(url, keys) if keys else connect(url)
    except EngineUnreachable as error:
        if (words := explained(str(error), keys.certificate if keys else None)) is None:
            raise
        raise EngineUnreachable(words) from error


def _open_tls(url: str, keys: Keys) -> docker.DockerClient:
    by = _by(_Adapter(keys.context()))
    with engine_errors():
        return docker.DockerClient(base_url=url, version="auto", timeout=PATIENCE, tls=by)


def _knock(url: str) -> None:
    """Look whether anything listens at an address: a host that is gone would be waited for as long as a slow engine."""
    parts = urlsplit(url)
    try:
        socket.create_connection((str(parts.hostname), parts.port or 0), _KNOCK).close()
    except OSError as error:
        raise EngineUnreachable(f"nothing answers at {url}: start it, or mend its entry ({error})") from error


def _open_ssh(url: str) -> docker.DockerClient:
    adapter = SshAdapter(url, PATIENCE)
    with engine_errors():
        client = docker.DockerClient(base_url="tcp://ssh:1", version="auto", timeout=PATIENCE, tls=_by(adapter))
    client.api.base_url = _PLAIN  # its sockets are plain ones, and are taken over as such
    client.api.mount(_PLAIN, adapter)
    return client
