"""Who calls: bearer tokens to callers, the current caller, and which role may call which RPC."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from contextvars import ContextVar
from dataclasses import dataclass
from pathlib import Path

ROLES = frozenset({"buyer_channel", "seller", "operator", "officer", "partner", "bank", "service"})
"""Every role there is; a tokens file or access table that names another is refused."""

_BELONGS = {"seller": "seller_id", "partner": "partner_id", "officer": "commune_code"}
"""The role's own id, without which a token of that role would mean nobody."""

_FIELDS = ("token", "identity", "role", "seller_id", "partner_id", "commune_code")


class TokensError(Exception):
    """The tokens file cannot be used; the message says why and never shows a token."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """Who calls, as their credential says. Ids that do not belong to the role are empty."""

    identity: str
    role: str
    seller_id: str = ""
    partner_id: str = ""
    commune_code: str = ""


CURRENT: ContextVar[Caller | None] = ContextVar("chophien_caller", default=None)
"""Set by the server's interceptor for the length of one call."""


def caller() -> Caller:
    """The caller of the RPC being served; raises LookupError outside of one, so nobody is ever nobody by mistake."""
    current = CURRENT.get()
    if current is None:
        raise LookupError("no caller: not inside an authenticated RPC")
    return current


class Tokens:
    """Callers by bearer token. Looked up by digest, so that comparing leaks no timing about the secret."""

    def __init__(self, callers: Mapping[str, Caller]) -> None:
        """Take callers by clear token; only digests are kept."""
        self._callers = {_digest(token): one for token, one in callers.items()}

    def find(self, token: str) -> Caller | None:
        """Whose token it is; None if nobody's."""
        return self._callers.get(_digest(token)) if token else None


def load_tokens(path: Path | None) -> Tokens:
    """Read a tokens file; no file configured means that nobody may call (fail closed)."""
    if path is None:
        return Tokens({})
    try:
        document = json.loads(path.read_text("utf-8"))
        entries = document["tokens"]
        return Tokens(dict(_entry(entry, number) for number, entry in enumerate(entries)))
    except (OSError, UnicodeDecodeError) as error:
        raise TokensError(f"tokens file {path} cannot be read: {type(error).__name__}") from None
    except (ValueError, KeyError, TypeError, AttributeError):
        raise TokensError(f'tokens file {path} is not {{"tokens": [{{"token", "identity", "role", …}}]}}') from None


def _entry(entry: Mapping[str, str], number: int) -> tuple[str, Caller]:
    values = {name: entry.get(name, "") for name in _FIELDS}
    if not all(isinstance(value, str) for value in values.values()):
        raise TokensError(f"token number {number}: every value must be text")
    role = values["role"]
    for name in ("token", "identity", _BELONGS.get(role, "role")):
        if not values[name]:
            raise TokensError(f"token number {number}: {name} is missing")
    if role not in ROLES:
        raise TokensError(f"token number {number}: unknown role {role!r}")
    return values.pop("token"), Caller(**values)


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()
