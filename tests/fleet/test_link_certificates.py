"""The controller's authority and the certificates that it makes."""

import stat
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509

from core.errors import InvalidInput
from core.ids import VehicleId
from fleet.link.certificates import SERVER_NAME, CertificateAuthority, TlsFiles, identity_of

NOW = datetime(2026, 1, 5, 8, 0, tzinfo=UTC)


def test_an_agents_certificate_names_its_vehicles(tmp_path: Path) -> None:
    made = CertificateAuthority.open(tmp_path, now=NOW).enroll("tower", ["drone-1", "drone-2"], now=NOW)
    identity = identity_of(made.certificate)
    assert identity.name == "tower"
    assert identity.may_speak_for(VehicleId("drone-1"))
    assert not identity.may_speak_for(VehicleId("drone-3"))


def test_a_star_stands_for_any_vehicle(tmp_path: Path) -> None:
    made = CertificateAuthority.open(tmp_path, now=NOW).enroll("tower", ["*"], now=NOW)
    assert identity_of(made.certificate).may_speak_for(VehicleId("drone-9"))


def test_many_processes_get_one_authority(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as threads:
        opened = list(threads.map(lambda _: CertificateAuthority.open(tmp_path, now=NOW), range(8)))
    made = {authority.enroll("a", ["*"], now=NOW).authority for authority in opened}
    assert len(made) == 1


def test_the_controllers_certificate_is_kept_and_renewed(tmp_path: Path) -> None:
    authority = CertificateAuthority.open(tmp_path, now=NOW)
    first = authority.server(now=NOW)
    assert authority.server(now=NOW + timedelta(days=600)) == first
    assert authority.server(now=NOW + timedelta(days=710)) != first
    named = authority.server(now=NOW, hosts=["10.0.0.7", "town.example"])
    assert named != first
    alternatives = x509.load_pem_x509_certificate(named.certificate).extensions.get_extension_for_class(
        x509.SubjectAlternativeName
    )
    assert SERVER_NAME in alternatives.value.get_values_for_type(x509.DNSName)
    assert "10.0.0.7" in map(str, alternatives.value.get_values_for_type(x509.IPAddress))


def test_private_keys_are_for_their_owner_only(tmp_path: Path) -> None:
    authority = CertificateAuthority.open(tmp_path / "data", now=NOW)
    authority.server(now=NOW)
    authority.enroll("tower", ["*"], now=NOW).write(tmp_path / "out")
    files = [*(tmp_path / "data" / "certificates").iterdir(), tmp_path / "out" / "agent.key"]
    assert len(files) == 3
    assert all(stat.S_IMODE(file.stat().st_mode) == 0o600 for file in files)


def test_credentials_come_back_from_their_folder(tmp_path: Path) -> None:
    made = CertificateAuthority.open(tmp_path, now=NOW).enroll("tower", ["*"], now=NOW)
    made.write(tmp_path / "out")
    assert TlsFiles.read(tmp_path / "out") == made
    with pytest.raises(InvalidInput, match="enroll"):
        TlsFiles.read(tmp_path / "elsewhere")


@pytest.mark.parametrize(("name", "vehicles"), [("", ["a"]), ("x" * 65, ["a"]), ("tower", []), ("tower", ["a b"])])
def test_what_names_nobody_or_nothing_is_refused(tmp_path: Path, name: str, vehicles: list[str]) -> None:
    with pytest.raises(InvalidInput):
        CertificateAuthority.open(tmp_path, now=NOW).enroll(name, vehicles, now=NOW)


def test_a_new_authority_makes_the_controllers_certificate_anew(tmp_path: Path) -> None:
    before = CertificateAuthority.open(tmp_path, now=NOW).server(now=NOW)
    (tmp_path / "certificates" / "authority.pem").unlink()
    authority = CertificateAuthority.open(tmp_path, now=NOW)
    after = authority.server(now=NOW)
    assert after.authority != before.authority
    assert after.certificate != before.certificate
    assert authority.server(now=NOW) == after


@pytest.mark.parametrize("name", ["authority.pem", "server.pem"])
def test_damaged_certificates_are_named(name: str, tmp_path: Path) -> None:
    CertificateAuthority.open(tmp_path, now=NOW).server(now=NOW)
    (tmp_path / "certificates" / name).write_bytes(b"")
    with pytest.raises(InvalidInput, match=f"{name}: is damaged.*move it away"):
        CertificateAuthority.open(tmp_path, now=NOW).server(now=NOW)


@pytest.mark.parametrize("name", ["ca.pem", "agent.pem", "agent.key"])
def test_damaged_credentials_are_named(name: str, tmp_path: Path) -> None:
    CertificateAuthority.open(tmp_path / "data", now=NOW).enroll("tower", ["*"], now=NOW).write(tmp_path)
    (tmp_path / name).write_bytes(b"x")
    with pytest.raises(InvalidInput, match=f"{name}: is damaged.*agents enroll"):
        TlsFiles.read(tmp_path)
