"""Writes the two example instances; both are small enough to be read."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgspec

from bench.planner.families import family_a_fixed
from bench.planner.formats import dump, parse
from bench.planner.instance import Forecast, Instance

HERE = Path(__file__).parent
GATES = 5
EPOCH_S = 3600
WAY = [
    [0, 620, 910, 1450, 760],
    [640, 0, 380, 1020, 900],
    [905, 395, 0, 700, 1010],
    [1440, 1000, 720, 0, 1300],
    [750, 880, 1000, 1310, 0],
]
ASKED = [
    # place, epoch in which it becomes known, load, service start from, to
    (1, 0, 4, 3600, 12000),
    (2, 0, 3, 5000, 9000),
    (3, 0, 6, 7200, 16000),
    (4, 1, 5, 9000, 15000),
    (1, 1, 2, 10000, 17000),
    (2, 2, 7, 12000, 18500),
    (3, 2, 1, 12000, 16500),
]


def commune() -> Instance:
    """The first gates of a Bình Lư day, without earlier days: nine waves, two cut-offs."""
    whole = family_a_fixed(0)
    kept = [place.id for place in whole.places[: GATES + 1]]
    size = len(kept)
    profile = whole.profiles["road"]
    return msgspec.structs.replace(
        whole,
        name="commune",
        places=whole.places[:size],
        parcels=[parcel for parcel in whole.parcels if parcel.place in kept][:40],
        profiles={
            "road": msgspec.structs.replace(
                profile,
                duration_s=[[row[:size] for row in square[:size]] for square in profile.duration_s],
                distance_m=[[row[:size] for row in square[:size]] for square in profile.distance_m],
            )
        },
        forecast=Forecast(),
        budget=0.1,
    )


def epochs() -> dict[str, Any]:
    """Dispatch waves as in the EURO-NeurIPS 2022 competition: seconds of driving are the cost, nothing may be late."""
    places: list[dict[str, Any]] = [{"id": str(number)} for number in range(5)]
    return {
        "name": "epochs",
        "units": {"time": "s", "distance": "s", "money": "s"},
        "late_forbidden": True,
        "last_wave_all": True,
        "budget": 0.1,
        "profiles": {"car": {"periods": [0], "duration_s": WAY, "distance_m": WAY}},
        "hubs": [{"id": "depot", "place": "0", "open": 0, "close": 21600}],
        "places": places,
        "parcels": [
            {
                "id": f"request-{number}",
                "place": str(place),
                "known_at": epoch * EPOCH_S,
                "ready": epoch * EPOCH_S,
                "open": start,
                "close": end,
                "service_s": 300,
                "load": {"demand": load},
                "latest": {"depot": 21600},
            }
            for number, (place, epoch, load, start, end) in enumerate(ASKED, 1)
        ],
        "vehicles": [
            {
                "id": "car",
                "profile": "car",
                "capacity": {"demand": 12},
                "number": None,
                "start": "0",
                "end": "depot",
                "per_drive_s": 1,
            }
        ],
        "waves": [{"decide_at": n * EPOCH_S, "earliest_leave": (n + 1) * EPOCH_S} for n in range(3)],
        "forecast": {
            "pool": {
                "draws_per_wave": 2,
                "place": ["1", "2", "3", "4"],
                "window": [[3600, 12000], [5000, 9000], [12000, 18500], [9000, 15000]],
                "load": [{"demand": 4}, {"demand": 3}, {"demand": 7}, {"demand": 5}],
                "service": [300, 300, 300, 300],
                "drop_unreachable": True,
            }
        },
    }


def main() -> None:
    """Write both files."""
    for name, instance in (("commune", commune()), ("epochs", parse(epochs()))):
        (HERE / f"{name}.json").write_text(_lines(json.loads(dump(instance))), "utf-8")


def _lines(whole: dict[str, Any]) -> str:
    """One line for each field, or for each row of a list of objects."""
    fields = []
    for name, value in whole.items():
        if isinstance(value, list) and value and isinstance(value[0], dict):
            rows = ",\n  ".join(json.dumps(row) for row in value)
            fields.append(f'"{name}": [\n  {rows}\n ]')
        else:
            fields.append(f'"{name}": {json.dumps(value)}')
    return "{\n " + ",\n ".join(fields) + "\n}\n"


if __name__ == "__main__":
    main()
