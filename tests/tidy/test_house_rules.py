"""The rules of CONTRIBUTING.md that a machine can check, over every tracked Python file."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FILE_LINES_MAX = 300
FUNCTION_LINES_MAX = 50
VAGUE = re.compile(r"(Manager|Helper|Util|Utils|Service)$")
SERVICES = ("catalog", "orders", "payments", "shipping")
KERNEL = "chassis/src/chassis/kernel.py"
ROOMS = {"domain", "app", "adapters", "entrypoints"}
SQL_CLOCK = re.compile(
    r"(?<![\w.])(?i:now|clock_timestamp|statement_timestamp|transaction_timestamp)\(\)"
    r"|\b(CURRENT_|LOCAL)(TIMESTAMP|TIME|DATE)\b|\bfunc\.(now|current_)"
)
REAL_TIMES = {"dead_letters.py", "effects.py", "effects_table.py", "inbox.py", "replay.py"}
"""Of the chassis: their tables have no business column. The outbox, the ticks and all aggregates have."""
DOORS = {"asyncio", "http", "io", "os", "pathlib", "socket", "sqlite3", "ssl", "subprocess", "threading", "urllib"}
"""Where the standard library reaches out."""
PLANNING = {"numpy", "pyvrp", "highspy"}
FILES = {"__init__.py", "__main__.py", "bootstrap.py", "settings.py", "py.typed"}


@cache
def tracked() -> tuple[Path, ...]:
    """Every file git knows, generated contracts left out."""
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    return tuple(ROOT / name for name in listed.splitlines() if not name.startswith("proto/gen/chophien"))


def sources() -> Iterator[tuple[Path, ast.Module]]:
    """Every Python file with its syntax tree."""
    for path in tracked():
        if path.suffix == ".py" and path.exists():
            yield path, ast.parse(path.read_text())


def named(path: Path, line: int = 0) -> str:
    """The file as people write it."""
    return f"{path.relative_to(ROOT)}:{line}" if line else str(path.relative_to(ROOT))


def test_no_file_is_longer_than_people_read() -> None:
    long = [named(path) for path, _ in sources() if len(path.read_text().splitlines()) > FILE_LINES_MAX]
    assert long == []


def test_no_function_is_longer_than_a_screen() -> None:
    long = [
        f"{named(path, node.lineno)} {node.name}"
        for path, tree in sources()
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and (node.end_lineno or 0) - node.lineno >= FUNCTION_LINES_MAX
        and "migrations" not in path.parts
    ]
    assert long == []


def test_every_module_says_its_job_first() -> None:
    silent = [
        named(path)
        for path, tree in sources()
        if tree.body and ast.get_docstring(tree) is None and "migrations" not in path.parts
    ]
    assert silent == []


def test_no_class_has_a_name_that_says_nothing() -> None:
    """`Service` of the wiring and classes that protobuf names are the words of their field."""
    vague = [
        f"{named(path, node.lineno)} {node.name}"
        for path, tree in sources()
        for node in ast.walk(tree)
        if isinstance(node, ast.ClassDef) and VAGUE.search(node.name) and node.name != "Service"
    ]
    assert vague == []


def test_every_todo_has_an_issue() -> None:
    loose = [
        named(path, number)
        for path, _ in sources()
        for number, line in enumerate(path.read_text().splitlines(), 1)
        if re.search(r"\b(TODO|FIXME|XXX)\b(?!\(#\d+\))", line) and path != Path(__file__)
    ]
    assert loose == []


def test_only_settings_read_the_environment() -> None:
    """In the services and the chassis; crash points and tracing honour the environment's own standards."""
    allowed = {"settings.py", "crash.py", "telemetry.py", "exporters.py", "env.py"}
    readers = [
        named(path)
        for path, _ in sources()
        if {"services", "chassis"} & set(path.relative_to(ROOT).parts[:1])
        and "tests" not in path.parts
        and "testing" not in path.parts
        and path.name not in allowed
        and re.search(r"os\.environ|os\.getenv", path.read_text())
    ]
    assert readers == []


def test_the_domain_asks_no_clock_and_no_dice() -> None:
    """Business time and ids are handed in."""
    asking = re.compile(r"datetime\.now|utcnow|time\.time\(|date\.today|random\.|uuid4|secrets\.")
    askers = [
        named(path)
        for path, _ in sources()
        if any(
            f"services/{service}/src/{service}/{room}/" in str(path)
            for service in SERVICES
            for room in ("domain", "app")
        )
        and asking.search(path.read_text())
    ]
    assert askers == []


def test_no_business_column_is_filled_by_the_clock_of_sql() -> None:
    """Business time can stand, run or jump; a server's `now()` would be of another day."""
    fillers = [
        named(path)
        for path in tracked()
        if re.match(r"(services/\w+/(src|migrations)|chassis/src)/", named(path))
        and path.exists()
        and SQL_CLOCK.search(path.read_text())
    ]
    assert fillers == [f"chassis/src/chassis/{name}" for name in sorted(REAL_TIMES)]


def test_nobody_publishes_in_batches_or_notifies() -> None:
    """`publish_batch` loses the order of a key; a NOTIFY takes a lock of the whole database at every commit."""
    unwanted = re.compile(r"\bpublish_batch\b|\bpg_notify\b|\bNOTIFY\b|\bLISTEN [a-z]")
    found = [
        named(path)
        for path in tracked()
        if re.match(r"(services|chassis|simulation)/", named(path))
        and path.suffix in {".py", ".sql"}
        and path.exists()
        and unwanted.search(path.read_text())
    ]
    assert found == []


def imported(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """Line and full name of everything a file imports, wherever in it."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import | ast.ImportFrom):
            home = f"{'.' * node.level}{node.module}." if isinstance(node, ast.ImportFrom) else ""
            yield from ((node.lineno, home + alias.name) for alias in node.names)


def may_import(path: str, name: str) -> bool:
    """Whether a file of `domain/` or `app/`, or the kernel, may know this; the layers are import-linter's."""
    package = name.partition(".")[0]
    if package in sys.stdlib_module_names:
        return package not in DOORS
    if path == KERNEL:
        return False
    planning = PLANNING if path.startswith("services/shipping/src/shipping/domain/planning/") else set()
    return package in {path.split("/")[1], *planning} or f"{name}.".startswith("chassis.kernel.")


def test_domain_and_app_know_the_standard_library_and_the_kernel_and_the_kernel_knows_less() -> None:
    """The planner knows its three libraries as well. import-linter cannot say "nothing but"."""
    strangers = [
        f"{named(path, line)} {name}"
        for path, tree in sources()
        if re.match(rf"services/\w+/src/\w+/(domain|app)/|{KERNEL}$", named(path))
        for line, name in imported(tree)
        if not may_import(named(path), name)
    ]
    assert strangers == []


@pytest.mark.parametrize(
    "planted",
    [
        "import msgspec",
        "import numpy as np",
        "from chassis import store",
        "from chassis.kernels import x",
        "def f():\n    import sqlalchemy",
        "import socket",
        "from urllib.request import urlopen",
        "from orders import domain",
    ],
)
def test_a_stranger_in_a_domain_is_seen(planted: str) -> None:
    [(_, name)] = imported(ast.parse(planted))
    assert not may_import("services/catalog/src/catalog/domain/stock.py", name)


def test_the_four_services_have_one_shape() -> None:
    for service in SERVICES:
        home = ROOT / "services" / service
        assert {"README.md", "pyproject.toml", "migrations", "tests", "src"} <= {p.name for p in home.iterdir()}, (
            service
        )
        rooms = {path.name for path in (home / "src" / service).iterdir() if path.name != "__pycache__"}
        assert rooms - FILES - {"wire.py", "wire", "reference"} == ROOMS, service


def test_no_path_of_a_machine_is_written_down() -> None:
    machine = re.compile(r"(^|[^A-Za-z0-9_.])/(work|root|Users)/")
    found = [
        named(path)
        for path in tracked()
        if path.exists()
        and path.suffix in {".py", ".md", ".toml", ".yaml", ".yml", ".proto", ""}
        and path.is_file()
        and path != Path(__file__)
        and machine.search(path.read_text(errors="ignore"))
    ]
    assert found == []


def test_the_lock_names_no_registry() -> None:
    assert "://" not in (ROOT / "requirements.lock").read_text()
    assert not list(ROOT.glob("**/uv.lock"))


def test_every_service_states_its_rpcs_in_the_access_table_and_the_contract() -> None:
    """An RPC without a row in `access.py` could be called by nobody; a row without an RPC is dead."""
    for service in SERVICES:
        proto = "".join(p.read_text() for p in (ROOT / "proto/chophien" / service / "v1").glob("*_service.proto"))
        rpcs = set(re.findall(r"^\s*rpc (\w+)\(", proto, re.M))
        table = (ROOT / "services" / service / "src" / service / "entrypoints/access.py").read_text()
        assert rpcs == set(re.findall(r'^\s+"(\w+)":', table, re.M)), service


def test_every_test_that_is_said_to_prove_something_exists() -> None:
    """`chassis/tests/README.md` maps the sentences of the design to the tests that would notice."""
    there = {
        node.name
        for path, tree in sources()
        if path.name.startswith("test_")
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test_")
    }
    rows = [row for row in (ROOT / "chassis/tests/README.md").read_text().splitlines() if row.startswith("| ")]
    proofs = {row.split(" | ")[0]: set(re.findall(r"`(test_\w+)`", row)) for row in rows if "---" not in row}
    assert {name for names in proofs.values() for name in names} - there == set()
    assert [sentence for sentence, names in proofs.items() if not names and sentence != "| sentence"] == []
