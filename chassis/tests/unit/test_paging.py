"""Page tokens lead to where the page before ended; nothing else is taken for one."""

from __future__ import annotations

import base64
from datetime import UTC, datetime

import pytest
from chassis.kernel import Invalid
from chassis.paging import place_of, token_of

PLACE = (datetime(2026, 2, 4, 6, 30, 0, 123_456, tzinfo=UTC), "PB260204-8X0R|2")


def made(text: str) -> str:
    return base64.urlsafe_b64encode(text.encode()).decode()


def test_a_token_leads_back_to_its_place() -> None:
    assert place_of(token_of(PLACE)) == PLACE and place_of("") is None


@pytest.mark.parametrize(
    "token",
    [
        "x",
        "é",
        "PB260204-8X0R2M1K",
        made("nonsense"),
        made("2026-02-04T06:30:00|id"),
        made("2026-02-04T06:30:00+00:00|"),
        made("2026-02-04T06:30:00+00:00|a\x00b"),
        made("0001-01-01T00:00:00+14:00|id"),
        made("9999-12-31T23:59:59-14:00|id"),
        token_of(PLACE)[:-3],
        token_of(PLACE) + "\n",
    ],
)
def test_what_is_no_token_is_refused_with_the_field_named(token: str) -> None:
    with pytest.raises(Invalid) as refused:
        place_of(token)
    assert refused.value.details["field"] == "page_token"
