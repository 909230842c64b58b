"""`python -m tests.e2e.auditor RUN_DIR ACTORS OUT` audits a running stack from outside and writes its report.

Beside it lies `trace.json`, the spans of one whole order as Zipkin gives them.
"""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path

from laptop.layout import Layout

from tests.e2e.auditor.audit import report
from tests.e2e.auditor.collect import collect
from tests.e2e.auditor.traces import trace_of


def main(run_dir: str, actors: str, out: str) -> None:
    """Exit code 0 whatever was found; the report says it."""
    layout = Layout.attach(run_dir)
    evidence = asyncio.run(collect(layout, Path(actors)))
    content = report(evidence)
    if "zipkin" in layout.parts:
        content["trace_id"], spans = trace_of(evidence, layout.zipkin_url)
        _write(Path(out).with_name("trace.json"), spans)
    _write(Path(out), content)


def _write(file: Path, content: object) -> None:
    file.write_text(json.dumps(content, indent=1, ensure_ascii=False, default=str), "utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
