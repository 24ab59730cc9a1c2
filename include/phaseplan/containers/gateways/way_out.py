"""Give gateways and agents what a company's network asks for: its certificates, and the proxy on its border."""

from __future__ import annotations

import io
import ssl
import tarfile
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import certifi

from phaseplan.config.settings import Settings
from phaseplan.errors import InputFault
from phaseplan.plan.agents import AgentProfile

_BUNDLE = "ca.pem"  # under /phaseplan, of gateways and agents
#: By which an agent's tools find certificates. Only Node adds them to its own, so the file has the public ones too.
_VARIABLES = ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "GIT_SSL_CAINFO", "NODE_EXTRA_CA_CERTS")


@dataclass(frozen=True)
class WayOut:
    """Hold how the outside is reached from here.

    :param certificates: trusted beside the public ones, as PEM; empty: none.
    :param proxy: address without a login; None: everything is reached straight.
    :param no_proxy: hosts that are reached without it.
    :param login: `name:password` for the proxy; empty: it wants none.
    """

    certificates: str = ""
    proxy: str | None = None
    no_proxy: tuple[str, ...] = ()
    login: str = field(default="", repr=False)

    @property
    def policy(self) -> dict[str, object]:
        """Return what a gateway is told of it, without the login."""
        given: dict[str, object] = {"version": 1, "ca": f"/phaseplan/{_BUNDLE}" if self.certificates else None}
        if self.proxy:  # a gateway that is too old to know proxies refuses this version, instead of going straight out
            given |= {"version": 2, "proxy": self.proxy, "no_proxy": list(self.no_proxy)}
        return given

    @property
    def files(self) -> dict[str, bytes]:
        """Return the files of a gateway's own that it reads at its start."""
        bundle = {_BUNDLE: self.certificates.encode()} if self.certificates else {}
        return bundle | {name: b64encode(self.login.encode()) for name in self.passing}

    @property
    def passing(self) -> tuple[str, ...]:
        """Return the names of the files that are emptied once a gateway has read them."""
        return ("proxy",) if self.proxy and self.login else ()

    def documents(self, profile: AgentProfile) -> dict[str, bytes]:
        """Return the certificates for an agent, if it reaches anything outside that is spoken to by TLS."""
        public = Path(certifi.where()).read_text(encoding="utf-8")
        return {_BUNDLE: f"{public}\n{self.certificates}".encode()} if self._concerns(profile) else {}

    def members(self, profile: AgentProfile) -> bytes:
        """Return the same as members of an archive for `/`."""
        archive = io.BytesIO()
        with tarfile.open(fileobj=archive, mode="w") as tar:
            for name, data in self.documents(profile).items():
                info = tarfile.TarInfo(f"phaseplan/{name}")
                info.size, info.mode = len(data), 0o644
                tar.addfile(info, io.BytesIO(data))
            return archive.getvalue()[: tar.offset]  # what follows would end the archive

    def variables(self, profile: AgentProfile) -> Mapping[str, str]:
        """Return the variables by which an agent's tools find them; those of its profile come before."""
        return dict.fromkeys(_VARIABLES, f"/phaseplan/{_BUNDLE}") if self._concerns(profile) else {}

    def _concerns(self, profile: AgentProfile) -> bool:
        return bool(self.certificates) and bool(profile.egress if profile.gateway else profile.network != "none")


STRAIGHT = WayOut()


def way_out_of(configured: Settings, login: str = "") -> WayOut:
    """Return the way out that the settings name.

    :raises InputFault: the file of certificates is none.
    """
    hosts = configured.no_proxy.replace(",", " ").split() if configured.no_proxy else ()
    return WayOut(_certificates(configured.ca_bundle), configured.proxy, tuple(hosts), login)


def _certificates(path: Path | None) -> str:
    if path is None:
        return ""
    try:
        text = path.read_text(encoding="utf-8")
        ssl.create_default_context(cadata=text or "none")
    except (OSError, ValueError) as error:  # ssl.SSLError is an OSError
        raise InputFault(
            f"`ca_bundle` in section [phaseplan] is to be a file of certificates in PEM, and {path} is none: {error}"
        ) from error
    return text
