"""Finds order codes in the free text of bank transfers, which banks wrap in codes and words of their own."""

from __future__ import annotations

import re

from payments.domain.vietqr import fold

CODE_LENGTH_MIN = 8
CODE_LENGTH_MAX = 25
CODES_MAX = 8
ORDER_CODE_LENGTH = 20
"""Orders' own codes: DH, six digits of date, twelve more; so they can be cut out where a bank glued words to them."""

_WORD = re.compile(r"[0-9A-Z]+")
_HYPHENATED = re.compile(r"[0-9A-Z]+(?:-[0-9A-Z]+)+")
_START = re.compile(r"DH[0-9]{6}")


def order_codes(memo: str) -> tuple[str, ...]:
    """Everything in a memo that may be an order code, most likely first, at most CODES_MAX."""
    text = fold(memo).upper()
    words = _WORD.findall(text)
    likely = [word for word in words if _START.match(word)] + _cut_out("".join(words))
    other = [word for word in words + _HYPHENATED.findall(text) if any(character.isdigit() for character in word)]
    fits = (code for code in likely + other if CODE_LENGTH_MIN <= len(code) <= CODE_LENGTH_MAX)
    return tuple(dict.fromkeys(fits))[:CODES_MAX]


def _cut_out(text: str) -> list[str]:
    return [text[at.start() : at.start() + ORDER_CODE_LENGTH] for at in _START.finditer(text)]
