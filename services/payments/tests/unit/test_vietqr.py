"""The VietQR generator and parser against published vectors, and against each other."""

from __future__ import annotations

import string
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from payments.domain.vietqr import TransferCode, VietQrError, checksum, encode, fields_of, fold, parse

V1 = (
    "00020101021238570010A00000072701270006970403011300110123456780208QRIBFTTA"
    "530370454061800005802VN62340107NPS68690819thanh toan don hang63042E2E"
)
V2 = "00020101021138600010A00000072701300006970403011697040311012345670208QRIBFTTC53037045802VN63044F52"
V3 = (
    "00020101021238600010A00000072701300006970403011697040311012345670208QRIBFTTC"
    "530370454061800005802VN62340107NPS68690819thanh toan don hang6304A203"
)
V4 = (
    "00020101021238570010A00000072701270006970415011300110019324180208QRIBFTTA"
    "530370454061200005802VN62170813ung ho lu lut6304C15C"
)
V5 = (
    "00020101021238570010A00000072701270006970405011386002051234560208QRIBFTTA"
    "530370454061850005802VN62180814DH260214BL004263043EF5"
)
ORDER: dict[str, Any] = {"amount_vnd": 180_000, "bill": "NPS6869", "memo": "thanh toan don hang"}
POSITIVE = {
    V1: TransferCode(bank_bin="970403", account="0011012345678", **ORDER),
    V2: TransferCode(bank_bin="970403", account="9704031101234567", to_card=True, dynamic=False),
    V3: TransferCode(bank_bin="970403", account="9704031101234567", to_card=True, **ORDER),
    V4: TransferCode(bank_bin="970415", account="0011001932418", amount_vnd=120_000, memo=fold("ủng hộ lũ lụt")),
    V5: TransferCode(bank_bin="970405", account="8600205123456", amount_vnd=185_000, memo="DH260214BL0042"),
}
X1 = "00020101021138570010A00000072701270006970403011200110123456780208QRIBFTTA53037045802VN6304F4E5"
X2 = V2[:-4] + "A203"
X3 = "0002010102113838000697042201120023457923440208QRIBFTTA530370454061800005802VN62160814ung ho bao lut6304E69F"


@pytest.mark.parametrize("payload", POSITIVE)
def test_published_vectors_come_out_byte_for_byte_and_are_read_back(payload: str) -> None:
    assert encode(POSITIVE[payload]) == payload
    assert parse(payload) == POSITIVE[payload]


def test_a_right_checksum_does_not_save_a_wrong_inner_length() -> None:
    assert checksum(X1[:-4]) == X1[-4:]
    with pytest.raises(VietQrError):
        parse(X1)


@pytest.mark.parametrize("payload", [X2, X3, "", "6304", V1[:-1], V1 + "0", V1.replace("970403", "970404")])
def test_faulty_payloads_are_refused(payload: str) -> None:
    with pytest.raises(VietQrError):
        parse(payload)


def _sealed(body: str) -> str:
    return f"{body}6304{checksum(f'{body}6304')}"


@pytest.mark.parametrize("amount", ["50 000", "0", "12345678901234", "-5", "1e3", "١٢٣"])
def test_amounts_that_are_no_amounts_are_refused_though_the_checksum_is_right(amount: str) -> None:
    body = V5[: V5.index("5406185000")] + f"54{len(amount):02d}{amount}" + V5[V5.index("5802VN") : -8]
    with pytest.raises(VietQrError):
        parse(_sealed(body) if body.isascii() else body)


def test_an_account_of_twenty_characters_never_becomes_a_code() -> None:
    code = replace(POSITIVE[V5], account="8" * 20)
    with pytest.raises(VietQrError, match="account"):
        encode(code)
    longest = encode(replace(POSITIVE[V5], account="8" * 19))
    inner = f"0006970405012{0}" + "8" * 20
    template = f"0010A00000072701{len(inner):02d}{inner}0208QRIBFTTA"
    body = f"00020101021238{len(template):02d}{template}53037045802VN"
    assert parse(longest).account == "8" * 19
    with pytest.raises(VietQrError, match="account"):
        parse(_sealed(body))


@pytest.mark.parametrize(
    "wrong",
    [
        {"amount_vnd": 0},
        {"amount_vnd": -1},
        {"amount_vnd": 10**13},
        {"bank_bin": "97040"},
        {"account": ""},
        {"memo": "x" * 26},
        {"memo": "đơn hàng"},
    ],
)
def test_nothing_is_shortened_or_bent_to_fit(wrong: dict[str, object]) -> None:
    with pytest.raises(VietQrError):
        encode(replace(POSITIVE[V5], **wrong))  # type: ignore[arg-type]


def test_the_check_value_of_the_standard() -> None:
    assert checksum("123456789") == "29B1"


texts = st.text(st.sampled_from(string.ascii_letters + string.digits + " .-/"), max_size=25)
codes = st.builds(
    TransferCode,
    bank_bin=st.from_regex(r"[0-9]{6}", fullmatch=True).filter(str.isascii),
    account=st.text(st.sampled_from(string.ascii_letters + string.digits), min_size=1, max_size=19),
    to_card=st.booleans(),
    dynamic=st.booleans(),
    amount_vnd=st.none() | st.integers(1, 10**13 - 1),
    bill=texts,
    memo=texts,
)


@given(codes)
def test_every_code_is_read_back_as_it_was_made(code: TransferCode) -> None:
    payload = encode(code)
    assert parse(payload) == code
    assert checksum(payload[:-4]) == payload[-4:]


@given(codes, st.data())
def test_one_wrong_character_is_always_noticed(code: TransferCode, data: st.DataObject) -> None:
    payload = encode(code)
    at = data.draw(st.integers(0, len(payload) - 1))
    other = data.draw(st.sampled_from(string.digits + string.ascii_uppercase).filter(lambda c: c != payload[at]))
    with pytest.raises(VietQrError):
        parse(payload[:at] + other + payload[at + 1 :])


@given(st.dictionaries(st.integers(0, 98).map("{:02d}".format), st.text(min_size=1, max_size=99), min_size=1))
def test_fields_survive_being_written_and_read(fields: dict[str, str]) -> None:
    assert fields_of("".join(f"{id}{len(value):02d}{value}" for id, value in fields.items())) == fields


@given(st.text(max_size=120))
def test_no_text_makes_the_parser_fail_otherwise(text: str) -> None:
    with pytest.raises(VietQrError):
        parse(text)
