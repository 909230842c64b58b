"""`python -m bench.planner.replay FILE.json…` replays instances; `--stdio` answers an outside environment."""

from __future__ import annotations

import argparse
import io
import json
import sys
import traceback
from collections.abc import Iterable, Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from shipping.domain.planning.errors import InvalidWave

from bench.planner.formats import SCHEMA, load_instance, schema
from bench.planner.instance import Instance
from bench.planner.ladder import POLICIES, make_policy
from bench.planner.pipes import changed, converse, one_line
from bench.planner.refusal import BadInstance
from bench.planner.roads import BrokenOrder, Ground, Sent
from bench.planner.simulate import Outcome, replay

USAGE = """
A file holds one instance; a folder means its *.json. One JSON line a file comes out: late parcels, money, CPU seconds.
The format stands in bench/planner/README.md ("The replay format") and in replay.schema.json;
bench/planner/examples/epochs.json and commune.json are small instances to begin with.

With --stdio every line in is an instance as far as it is known now: `waves` begins with the wave to be decided,
`parcels` are those that are known and not collected, `sent` (optional) are runs not home yet as {vehicle, leave, home},
`wave` (optional) is the wave's number in its day. Whatever a line leaves out is as in the line before.
Every line out is {"routes": [{"vehicle", "leave", "parcels": […]}], "held": […]},
or {"error": "field: what is wrong with it"}.

exit code: 0; 1 if a promise is late in an instance with late_forbidden; 2 if a file could not be replayed.
What is ignored, guessed or refused is said on the error output.
"""
LATE, REFUSED = 1, 2


def main(arguments: Sequence[str] | None = None) -> int:
    """Replay the files, or answer lines until they end."""
    stated = _stated()
    options = stated.parse_args(arguments)
    if options.schema:
        SCHEMA.write_bytes(schema())
        return 0
    if options.stdio:
        if isinstance(sys.stdin, io.TextIOWrapper):
            sys.stdin.reconfigure(encoding="utf-8", errors="replace")
        converse(sys.stdin, sys.stdout, options.policy, options.budget, options.seed)
        return 0
    if not options.files:
        stated.error("name a FILE.json, or --stdio")
    return max((_replayed(path, options) for path in _files(options.files)), default=REFUSED)


def _stated() -> argparse.ArgumentParser:
    stated = argparse.ArgumentParser(
        prog="python -m bench.planner.replay",
        description=__doc__,
        epilog=USAGE,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    stated.add_argument("files", nargs="*", type=Path, metavar="FILE.json")
    stated.add_argument("--stdio", action="store_true", help="one JSON line a wave in, one out")
    stated.add_argument("--policy", default="ours", choices=sorted(POLICIES), help="who decides; ours unless told")
    stated.add_argument(
        "--budget", metavar="SECONDS", type=_cpu_seconds, help="CPU seconds a wave, instead of the file's"
    )
    stated.add_argument("--seed", type=int, help="seed of the search, any whole number, instead of the file's")
    stated.add_argument("--runs", action="store_true", help="print every run as well")
    stated.add_argument("--schema", action="store_true", help="write the JSON Schema of the format and stop")
    return stated


def _cpu_seconds(text: str) -> float:
    try:
        if 0 <= (value := float(text)) < float("inf"):
            return value
    except ValueError:
        pass
    raise argparse.ArgumentTypeError(f"must be CPU seconds, none or more, found {text}")


def _files(paths: Iterable[Path]) -> Iterable[Path]:
    """The files, those of a folder in order; says what is not there."""
    for path in paths:
        if not path.is_dir():
            yield path
        elif found := sorted(path.glob("*.json")):
            yield from found
        else:
            yield path / "*.json"


def _replayed(path: Path, options: argparse.Namespace) -> int:
    """Replay one file and print its line; whatever is wrong with it, the others have their turn."""
    try:
        read = load_instance(path, lambda said: print(f"{path}: {said}", file=sys.stderr))
        instance = changed(read, options.budget, options.seed)
        outcome = replay(Ground(instance), make_policy(options.policy, Ground(instance)))
    except FileNotFoundError:
        return _refused(path, _missing(path))
    except OSError as error:
        return _refused(path, error.strerror or str(error))
    except (BadInstance, BrokenOrder, InvalidWave) as refusal:
        return _refused(path, one_line(refusal))
    except Exception as failure:
        traceback.print_exc(file=sys.stderr)
        return _refused(path, f"planner: failed with {type(failure).__name__} {one_line(failure)}")
    print(json.dumps({"file": str(path), "policy": options.policy, **summary(instance, outcome, options.runs)}))
    return LATE if instance.late_forbidden and outcome.late + outcome.born_late > 0 else 0


def _refused(path: Path, said: str) -> int:
    sys.stdout.flush()
    print(f"{path}: {said}", file=sys.stderr)
    return REFUSED


def _missing(path: Path) -> str:
    if path.name == "*.json":
        return "there is no *.json in this folder"
    near = sorted(one.name for one in path.parent.glob("*.json")) if path.parent.is_dir() else []
    meant = get_close_matches(path.name, near, 1)
    return "no such file" + (f"; {meant[0]} is meant?" if meant else f", from {Path.cwd()}")


def summary(instance: Instance, outcome: Outcome, runs: bool = False) -> dict[str, Any]:
    """What a replay cost, ready for JSON."""
    figures: dict[str, Any] = {
        "late": outcome.late,
        "born_late": outcome.born_late,
        "money": round(outcome.money, 3),
        "bill": round(outcome.bill, 3),
        "wait_h": round(outcome.wait_h, 2),
        "runs": outcome.runs,
        "solo_at_end": outcome.solo,
        "missed_at_door": outcome.missed,
        "parcels": outcome.parcels,
        "left": outcome.left,
        "cpu_s": round(outcome.cpu_s, 2),
        "wave_cpu_s_max": round(outcome.wave_cpu_s_max, 2),
        "budget": instance.budget,
        "seed": instance.seed,
    }
    if runs:
        figures["sent"] = [{name: getattr(run, name) for name in Sent.__slots__} for run in outcome.sent]
    return figures


if __name__ == "__main__":
    sys.exit(main())
