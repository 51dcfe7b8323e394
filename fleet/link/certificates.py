"""Who may speak: the controller's own certificate authority, its server certificate, and one certificate an agent.

The agent's certificate names the agent (common name) and its vehicles (URI names, `urn:roundsman:vehicle:ID`;
`urn:roundsman:vehicle:*` allows any). Keys are EC P-256; private keys are written readable by their owner only.
"""

import ipaddress
import os
import tempfile
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Self

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from core.errors import InvalidInput
from core.files import make_folder
from core.ids import VehicleId

SERVER_NAME = "roundsman-controller"
"""The name that every controller's certificate carries, whatever its address is."""
_VEHICLE = "urn:roundsman:vehicle:"
_ANY = "*"
_AUTHORITY_DAYS, _LEAF_DAYS, _RENEW_DAYS = 3650, 730, 30
_EARLIER = timedelta(hours=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentIdentity:
    """Who a certificate says an agent is, and which vehicles it may speak for."""

    name: str
    vehicles: frozenset[str]

    def may_speak_for(self, vehicle_id: VehicleId) -> bool:
        """Say whether the vehicle is in the certificate."""
        return _ANY in self.vehicles or vehicle_id in self.vehicles


@dataclass(frozen=True, slots=True, kw_only=True)
class TlsFiles:
    """The PEM texts that one end of the link needs: the authority, its own certificate and its key."""

    authority: bytes
    certificate: bytes
    key: bytes

    @classmethod
    def read(cls, folder: Path) -> Self:
        """Return what `write` left in *folder*; raises InvalidInput naming the file that is missing or damaged."""
        remedy = "make them on the controller: roundsman agents enroll NAME --vehicle ID --out DIR"
        return cls(
            authority=_read_pem(folder / "ca.pem", x509.load_pem_x509_certificate, remedy=remedy),
            certificate=_read_pem(folder / "agent.pem", x509.load_pem_x509_certificate, remedy=remedy),
            key=_read_pem(folder / "agent.key", _load_key, remedy=remedy),
        )

    def write(self, folder: Path) -> None:
        """Write ca.pem, agent.pem and agent.key into *folder*."""
        make_folder(folder)
        _write(folder / "ca.pem", self.authority)
        _write(folder / "agent.pem", self.certificate)
        _write(folder / "agent.key", self.key)


class CertificateAuthority:
    """The authority of one controller; it lives in the controller's data folder."""

    def __init__(self, *, folder: Path, certificate: x509.Certificate, key: ec.EllipticCurvePrivateKey) -> None:
        self._folder = folder
        self._certificate = certificate
        self._key = key

    @classmethod
    def open(cls, data_dir: Path, *, now: datetime) -> Self:
        """Return the authority of *data_dir*, made at the first call; several processes may call at once."""
        make_folder(data_dir)
        folder = data_dir / "certificates"
        make_folder(folder)
        file = folder / "authority.pem"
        if not file.exists():
            _write_first(file, _new_authority(now))
        remedy = "put a copy of it back, or move it away: a new one is made, and agents have to be enrolled again"
        key, certificate = _key_and_certificate(file, remedy=remedy)
        return cls(folder=folder, certificate=certificate, key=key)

    def server(self, *, now: datetime, hosts: Iterable[str] = ()) -> TlsFiles:
        """Return the controller's own certificate; it is made anew when it ends within 30 days or lacks a host."""
        names = [SERVER_NAME, "localhost", "127.0.0.1", *hosts]
        file = self._folder / "server.pem"
        if file.exists():
            key, certificate = _key_and_certificate(file, remedy="move it away: it is made anew")
            if self._still_good(certificate, names, now):
                return TlsFiles(authority=self._pem(), certificate=_pem(certificate), key=_private_pem(key))
        made = self._issue(SERVER_NAME, [_general_name(name) for name in names], is_server=True, now=now)
        _write(file, made.key + made.certificate)
        return made

    def enroll(self, name: str, vehicles: Sequence[str], *, now: datetime) -> TlsFiles:
        """Return a fresh certificate for the agent *name*; raises InvalidInput without a name or a vehicle."""
        if not name.strip() or len(name) > 64:
            raise InvalidInput("an agent needs a name of 1 to 64 characters", where="name")
        if not vehicles:
            raise InvalidInput("an agent needs at least one vehicle", where="vehicle", remedy="--vehicle ID, or '*'")
        for vehicle in vehicles:
            if not vehicle.isascii() or not vehicle.strip() or any(c.isspace() for c in vehicle):
                raise InvalidInput("a vehicle's id is short ASCII text without spaces", where=f"vehicle {vehicle!r}")
        uris = [x509.UniformResourceIdentifier(_VEHICLE + vehicle) for vehicle in vehicles]
        return self._issue(name, uris, is_server=False, now=now)

    def _still_good(self, certificate: x509.Certificate, names: Iterable[str], now: datetime) -> bool:
        held = set(certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value)
        return (
            now + timedelta(days=_RENEW_DAYS) < certificate.not_valid_after_utc
            and self._has_signed(certificate)
            and {_general_name(name) for name in names} <= held
        )

    def _has_signed(self, certificate: x509.Certificate) -> bool:
        try:
            certificate.verify_directly_issued_by(self._certificate)
        except (InvalidSignature, ValueError):
            return False
        return True

    def _issue(
        self, name: str, alternatives: Sequence[x509.GeneralName], *, is_server: bool, now: datetime
    ) -> TlsFiles:
        key = ec.generate_private_key(ec.SECP256R1())
        usage = ExtendedKeyUsageOID.SERVER_AUTH if is_server else ExtendedKeyUsageOID.CLIENT_AUTH
        certificate = (
            _builder(name, issuer=self._certificate.subject, key=key, now=now, days=_LEAF_DAYS)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(x509.ExtendedKeyUsage([usage]), critical=False)
            .add_extension(x509.SubjectAlternativeName(alternatives), critical=False)
            .sign(self._key, hashes.SHA256())
        )
        return TlsFiles(authority=self._pem(), certificate=_pem(certificate), key=_private_pem(key))

    def _pem(self) -> bytes:
        return _pem(self._certificate)


def identity_of(certificate_pem: bytes) -> AgentIdentity:
    """Return who the (already verified) certificate names; raises InvalidInput when it names no agent."""
    certificate = x509.load_pem_x509_certificate(certificate_pem)
    names = certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    if not names:
        raise InvalidInput("the certificate names nobody", where="certificate")
    found = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName)
    uris = found.value.get_values_for_type(x509.UniformResourceIdentifier)
    vehicles = frozenset(uri.removeprefix(_VEHICLE) for uri in uris if uri.startswith(_VEHICLE))
    return AgentIdentity(name=str(names[0].value), vehicles=vehicles)


def _key_and_certificate(file: Path, *, remedy: str) -> tuple[ec.EllipticCurvePrivateKey, x509.Certificate]:
    bundle = _read_pem(file, x509.load_pem_x509_certificate, _load_key, remedy=remedy)
    return _load_key(bundle), x509.load_pem_x509_certificate(bundle)


def _read_pem(file: Path, *loads: Callable[[bytes], object], remedy: str) -> bytes:
    """Return what *file* holds once it was loaded in every one of the ways; raises InvalidInput."""
    try:
        content = file.read_bytes()
        for load in loads:
            load(content)
    except OSError as error:
        raise InvalidInput(f"cannot be read: {error.strerror}", where=str(file), remedy=remedy) from error
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        because = "is damaged: the key or the certificate in it cannot be read"
        raise InvalidInput(because, where=str(file), remedy=remedy) from error
    return content


def _load_key(pem: bytes) -> ec.EllipticCurvePrivateKey:
    key = serialization.load_pem_private_key(pem, password=None)
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise TypeError("no EC key")
    return key


def _new_authority(now: datetime) -> bytes:
    key = ec.generate_private_key(ec.SECP256R1())
    name = "Roundsman authority"
    usage = x509.KeyUsage(
        digital_signature=True, key_cert_sign=True, crl_sign=True, content_commitment=False, key_encipherment=False,
        data_encipherment=False, key_agreement=False, encipher_only=False, decipher_only=False,
    )  # fmt: skip
    certificate = (
        _builder(name, issuer=_name(name), key=key, now=now, days=_AUTHORITY_DAYS)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(usage, critical=True)
        .sign(key, hashes.SHA256())
    )
    return _private_pem(key) + _pem(certificate)


def _builder(
    name: str, *, issuer: x509.Name, key: ec.EllipticCurvePrivateKey, now: datetime, days: int
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(_name(name))
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _EARLIER)
        .not_valid_after(now + timedelta(days=days))
    )


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def _general_name(text: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(text))
    except ValueError:
        return x509.DNSName(text)


def _pem(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.PEM)


def _private_pem(key: object) -> bytes:
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise InvalidInput("an EC key was expected", where="certificates")
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def _write(file: Path, content: bytes) -> None:
    """Replace *file* at once, readable by its owner only."""
    _temporary(file, content).replace(file)


def _write_first(file: Path, content: bytes) -> None:
    """Write *file* unless somebody else was quicker."""
    temporary = _temporary(file, content)
    try:
        os.link(temporary, file)
    except FileExistsError:
        return
    finally:
        temporary.unlink()


def _temporary(file: Path, content: bytes) -> Path:
    descriptor, name = tempfile.mkstemp(dir=file.parent, prefix=f".{file.name}-")
    with os.fdopen(descriptor, "wb") as stream:
        stream.write(content)
        stream.flush()
        os.fsync(stream.fileno())
    return Path(name)
