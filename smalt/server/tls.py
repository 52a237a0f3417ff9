"""The server's own certificate authority, made on first start: official clients insist on HTTPS."""

from __future__ import annotations

import ipaddress
import os
import ssl
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from smalt.kit import clock

_CA_DAYS = 3650
_LEAF_DAYS = 397
_RENEW_DAYS = 30
_DEBIAN_BUNDLE = "/etc/ssl/certs/ca-certificates.crt"


@dataclass(frozen=True)
class Certificate:
    """Files of the authority and of the server.

    Args:
        authority: The CA's certificate; what `SSL_CERT_FILE` may point to where only this server is called.
        bundle: The CA's certificate with the public ones of this machine, so that clients reach both.
        chain: The server's certificate.
        key: The server's private key, mode 0600.
    """

    authority: Path
    bundle: Path
    chain: Path
    key: Path


def ensure(folder: Path, names: Sequence[str], *, now: datetime | None = None) -> Certificate:
    """The certificate for these names; made or renewed when it is missing, about to expire, or lacks a name.

    Args:
        folder: Where the files stand.
        names: Host names and addresses.
        now: The present moment.
    """
    moment = now or clock.now()
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    found = Certificate(folder / "ca.pem", folder / "bundle.pem", folder / "server.pem", folder / "server.key")
    if not _is_complete(found.authority, folder / "ca.key", moment):
        _make_authority(folder, moment)
    if not _serves(found, names, moment):
        _make_leaf(folder, names, moment)
    _write(found.bundle, found.authority.read_bytes() + _public_authorities(found.bundle), 0o644)
    return found


def _make_authority(folder: Path, now: datetime) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "smalt local authority")])
    certificate = (
        _begin(name, name, key.public_key(), now, _CA_DAYS)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(signs_certificates=True), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )
    _write(folder / "ca.key", _private(key), 0o600)
    _write(folder / "ca.pem", certificate.public_bytes(serialization.Encoding.PEM), 0o644)


def _make_leaf(folder: Path, names: Sequence[str], now: datetime) -> None:
    authority = x509.load_pem_x509_certificate((folder / "ca.pem").read_bytes())
    signer = serialization.load_pem_private_key((folder / "ca.key").read_bytes(), password=None)
    assert isinstance(signer, ec.EllipticCurvePrivateKey)
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, names[0])])
    certificate = (
        _begin(subject, authority.subject, key.public_key(), now, _LEAF_DAYS)
        .add_extension(x509.SubjectAlternativeName([_general(name) for name in names]), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(signs_certificates=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key()), critical=False)
        .sign(signer, hashes.SHA256())
    )
    _write(folder / "server.key", _private(key), 0o600)
    _write(folder / "server.pem", certificate.public_bytes(serialization.Encoding.PEM), 0o644)


def _begin(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey, now: datetime, days: int
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(days=days))
    )


def _usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=True,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _general(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def _is_complete(certificate: Path, key: Path, now: datetime) -> bool:
    """Whether both files are there, belong together and hold for some time yet: a crash may come between the two."""
    if not certificate.exists() or not key.exists():
        return False
    found = x509.load_pem_x509_certificate(certificate.read_bytes())
    private = serialization.load_pem_private_key(key.read_bytes(), password=None)
    return found.public_key() == private.public_key() and found.not_valid_after_utc > now + timedelta(days=_RENEW_DAYS)


def _serves(files: Certificate, names: Sequence[str], now: datetime) -> bool:
    if not _is_complete(files.chain, files.key, now):
        return False
    certificate = x509.load_pem_x509_certificate(files.chain.read_bytes())
    try:
        authority = x509.load_pem_x509_certificate(files.authority.read_bytes())
        certificate.verify_directly_issued_by(authority)
    except (ValueError, InvalidSignature):
        return False
    held = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    return all(_general(name) in list(held) for name in names)


def _public_authorities(own: Path) -> bytes:
    paths = ssl.get_default_verify_paths()
    # A shell that was pointed here already names our own bundle; taking that in would make it grow at each start.
    for candidate in (os.environ.get(paths.openssl_cafile_env), paths.openssl_cafile, _DEBIAN_BUNDLE):
        if candidate and Path(candidate).is_file() and Path(candidate) != own:
            return Path(candidate).read_bytes()
    return b""


def _private(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def _write(path: Path, content: bytes, mode: int) -> None:
    """Whole or not at all, and never readable by others for a moment."""
    if path.exists() and path.read_bytes() == content:
        return
    fresh = path.with_name(f".{path.name}.{os.getpid()}")
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
    fresh.replace(path)
