"""Certificates of authorities that a test makes up."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID


@dataclass
class Authority:
    """Sign certificates for a test."""

    name: str

    def __post_init__(self) -> None:
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.pem, _ = self.sign(self.name, own=True)

    def sign(self, name: str, *, own: bool = False, days: int = 1) -> tuple[str, str]:
        """Return a certificate and its key.

        :param days: for which it holds from now on; below 0: it has expired.
        """
        key, now = self.key if own else ec.generate_private_key(ec.SECP256R1()), datetime.now(UTC)
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        issuer = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, self.name)])
        made = x509.CertificateBuilder().subject_name(subject).issuer_name(issuer).public_key(key.public_key())
        made = made.serial_number(x509.random_serial_number())
        made = made.not_valid_before(now - timedelta(days=9)).not_valid_after(now + timedelta(days=days))
        made = made.add_extension(x509.BasicConstraints(ca=own, path_length=None), critical=True)
        made = made.add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        made = made.add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(self.key.public_key()), critical=False
        )
        usage = dict.fromkeys(("content_commitment", "key_encipherment", "data_encipherment", "key_agreement"), False)
        usage |= {"encipher_only": False, "decipher_only": False, "digital_signature": True}
        made = made.add_extension(x509.KeyUsage(**usage, key_cert_sign=own, crl_sign=own), critical=True)
        alternative = x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))])
        made = made.add_extension(alternative, critical=False)
        certificate = made.sign(self.key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM).decode()
        form = (serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        return certificate, key.private_bytes(serialization.Encoding.PEM, *form).decode()
