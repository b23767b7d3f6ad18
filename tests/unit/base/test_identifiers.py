"""Numbers and codes other than the personal number: check digits, forms, masking."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Callable

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from renkei.base import identifier_errors as errors
from renkei.base.encoding import MaskedStruct, fold_digits, from_base64url, mask, to_base64url
from renkei.base.errors import RenkeiError
from renkei.base.identifiers import (
    AddressNumber,
    BodyCode,
    CorporateNumber,
    LinkageCode,
    ResidentRecordCode,
    body_code_check_digit,
    masked,
    municipal_institution_code,
    parse_acquisition_number,
    parse_address_number,
    parse_institution_code,
    parse_linkage_code,
    parse_own_number,
    parse_processing_number,
)


@pytest.mark.parametrize(
    "digits", ["8700110005901", "7000012050002", "8000012010038", "8000020130001", "1000020131121", "5835678256246"]
)
def test_known_corporate_numbers_hold(digits: str) -> None:
    """国税庁, デジタル庁, 東京都, 世田谷区 and others."""
    assert CorporateNumber(digits).digits == digits == str(CorporateNumber(digits))


@given(st.text("0123456789", min_size=12, max_size=12), st.integers(0, 9))
def test_one_check_digit_fits_a_corporate_number(base: str, digit: int) -> None:
    """Order 426M60000040070 art. 2: 9 − (Σ Pn·Qn mod 9), so never 0."""
    expected = 9 - sum(int(base[-n]) * (1 if n % 2 else 2) for n in range(1, 13)) % 9
    if digit == expected:
        assert CorporateNumber(f"{digit}{base}") == CorporateNumber.parse(f"{digit}-{base[:4]}-{base[4:8]}-{base[8:]}")
    else:
        with pytest.raises(errors.CorporateNumberCheckDigit):
            CorporateNumber(f"{digit}{base}")


def test_a_local_body_has_its_code_in_its_corporate_number() -> None:
    assert CorporateNumber.of_body(BodyCode("131121")) == CorporateNumber("1000020131121")
    assert CorporateNumber.of_body(BodyCode("130001")) == CorporateNumber("8000020130001")


@pytest.mark.parametrize("digits", ["010006", "011002", "131121", "130001", "221309", "473821"])
def test_known_body_codes_hold(digits: str) -> None:
    """北海道, 札幌市, 世田谷区, 東京都, 浜松市, 与那国町."""
    assert BodyCode(digits).digits == digits
    assert BodyCode(digits).is_prefecture is (digits in {"010006", "130001"})
    assert BodyCode(digits).prefecture == digits[:2]


@given(st.integers(1001, 47999), st.integers(0, 9))
def test_one_check_digit_fits_a_body_code(five: int, digit: int) -> None:
    text = f"{five:05d}"
    if body_code_check_digit(text) == str(digit):
        assert BodyCode(f"{text}{digit}") == BodyCode.parse(f" {text}-{digit} ")
    else:
        with pytest.raises(errors.BodyCodeCheckDigit):
            BodyCode(f"{text}{digit}")


@pytest.mark.parametrize("text", ["10006", "13112", "001234", "481234", "13112x", ""])
def test_a_body_code_without_its_zero_or_check_digit_is_not_guessed(text: str) -> None:
    """Spreadsheets lose the zero of 010006; the five digits that are left could be a body of another prefecture."""
    with pytest.raises(errors.BodyCodeFormat):
        BodyCode.parse(text)


def test_public_codes_show_themselves_and_may_be_pickled() -> None:
    code = BodyCode("131121")
    assert repr(code) == "BodyCode(131121)"
    assert pickle.loads(pickle.dumps(code)) == code == copy.deepcopy(code)
    assert code != CorporateNumber("1000020131121")
    with pytest.raises(AttributeError):
        code._digits = "010006"


def test_the_resident_record_code_formula_is_not_invented() -> None:
    """Order 411M50000008035 art. 1: the minister publishes the formula; without it any eleven digits pass."""
    assert ResidentRecordCode.parse("９９０００００００１２").reveal() == "99000000012"
    with pytest.raises(errors.ResidentRecordCodeFormat):
        ResidentRecordCode("9900000001")


def test_an_operator_plugs_the_formula_in() -> None:
    def even(digits: str) -> bool:
        return int(digits) % 2 == 0

    assert ResidentRecordCode.parse("99000000012", checker=even)
    with pytest.raises(errors.ResidentRecordCodeCheckDigit):
        ResidentRecordCode.parse("99000000013", checker=even)


def test_a_resident_record_code_never_shows_or_serialises_itself() -> None:
    code = ResidentRecordCode("99000000012")
    assert repr(code) == str(code) == f"{code}" == "ResidentRecordCode(*********12)"
    for encode in (msgspec.json.encode, pickle.dumps, copy.copy):
        with pytest.raises(TypeError):
            encode(code)
    assert code == ResidentRecordCode("99000000012")
    assert len({code, ResidentRecordCode("99000000012")}) == 1


def test_address_and_own_numbers_are_padded_to_fifteen() -> None:
    assert parse_address_number("１２３") == parse_own_number("000123") == "000000000000123"


def test_a_municipality_has_the_one_known_institution_code() -> None:
    assert municipal_institution_code(BodyCode("131121")) == parse_institution_code("0220113112101700")


@pytest.mark.parametrize(
    ("parse", "text", "error"),
    [
        (parse_address_number, "", errors.AddressNumberFormat),
        (parse_address_number, "1234567890123456", errors.AddressNumberFormat),
        (parse_own_number, "12a", errors.OwnNumberFormat),
        (parse_own_number, "²", errors.OwnNumberFormat),
        (parse_institution_code, "022011311210170", errors.InstitutionCodeFormat),
        (parse_linkage_code, "A" * 43, errors.LinkageCodeFormat),
        (parse_linkage_code, "A" * 43 + "=", errors.LinkageCodeFormat),
        (parse_linkage_code, "A" * 43 + "+", errors.LinkageCodeFormat),
        (parse_linkage_code, "あ" * 44, errors.LinkageCodeFormat),
        (parse_processing_number, "1" * 19, errors.ProcessingNumberFormat),
        (parse_acquisition_number, "1" * 23 + " ", errors.AcquisitionNumberFormat),
    ],
)
def test_a_malformed_code_is_refused_with_its_own_error(
    parse: Callable[[str], str], text: str, error: type[RenkeiError]
) -> None:
    with pytest.raises(error):
        parse(text)


@given(st.binary(min_size=33, max_size=33))
def test_a_linkage_code_is_the_text_of_33_bytes(data: bytes) -> None:
    code = parse_linkage_code(to_base64url(data))
    assert from_base64url(code) == data
    assert masked(code) == "*" * 42 + code[-2:]


@given(st.binary(max_size=40))
def test_base64url_has_one_text_per_bytes(data: bytes) -> None:
    assert from_base64url(to_base64url(data)) == data


@pytest.mark.parametrize("text", ["A", "AB", "AA==", "A A", "A\n", "_w\n"])
def test_other_texts_are_not_base64url(text: str) -> None:
    with pytest.raises(ValueError, match="base64url"):
        from_base64url(text)


@given(st.text("0123456789", min_size=1, max_size=20))
def test_full_width_digits_are_the_same_digits(digits: str) -> None:
    wide = digits.translate({ord(digit): 0xFF10 + int(digit) for digit in "0123456789"})
    assert fold_digits(wide) == digits == fold_digits("　".join(wide))


def test_a_short_text_is_masked_whole() -> None:
    assert [mask(text) for text in ("", "1", "12", "123")] == ["", "*", "**", "*23"]


def test_a_struct_of_personal_data_shows_no_value() -> None:
    class Held(MaskedStruct, frozen=True):
        address_number: AddressNumber
        code: LinkageCode

    held = Held(parse_address_number("123"), LinkageCode("A" * 44))
    assert repr(held) == str(held) == f"{held}" == "Held(address_number, code)"
    assert msgspec.json.decode(msgspec.json.encode(held), type=Held) == held


def test_every_identifier_error_is_in_the_catalogue_with_both_sentences() -> None:
    declared = [kind for kind in vars(errors).values() if isinstance(kind, type) and "code" in vars(kind)]
    assert len(declared) == 17
    for kind in declared:
        facts = {"era": "昭和", "first": "1926-12-25", "last": "1989-01-07"}
        problem = kind(**facts)
        assert problem.sentence("ja").endswith("。")
        assert problem.sentence("en").endswith(".")
        assert problem.status == (400, 2)
