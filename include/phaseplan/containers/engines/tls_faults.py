"""Explain why an engine behind TLS is not reached: whose certificate is at fault, and what to do about it."""

from __future__ import annotations

import re
from datetime import UTC, datetime

_NAME = re.compile(r"certificate is not valid for '([^']+)'")
#: How a server's refusal of our certificate comes through: as an alert, or as the mere end of the connection.
_REFUSED = re.compile(r"ALERT_|CERTIFICATE_REQUIRED|EOF occurred|Connection reset|Connection aborted|Broken pipe", re.I)
_PLAIN = "HTTP request to an HTTPS server"


def explained(error: str, certificate: str | None) -> str | None:
    """Return a sentence with the next step; None where the error is not one of TLS.

    :param error: what the HTTP client said.
    :param certificate: ours, as PEM; None: none was shown.
    """
    if _PLAIN in error:
        return "it asks for TLS. Next: name a `connection` with its keys in its entry of the engines file"
    if "CERTIFICATE_VERIFY_FAILED" in error:
        return _of_engine(error)
    if "WRONG_VERSION_NUMBER" in error:
        return "it does not speak TLS. Next: start it with --tlsverify, or mend its `url` or `connection`"
    if certificate is not None and _REFUSED.search(error):
        return _of_ours(certificate)
    return None


def _of_engine(error: str) -> str:
    if "has expired" in error or "not yet valid" in error:
        return "its own certificate has expired, or is not valid yet. Next: renew it there, or set the clock"
    if (name := _NAME.search(error)) is not None:
        return f"its own certificate is not for {name[1]}. Next: make one for that name, or mend `url`"
    return (
        "its own certificate is not signed by the `authority` of its connection. Next: write the one that has signed "
        "it into the connection's extra"
    )


def _of_ours(certificate: str) -> str:
    """Name what may be wrong with the certificate that the engine refuses."""
    from cryptography import x509  # a tenth of a second, for who is refused only

    ends = x509.load_pem_x509_certificate(certificate.encode()).not_valid_after_utc
    if ends < datetime.now(UTC):
        return f"the `certificate` of its connection has expired on {ends:%Y-%m-%d}. Next: renew it in the connection"
    return (
        "it refuses the `certificate` of its connection. Next: show one that is signed by the authority it was started "
        "with (--tlscacert)"
    )
