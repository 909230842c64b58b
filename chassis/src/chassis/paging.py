"""Page tokens of lists in the order of a time and an id: opaque to callers, and nothing else is taken for one."""

from __future__ import annotations

import base64
import binascii
from datetime import UTC, datetime

from chassis.kernel import Invalid

Place = tuple[datetime, str]
"""Where a page ended: the time and the id of its last item."""


def token_of(place: Place) -> str:
    """The token of the page after this place."""
    return base64.urlsafe_b64encode(f"{place[0].isoformat()}|{place[1]}".encode()).decode()


def place_of(token: str) -> Place | None:
    """Where the page before ended; None = there was none. Raises Invalid for what `token_of` did not make."""
    if not token:
        return None
    try:
        time, _, id = base64.b64decode(token, altchars=b"-_", validate=True).decode().partition("|")
        place = datetime.fromisoformat(time), id
        place[0].astimezone(UTC)  # Some times of other zones have none there.
    except (ValueError, OverflowError, binascii.Error):
        raise Invalid("page_token", "is not one of ours") from None
    if not id or "\x00" in id or place[0].tzinfo is None:
        raise Invalid("page_token", "is not one of ours")
    return place
