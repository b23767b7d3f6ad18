"""The host side against the virtual card itself, of both generations, with nothing between them."""

from __future__ import annotations

import pytest
from cryptography import x509
from tests.contract.card_agent.site_double import check, documents, make_task
from tests.unit.card_chip.cards import AUTHENTICATION_PIN, HOLDER, ITEMS_PIN, PASSWORD, make_card

from renkei.base.encoding import from_base64url, to_base64url
from renkei.contracts.card_agent import Key, Task, ToSign
from renkei.institutions.card.agent.tasks import Asked
from renkei.institutions.card.agent.using import answer
from renkei.institutions.card.chip.profile import NEXT, PRESENT, Profile
from renkei.institutions.card.host.errors import DigestUnfit, PinLocked, PinWrong, SignatureCertificateMissing
from renkei.institutions.card.host.layout import ITEMS
from renkei.institutions.card.host.session import CardSession

SITE = "https://id.example.jp"


def asked(task: Task) -> Asked:
    digests = tuple(from_base64url(one.digest) for one in task.documents)
    return Asked(task, from_base64url(task.challenge), digests)


@pytest.mark.parametrize("profile", [PRESENT, NEXT], ids=["present", "next"])
@pytest.mark.parametrize("key", list(Key))
def test_a_challenge_is_answered(profile: Profile, key: Key) -> None:
    task = make_task(SITE, key=key)
    pin = AUTHENTICATION_PIN if key is Key.AUTHENTICATION else PASSWORD.lower()
    said = answer(CardSession(make_card(profile=profile).transmit), asked(task), pin, medium="card")
    assert said.algorithm == profile.algorithm
    certificate = check(task, said)
    common_name = certificate.subject.get_attributes_for_oid(x509.NameOID.COMMON_NAME)[0].value
    assert common_name == ("synthetic-0001" if key is Key.AUTHENTICATION else "synthetic-0002")


def test_documents_are_signed_under_one_password() -> None:
    task = make_task(SITE, key=Key.SIGNATURE, documents=documents("一", "二", "三"))
    said = answer(CardSession(make_card().transmit), asked(task), PASSWORD, medium="card")
    assert len(said.documents) == 3
    check(task, said)


def test_a_document_hashed_for_the_other_generation_is_not_signed() -> None:
    task = make_task(SITE, key=Key.SIGNATURE, documents=(ToSign(name="一", digest=to_base64url(bytes(48))),))
    with pytest.raises(DigestUnfit):
        answer(CardSession(make_card().transmit), asked(task), PASSWORD, medium="card")


def test_tries_are_told_and_the_card_locks() -> None:
    card = make_card()
    session = CardSession(card.transmit)
    assert [session.tries_left(pin) for pin in (Key.AUTHENTICATION, Key.SIGNATURE, ITEMS)] == [3, 5, 3]
    for left in (2, 1):
        with pytest.raises(PinWrong) as wrong:
            session.verify_pin(Key.AUTHENTICATION, "0000")
        assert wrong.value.tries == left
    with pytest.raises(PinLocked):
        session.verify_pin(Key.AUTHENTICATION, "0000")
    assert session.tries_left(Key.AUTHENTICATION) == 0
    with pytest.raises(PinLocked):
        session.verify_pin(Key.AUTHENTICATION, AUTHENTICATION_PIN)


def test_a_childs_card_is_not_called_locked() -> None:
    """公的個人認証法3条: under 15 there is no signature certificate, so its password was never set."""
    session = CardSession(make_card(child=True).transmit)
    with pytest.raises(SignatureCertificateMissing):
        session.tries_left(Key.SIGNATURE)
    with pytest.raises(SignatureCertificateMissing):
        session.verify_pin(Key.SIGNATURE, PASSWORD)
    assert session.tries_left(Key.AUTHENTICATION) == 3


def test_the_four_items_and_the_number() -> None:
    session = CardSession(make_card().transmit)
    items = session.four_items(ITEMS_PIN)
    assert (items.name, items.address, items.birth, items.sex) == (HOLDER.name, HOLDER.address, HOLDER.birth, "2")
    assert session.number(ITEMS_PIN) == HOLDER.personal_number


def test_pin_change() -> None:
    card = make_card()
    CardSession(card.transmit).change_pin(Key.SIGNATURE, PASSWORD, "neues2027")
    card.reset()
    CardSession(card.transmit).verify_pin(Key.SIGNATURE, "NEUES2027")
