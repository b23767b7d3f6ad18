"""Passkeys (WebAuthn Level 3): enrolled after a sign-in with the card, then a way in that needs no reader.

Every ceremony demands that the device has verified its user. No attestation is asked for: which make of device somebody
uses is nobody's business here, and the card vouched for the person when the passkey was enrolled.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import ClassVar

from webauthn import (
    generate_authentication_options,
    generate_registration_options,
    options_to_json,
    verify_authentication_response,
    verify_registration_response,
)
from webauthn.authentication.verify_authentication_response import VerifiedAuthentication
from webauthn.helpers import base64url_to_bytes, bytes_to_base64url
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    CredentialDeviceType,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)
from webauthn.registration.verify_registration_response import VerifiedRegistration

from renkei.base.audit import AuditEvent
from renkei.base.encoding import MaskedStruct, from_base64url
from renkei.contracts.identity import Acr, Amr
from renkei.institutions.identity.errors.signin import PasskeyCopied, PasskeyNotEnrolled, PasskeyRefused
from renkei.institutions.identity.model.settings import Settings

ENROL_WITHIN = timedelta(minutes=10)
"""A passkey is enrolled, and an account closed, so long after the card was used."""
PASSKEYS_MAX = 10
NAME_MAX = 40
RESPONSE_CHARS_MAX = 16_384
TIMEOUT_MS = 120_000
CREDENTIAL_ID_BYTES_MAX = 1_023


class Passkey(MaskedStruct, frozen=True, kw_only=True):
    """A passkey of an account."""

    credential_id: str
    account_id: str
    public_key: bytes
    """COSE_Key."""
    sign_count: int
    name: str
    """As its owner calls it."""
    backup_eligible: bool
    """May be copied to the owner's other devices by their maker."""
    backed_up: bool
    test: bool
    """Enrolled after a sign-in with a test card."""
    added_ms: int
    used_ms: int | None = None


def relying_party(settings: Settings) -> str:
    """The RP ID: the host of the provider, without port."""
    return settings.origin.partition("://")[2].partition(":")[0]


def enrol_options(settings: Settings, *, challenge: str, handle: bytes, label: str, present: Sequence[Passkey]) -> str:
    """Options for `navigator.credentials.create`, JSON.

    Args:
        handle: `user.id`: opaque, the same for every passkey of the account.
        label: under what the device lists the passkey.
        present: those enrolled already, so that no device is enrolled twice.
    """
    options = generate_registration_options(
        rp_id=relying_party(settings), rp_name="Renkei", user_name=label, user_display_name=label, user_id=handle,
        challenge=from_base64url(challenge), timeout=TIMEOUT_MS,
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.REQUIRED,
            require_resident_key=True,
            user_verification=UserVerificationRequirement.REQUIRED,
        ),
        exclude_credentials=[PublicKeyCredentialDescriptor(id=from_base64url(one.credential_id)) for one in present],
    )  # fmt: skip
    return options_to_json(options)


def sign_in_options(settings: Settings, *, challenge: str) -> str:
    """Options for `navigator.credentials.get`, JSON: any passkey of this site that the device holds."""
    return options_to_json(
        generate_authentication_options(
            rp_id=relying_party(settings), challenge=from_base64url(challenge), timeout=TIMEOUT_MS,
            user_verification=UserVerificationRequirement.REQUIRED,
        )
    )  # fmt: skip


def enrolled(
    response: str, settings: Settings, *, challenge: str, account_id: str, name: str, test: bool, now_ms: int
) -> Passkey:
    """The passkey that a device made.

    Raises:
        PasskeyNotEnrolled: the answer is malformed, for another challenge or site, or without user verification.
    """
    if len(response) > RESPONSE_CHARS_MAX:
        raise PasskeyNotEnrolled(private="too long")
    try:
        made: VerifiedRegistration = verify_registration_response(
            credential=response, expected_challenge=from_base64url(challenge),
            expected_rp_id=relying_party(settings), expected_origin=settings.origin, require_user_verification=True,
        )  # fmt: skip
    except Exception as error:  # what hostile CBOR makes the parser raise is not listed anywhere
        raise PasskeyNotEnrolled(private=type(error).__name__) from error
    if len(made.credential_id) > CREDENTIAL_ID_BYTES_MAX:
        raise PasskeyNotEnrolled(private="credential id")
    return Passkey(
        credential_id=bytes_to_base64url(made.credential_id), account_id=account_id,
        public_key=made.credential_public_key, sign_count=made.sign_count, name=name,
        backup_eligible=made.credential_device_type is CredentialDeviceType.MULTI_DEVICE,
        backed_up=made.credential_backed_up, test=test, added_ms=now_ms,
    )  # fmt: skip


def credential_named(response: str) -> str:
    """Which passkey an answer says it is by; decides nothing.

    Raises:
        PasskeyRefused: it does not say.
    """
    if len(response) > RESPONSE_CHARS_MAX:
        raise PasskeyRefused(private="too long")
    try:
        named = json.loads(response)["id"]
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise PasskeyRefused(private=type(error).__name__) from error
    if not isinstance(named, str):
        raise PasskeyRefused(private="id")
    return named


def signed_in(response: str, passkey: Passkey, settings: Settings, *, challenge: str, handle: bytes) -> Passkey:
    """The passkey after it was used: its counter and backup state as the device tells them.

    Raises:
        PasskeyRefused: the answer is malformed, for another challenge, site or person, or without user verification.
        PasskeyCopied: the counter did not advance.
    """
    try:
        used: VerifiedAuthentication = verify_authentication_response(
            credential=response, expected_challenge=from_base64url(challenge), expected_rp_id=relying_party(settings),
            expected_origin=settings.origin, credential_public_key=passkey.public_key,
            credential_current_sign_count=0, require_user_verification=True,
        )  # fmt: skip
        told = json.loads(response)["response"].get("userHandle")
        same = told is None or base64url_to_bytes(told) == handle
    except Exception as error:  # as in `enrolled`
        raise PasskeyRefused(private=type(error).__name__) from error
    eligible = used.credential_device_type is CredentialDeviceType.MULTI_DEVICE
    if not same or eligible != passkey.backup_eligible:  # WebAuthn L3 §7.2 steps 6 and 18
        raise PasskeyRefused(private="user handle or backup eligibility")
    if (used.new_sign_count or passkey.sign_count) and used.new_sign_count <= passkey.sign_count:  # step 22
        raise PasskeyCopied()
    return Passkey(
        credential_id=passkey.credential_id, account_id=passkey.account_id, public_key=passkey.public_key,
        sign_count=used.new_sign_count, name=passkey.name, backup_eligible=passkey.backup_eligible,
        backed_up=used.credential_backed_up, test=passkey.test, added_ms=passkey.added_ms, used_ms=passkey.used_ms,
    )  # fmt: skip


def sureness_of(passkey: Passkey) -> tuple[Acr, tuple[str, ...]]:
    """What a sign-in with it is worth: the device, and what its user knows or is.

    A key that its maker may copy to other devices is no key in hardware, whatever it lies in at the moment.
    """
    key = Amr.SOFTWARE_KEY if passkey.backup_eligible else Amr.HARDWARE_KEY
    return Acr.PHONE, (key.value, Amr.PRESENCE.value, Amr.SEVERAL.value)


@dataclass(frozen=True, slots=True, kw_only=True)
class PasskeyEnrolled(AuditEvent):
    """A passkey was added to an account."""

    name: ClassVar[str] = "identity.passkey_enrolled"
    account: str
    session: str
    backup_eligible: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class PasskeyRemoved(AuditEvent):
    """A passkey was removed by its owner."""

    name: ClassVar[str] = "identity.passkey_removed"
    account: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PasskeyBarred(AuditEvent):
    """A passkey's counter went backwards: it was refused, and stays so until its owner enrols it anew."""

    name: ClassVar[str] = "identity.passkey_barred"
    account: str
