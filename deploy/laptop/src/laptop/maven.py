"""Downloads from Maven Central that leave whole files or none; apart, because jgo takes its time to be imported."""

from __future__ import annotations

from pathlib import Path

from jgo.maven import Artifact, PythonResolver


class WholeFiles(PythonResolver):
    """Takes away what a broken or interrupted download leaves in Maven's cache under its final name."""

    def download(self, artifact: Artifact) -> Path | None:
        """The file of an artifact, fetched."""
        try:
            path: Path | None = super().download(artifact)
        except BaseException:
            if artifact.cached_path:
                artifact.cached_path.unlink(missing_ok=True)
            raise
        return path
