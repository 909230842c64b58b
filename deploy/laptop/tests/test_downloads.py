"""An interrupted download is fetched again, from a repository of our own on the loopback."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from jgo.maven import MavenContext
from laptop.maven import WholeFiles

POM = b"<project/>" * 2000


class _Repository(BaseHTTPRequestHandler):
    """Breaks the line in the middle of the first answer."""

    asked = 0

    def do_GET(self) -> None:
        if self.path.endswith(".sha1"):
            self.send_error(404)
            return
        type(self).asked += 1
        self.send_response(200)
        self.send_header("Content-Length", str(len(POM)))
        self.end_headers()
        self.wfile.write(POM if self.asked > 1 else POM[: len(POM) // 2])

    def log_message(self, format: str, *args: object) -> None:
        """Says nothing."""


@pytest.fixture
def repository() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), _Repository) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def test_half_a_file_is_not_left_behind(repository: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    context = MavenContext(resolver=WholeFiles(), repo_cache=tmp_path, local_repos=[], remote_repos={"own": repository})
    pom = context.project("vn.chophien", "goods").at_version("1").artifact(packaging="pom")
    with pytest.raises(OSError, match="IncompleteRead"):
        pom.resolve()
    assert not pom.cached_path.exists()
    assert pom.resolve().read_bytes() == POM
