"""Generates the committed Python of every contract from proto/ into proto/gen/; `--check` only compares."""

from __future__ import annotations

import filecmp
import shutil
import sys
import tempfile
from pathlib import Path

from grpc_tools import protoc

ROOT = Path(__file__).parent
GEN = ROOT / "gen"
WELL_KNOWN = Path(protoc.__file__).parent / "_proto"


def generate(into: Path) -> None:
    """Run protoc over every file below proto/chophien; raises SystemExit if it fails."""
    sources = sorted(str(path.relative_to(ROOT)) for path in (ROOT / "chophien").rglob("*.proto"))
    services = [name for name in sources if name.endswith("_service.proto")]
    base = ["protoc", f"-I{ROOT}", f"-I{WELL_KNOWN}"]
    if protoc.main([*base, f"--python_out={into}", f"--mypy_out=quiet:{into}", *sources]):
        raise SystemExit("protoc failed")
    if services and protoc.main(
        [*base, f"--grpc_python_out={into}", f"--mypy_grpc_out=quiet,only_async:{into}", *services]
    ):
        raise SystemExit("protoc failed for the services")


def same(left: Path, right: Path) -> list[str]:
    """Names of the generated files that differ between two trees, or stand in one only."""
    names = {str(path.relative_to(tree)) for tree in (left, right) for path in tree.rglob("*_pb2*.py*")}
    names = {name for name in names if "__pycache__" not in name}
    return sorted(
        name
        for name in names
        if not (left / name).exists()
        or not (right / name).exists()
        or not filecmp.cmp(left / name, right / name, False)
    )


def main() -> None:
    """Replace proto/gen/chophien, or with --check say what is stale and exit 1."""
    with tempfile.TemporaryDirectory() as folder:
        fresh = Path(folder)
        generate(fresh)
        if "--check" in sys.argv[1:]:
            stale = same(fresh / "chophien", GEN / "chophien")
            if stale:
                raise SystemExit("stale, run `make generate`: " + ", ".join(stale))
            return
        for name in same(fresh / "chophien", GEN / "chophien"):
            target = GEN / "chophien" / name
            if not (fresh / "chophien" / name).exists():
                target.unlink()
                continue
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(fresh / "chophien" / name, target)


if __name__ == "__main__":
    main()
