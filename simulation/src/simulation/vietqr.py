"""A banking app's reading of a VietQR code: what to transfer, and with which memo."""

from __future__ import annotations


def fields(text: str) -> dict[str, str]:
    """EMVCo id, two-digit length, value, one after another; raises ValueError when the lengths do not add up."""
    found, at = {}, 0
    while at < len(text):
        length = int(text[at + 2 : at + 4])
        value = text[at + 4 : at + 4 + length]
        if len(value) != length:
            raise ValueError(f"field {text[at : at + 2]} is cut short")
        found[text[at : at + 2]] = value
        at += 4 + length
    return found


def crc(text: str) -> str:
    """CRC-16 as EMVCo wants it: polynomial 0x1021, start 0xFFFF, four hex digits."""
    register = 0xFFFF
    for byte in text.encode():
        register ^= byte << 8
        for _ in range(8):
            register = ((register << 1) ^ 0x1021 if register & 0x8000 else register << 1) & 0xFFFF
    return f"{register:04X}"


def read_transfer(payload: str) -> tuple[str, int]:
    """Memo and amount in đồng; raises ValueError for a code no bank would take."""
    if crc(payload[:-4]) != payload[-4:]:
        raise ValueError("the check sum of the QR code is wrong")
    top = fields(payload)
    more = fields(top["62"])
    return more.get("08") or more["01"], int(top["54"])
