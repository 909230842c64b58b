"""Makes and reads VietQR codes (NAPAS 247, EMVCo merchant-presented), refusing what would pay somebody else."""

from __future__ import annotations

import re
import unicodedata
from binascii import crc_hqx
from dataclasses import dataclass

GUID = "A000000727"
ACCOUNT_LENGTH_MAX = 19
TEXT_LENGTH_MAX = 25
VALUE_LENGTH_MAX = 99
AMOUNT_DIGITS_MAX = 13

_VISIBLE = re.compile(r"[ -~]*")
_BIN = re.compile(r"[0-9]{6}")
_ACCOUNT = re.compile(r"[0-9A-Za-z]+")
_AMOUNT = re.compile(r"[0-9]{1,13}")
_TRANSFER_TO = {"QRIBFTTA": False, "QRIBFTTC": True}


class VietQrError(ValueError):
    """The code, or what it should say, is against the specification; the text names the field."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TransferCode:
    """What a code asks for. `amount_vnd` None = the payer chooses; `bill` and `memo` empty = not stated."""

    bank_bin: str
    account: str
    to_card: bool = False
    dynamic: bool = True
    amount_vnd: int | None = None
    bill: str = ""
    memo: str = ""


def fold(text: str) -> str:
    """Vietnamese without its marks, in ASCII, as banks pass it on: "ủng hộ" becomes "ung ho"."""
    plain = unicodedata.normalize("NFD", text.replace("đ", "d").replace("Đ", "D"))
    return plain.encode("ascii", "ignore").decode()


def encode(code: TransferCode) -> str:
    """The payload of a code; raises VietQrError rather than shorten anything."""
    _check(code)
    account = _field("00", code.bank_bin) + _field("01", code.account)
    target = "QRIBFTTC" if code.to_card else "QRIBFTTA"
    extra = _optional("01", code.bill) + _optional("08", code.memo)
    body = (
        _field("00", "01")
        + _field("01", "12" if code.dynamic else "11")
        + _field("38", _field("00", GUID) + _field("01", account) + _field("02", target))
        + _field("53", "704")
        + ("" if code.amount_vnd is None else _field("54", str(code.amount_vnd)))
        + _field("58", "VN")
        + _optional("62", extra)
        + "6304"
    )
    return body + checksum(body)


def parse(payload: str) -> TransferCode:
    """What a payload asks for; raises VietQrError unless every length, field and the checksum are right."""
    if not payload.isascii() or payload[-8:-4] != "6304" or checksum(payload[:-4]) != payload[-4:].upper():
        raise VietQrError("checksum is wrong")
    fields = fields_of(payload[:-8])
    if next(iter(fields)) != "00" or fields["00"] != "01" or "63" in fields:
        raise VietQrError("payload format is not 01, or the checksum is not last")
    if fields.get("53") != "704" or fields.get("58") != "VN":
        raise VietQrError("not đồng in Vietnam")
    bank_bin, account, to_card = _account_of(fields.get("38", ""))
    extra = fields_of(fields["62"]) if "62" in fields else {}
    code = TransferCode(
        bank_bin=bank_bin,
        account=account,
        to_card=to_card,
        dynamic=_is_dynamic(fields),
        amount_vnd=_amount_of(fields["54"]) if "54" in fields else None,
        bill=extra.get("01", ""),
        memo=extra.get("08", ""),
    )
    _check(code)
    return code


def fields_of(text: str) -> dict[str, str]:
    """Ids and values of a run of id-length-value fields; raises VietQrError on a wrong length or a repeated id."""
    found: dict[str, str] = {}
    at = 0
    while at < len(text):
        head = text[at : at + 4]
        if len(head) < 4 or not (head.isascii() and head.isdigit()):
            raise VietQrError(f"no field at {at}")
        value = text[at + 4 : at + 4 + int(head[2:])]
        if len(value) != int(head[2:]) or not value or head[:2] in found:
            raise VietQrError(f"field {head[:2]} is cut short, empty or repeated")
        found[head[:2]] = value
        at += 4 + len(value)
    if not found:
        raise VietQrError("no fields")
    return found


def checksum(text: str) -> str:
    """CRC-16 of ISO/IEC 13239 as EMVCo takes it (polynomial 0x1021, start 0xFFFF), 4 hex digits."""
    return f"{crc_hqx(text.encode('ascii'), 0xFFFF):04X}"


def _check(code: TransferCode) -> None:
    if not _BIN.fullmatch(code.bank_bin):
        raise VietQrError("bank BIN is not 6 digits")
    if not _ACCOUNT.fullmatch(code.account) or len(code.account) > ACCOUNT_LENGTH_MAX:
        raise VietQrError(f"account is not 1 to {ACCOUNT_LENGTH_MAX} letters and digits")
    if code.amount_vnd is not None and not 0 < code.amount_vnd < 10**AMOUNT_DIGITS_MAX:
        raise VietQrError("amount is not above 0 with at most 13 digits")
    if any(len(text) > TEXT_LENGTH_MAX or not _VISIBLE.fullmatch(text) for text in (code.bill, code.memo)):
        raise VietQrError(f"text is over {TEXT_LENGTH_MAX} characters or not ASCII")


def _account_of(template: str) -> tuple[str, str, bool]:
    fields = fields_of(template)
    if fields.get("00") != GUID or fields.get("02") not in _TRANSFER_TO:
        raise VietQrError("not a NAPAS 247 transfer")
    inner = fields_of(fields.get("01", ""))
    return inner.get("00", ""), inner.get("01", ""), _TRANSFER_TO[fields["02"]]


def _is_dynamic(fields: dict[str, str]) -> bool:
    if fields.get("01") not in ("11", "12"):
        raise VietQrError("point of initiation is not 11 or 12")
    return fields["01"] == "12"


def _amount_of(text: str) -> int:
    if not _AMOUNT.fullmatch(text):
        raise VietQrError("amount is not 1 to 13 digits")
    return int(text)


def _field(id: str, value: str) -> str:
    if not 0 < len(value) <= VALUE_LENGTH_MAX:
        raise VietQrError(f"field {id} is empty or over {VALUE_LENGTH_MAX} characters")
    return f"{id}{len(value):02d}{value}"


def _optional(id: str, value: str) -> str:
    return _field(id, value) if value else ""
