"""What a party knows of the others: one body's certificate never decides about the others."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import msgspec
import pytest
from tests.network import JPS, NOW, SAPPORO, SPECS

from renkei.assembly.keyring import KeyRing
from renkei.assembly.network import entry_of
from renkei.contracts.directory import Directory
from renkei.contracts.errors import BodyStopped, BodyUnknown
from renkei.contracts.register import BodyState, Register
from renkei.contracts.sheets import b64
from renkei.crypto.certificates import Purpose, key_id_of
from renkei.crypto.errors import CertificateExpired, CertificateInvalid

HOUR = timedelta(hours=1)


@pytest.fixture
def known(tmp_path: Path) -> tuple[Directory, Register, str]:
    """A directory; a register of two bodies, one of whose certificates is good for an hour only; the key id of that."""
    keyring = KeyRing(tmp_path, now=NOW)
    entries = {}
    for spec in SPECS:
        party = keyring.party(spec.body_id, Purpose.GATEWAY, name=spec.name_ja)
        entries[spec.body_id] = entry_of(spec, party)
    brief = keyring._authority.issue(
        body_id=SAPPORO, name="札幌市", purpose=Purpose.GATEWAY, public_key=party.signer._key.public_key(),
        not_before=NOW, not_after=NOW + HOUR,
    )  # fmt: skip
    entries[SAPPORO] = msgspec.structs.replace(entries[SAPPORO], certificate=b64(brief))
    register = Register(version=1, issued_ms=0, core_log_key="", bodies=[entries[JPS], entries[SAPPORO]])
    return Directory([keyring.anchor]), register, key_id_of(brief)


@pytest.mark.parametrize("later", [-2 * HOUR, 2 * HOUR], ids=["not_yet", "no_more"])
def test_a_register_with_one_untimely_certificate_is_taken_over(
    known: tuple[Directory, Register, str], later: timedelta
) -> None:
    """Else one body that forgets to renew would keep the whole network from starting."""
    directory, register, brief = known
    if later < timedelta(0):
        register = msgspec.structs.replace(register, bodies=register.bodies[1:])
    directory.update(register, at=NOW + later)
    assert directory.entry(SAPPORO).body_id == SAPPORO
    with pytest.raises(CertificateExpired):
        directory.lookup(brief, at=NOW + later)
    assert directory.lookup(brief, at=NOW + HOUR / 2).body_id == SAPPORO
    with pytest.raises(CertificateInvalid):
        directory.lookup("unheard-of", at=NOW)


def test_a_stopped_body_is_known_but_not_active(known: tuple[Directory, Register, str]) -> None:
    directory, register, _ = known
    stopped = msgspec.structs.replace(register.bodies[0], state=BodyState.STOPPED)
    directory.update(msgspec.structs.replace(register, bodies=[stopped, register.bodies[1]]), at=NOW)
    assert directory.entry(JPS) == stopped
    with pytest.raises(BodyStopped):
        directory.active(JPS)
    assert directory.active(SAPPORO).body_id == SAPPORO
    with pytest.raises(BodyUnknown):
        directory.active("m-000000")


def test_an_older_register_changes_nothing(known: tuple[Directory, Register, str]) -> None:
    directory, register, _ = known
    directory.update(msgspec.structs.replace(register, version=5), at=NOW)
    directory.update(msgspec.structs.replace(register, version=4, bodies=[]), at=NOW)
    assert [entry.body_id for entry in directory.entries()] == [JPS, SAPPORO]
