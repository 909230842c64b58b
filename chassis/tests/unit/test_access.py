"""Tokens and the callers behind them; whatever is wrong, nobody gets in."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from chassis.access import CURRENT, Caller, TokensError, caller, load_tokens

PARTNER = {"token": "secret-one", "identity": "partner-a", "role": "partner", "partner_id": "partner-a"}


def written(path: Path, document: Any) -> Path:
    path = path / "tokens.json"
    path.write_text(json.dumps(document))
    return path


def test_a_token_names_its_caller(tmp_path: Path) -> None:
    tokens = load_tokens(written(tmp_path, {"tokens": [PARTNER]}))
    assert tokens.find("secret-one") == Caller(identity="partner-a", role="partner", partner_id="partner-a")
    assert tokens.find("t-2") is None and tokens.find("") is None


def test_without_a_file_nobody_is_known() -> None:
    assert load_tokens(None).find("secret-one") is None


@pytest.mark.parametrize(
    ("entry", "problem"),
    [
        (PARTNER | {"role": "king"}, "unknown role"),
        (PARTNER | {"partner_id": ""}, "partner_id is missing"),
        (PARTNER | {"token": ""}, "token is missing"),
        (PARTNER | {"identity": ""}, "identity is missing"),
        (PARTNER | {"identity": 5}, "must be text"),
        ("x", "is not"),
    ],
)
def test_a_bad_entry_stops_the_start_without_showing_tokens(tmp_path: Path, entry: Any, problem: str) -> None:
    with pytest.raises(TokensError, match=problem) as caught:
        load_tokens(written(tmp_path, {"tokens": [entry]}))
    assert "secret-one" not in str(caught.value)


def test_a_file_that_is_no_tokens_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(TokensError, match="cannot be read"):
        load_tokens(tmp_path / "none.json")
    with pytest.raises(TokensError, match="is not"):
        load_tokens(written(tmp_path, []))


def test_outside_of_a_call_there_is_no_caller() -> None:
    assert CURRENT.get() is None
    with pytest.raises(LookupError):
        caller()
