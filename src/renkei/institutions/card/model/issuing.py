"""Issuing: who gets which certificate, until when. Pure decisions over what the counter entered."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Final, NamedTuple

from renkei.base.encoding import MaskedStruct
from renkei.base.time import add_years, age_on, jst_midnight
from renkei.crypto.person_certificates import CertificateItems, Use
from renkei.crypto.signing_keys import PublicKey, algorithm_of
from renkei.institutions.card.errors import CardExpired, ContentUnfit, KeyUnfit, SignatureCertificateRefused
from renkei.institutions.card.model.profiles import Profile

SIGNATURE_AGE_MIN: Final = 15
"""Years. Source: 公的個人認証法3条 with the network's certificate policy (a seal is registered from 15 on)."""

HOLDER_CHARS_MAX: Final = 64
LOCALITY_CHARS_MAX: Final = 128  # ub-locality-name, RFC 5280 appendix A.1


class Unavailable(StrEnum):
    """Why no signature certificate is issued."""

    UNDER_AGE = "under_15"
    WARD = "adult_ward"  # 成年被後見人


class Application(MaskedStruct, frozen=True, kw_only=True):
    """What a holder applies for at the counter of the municipality (公的個人認証法3条, 22条)."""

    holder: str
    """Opaque id by which the caller knows the person: never a personal number."""
    items: CertificateItems
    municipality: str = ""
    """団体コード, six digits; stands in the subject."""
    municipality_name: str = ""
    authentication_key: PublicKey | None = None
    signature_key: PublicKey | None = None
    """None where no certificate of that use is wanted."""
    card_expires: date
    """Last day on which the card is valid."""
    residence_until: date | None = None
    """在留期限, the last day."""
    adult_ward: bool = False
    """成年被後見人: no signature certificate as a rule; the counter lifts this where a representative is present."""

    def keys(self) -> dict[Use, PublicKey]:
        """The keys for which a certificate is wanted."""
        given = {Use.AUTHENTICATION: self.authentication_key, Use.SIGNATURE: self.signature_key}
        return {use: key for use, key in given.items() if key is not None}


class Period(NamedTuple):
    """From when to when a certificate is valid, UTC, both inclusive, whole seconds."""

    not_before: datetime
    not_after: datetime


def unavailable(birth: date | None, *, adult_ward: bool, on: date) -> Unavailable | None:
    """Why the holder gets no signature certificate that day; None where they may have one.

    A holder whose day of birth the register does not know is taken for an adult.
    """
    if birth is not None and age_on(birth, on) < SIGNATURE_AGE_MIN:
        return Unavailable.UNDER_AGE
    return Unavailable.WARD if adult_ward else None


def last_day(
    birth: date | None, *, issued: date, birthdays: int, card_expires: date, residence_until: date | None = None
) -> date:
    """The last day of a certificate: the fifth birthday after the day of issue, capped by card and leave to stay.

    Args:
        birth: where it is not known, so many years after the day of issue.
        birthdays: 5, or what the generation of cards says.

    Raises:
        CardExpired: it would end on the day of issue or before.

    Source: 公的個人認証法5条 and its order; a birthday on 29 February is kept on the 28th (民法143条2項).
    """
    if birth is None:
        counted = add_years(issued, birthdays)
    else:
        years = issued.year - birth.year
        first = years if add_years(birth, years) > issued else years + 1
        counted = add_years(birth, first + birthdays - 1)
    ends = min(counted, card_expires, residence_until or counted)
    if ends <= issued:
        raise CardExpired()
    return ends


def period_of(application: Application, profile: Profile, *, now: datetime, on: date) -> Period:
    """The period of the certificates that are issued now.

    Args:
        on: the day in Japan at `now`.

    Raises:
        CardExpired: as `last_day`.
    """
    ends = last_day(
        application.items.birth, issued=on, birthdays=profile.birthdays, card_expires=application.card_expires,
        residence_until=application.residence_until,
    )  # fmt: skip
    return Period(now.replace(microsecond=0), jst_midnight(ends + timedelta(days=1)) - timedelta(seconds=1))


def check_application(application: Application, *, on: date) -> None:
    """Hold an application against what may be issued.

    Raises:
        SignatureCertificateRefused: a signature certificate for whom there is none.
        ContentUnfit: nothing is applied for, or an id that cannot stand.
    """
    keys = application.keys()
    if not keys or not 0 < len(application.holder) <= HOLDER_CHARS_MAX:
        raise ContentUnfit(private="no key, or no holder")
    if len(application.municipality_name) > LOCALITY_CHARS_MAX:
        raise ContentUnfit(private="municipality_name")
    municipality = application.municipality
    if municipality and not (len(municipality) == 6 and municipality.isascii() and municipality.isdigit()):
        raise ContentUnfit(private="municipality")
    birth, ward = application.items.birth, application.adult_ward
    if Use.SIGNATURE in keys and unavailable(birth, adult_ward=ward, on=on) is not None:
        raise SignatureCertificateRefused()


def check_key(key: PublicKey, profile: Profile) -> None:
    """Check that a holder's key is of the generation's kind.

    Raises:
        KeyUnfit: it is not.
    """
    try:
        fits = algorithm_of(key) == profile.algorithm
    except ValueError:
        fits = False
    if not fits:
        raise KeyUnfit(profile=profile.name)
