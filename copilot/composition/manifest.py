"""The manifest of a run: versions, settings with their origins, and how to do it again."""

from __future__ import annotations

import platform
from collections.abc import Sequence
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from copilot.composition.suggest import SuggestJob

_PACKAGES = ("causal-copilot", "openai", "pydantic", "networkx", "numpy", "pandas", "scipy", "dowhy")


def manifest_of(job: SuggestJob, arguments: Sequence[str], started: datetime, status: str) -> dict[str, Any]:
    """Describe a run as it stands.

    Parameters
    ----------
    job
        The run.
    arguments
        Of the command line, as given; keys are never among them.
    started
        When it began.
    status
        ``"running"``, ``"stopped"``, ``"voted"`` or ``"complete"``.
    """
    profile = job.profile
    return {
        "schema_version": 1,
        "run_id": job.run_id,
        "command": "suggest-graph",
        "arguments": list(arguments),
        "folder": str(Path.cwd()),
        "status": status,
        "started": started.isoformat(timespec="seconds"),
        "updated": datetime.now(UTC).isoformat(timespec="seconds"),
        "query": job.options.query.model_dump(mode="json"),
        "seed": job.settings.seed,
        "data": {"source": profile.source, "sha256": profile.sha256, "rows": profile.rows, "sampled": profile.sampled},
        "settings": {
            name: {"value": job.settings.shown(name), "origin": str(origin)}
            for name, origin in sorted(job.settings.origins.items())
        },
        "usage": dict(job.usage),
        "versions": {"python": platform.python_version(), **_versions()},
    }


def _versions() -> dict[str, str]:
    found = {}
    for name in _PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = "not installed"
    return found
