"""Order codes are found in whatever banks make of a memo."""

from __future__ import annotations

import pytest
from payments.domain.memo import CODES_MAX, order_codes

CODE = "DH2602040123456789AB"


@pytest.mark.parametrize(
    "memo",
    [
        CODE,
        f"MBVCB 12345 {CODE} chuyen tien",
        f"thanh toan {CODE.lower()}",
        f"MBVCB12345{CODE}CHUYENTIEN",
        f"MBVCB-12345-{CODE}-chuyen",
        "CT tu 0123456789 DH260204 0123456789AB FT26035",
        f"Trả tiền đơn hàng {CODE}.",
    ],
)
def test_the_code_is_the_likeliest_candidate(memo: str) -> None:
    assert CODE in order_codes(memo)[:2]


def test_the_example_of_the_requirement() -> None:
    assert order_codes("MBVCB 12345 DH260214BL0042 chuyen tien")[0] == "DH260214BL0042"


def test_a_memo_full_of_numbers_stays_bounded() -> None:
    assert len(order_codes(" ".join(f"DH2602040{number:011d}" for number in range(9)))) <= CODES_MAX


@pytest.mark.parametrize("memo", ["", "chuyen tien", "tra no anh Ba", "123"])
def test_no_code_no_candidate(memo: str) -> None:
    assert order_codes(memo) == ()
