"""The life of one run: its folder, its log of calls, and a manifest that always says how far it got."""

from __future__ import annotations

import os
import platform
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from copilot import SCHEMA_VERSION, __version__
from copilot.composition.settings import Settings
from copilot.data.runs import MANIFEST, CallLog, RunFolder
from copilot.domain.documents import Document
from copilot.domain.variables import Query, TableProfile
from copilot.errors import CopilotError, ResumableError

PACKAGES = (
    *("dowhy", "econml", "scikit-learn", "pandas", "numpy", "scipy", "networkx"),
    *("pyarrow", "pydantic", "openai", "pypdf", "typer", "rich", "platformdirs", "pyyaml"),
)
"""Packages whose versions belong in a manifest and in `copilot doctor`."""


def package_versions() -> dict[str, str]:
    """Look up the installed versions of `PACKAGES`; one that is not installed is empty."""
    found = {}
    for name in PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = ""
    return found


class Run:
    """One run, as a context: the manifest says "running" on the way in, and what became of it on the way out.

    Parameters
    ----------
    folder
        Of the run.
    command, run_id, arguments
        What is run; `arguments` as typed, keys are never among them.
    settings, profile, query
        For the manifest; no profile where no table is read.
    earlier
        Lines of ``calls.jsonl`` that this run goes on with.
    done
        What the manifest says when all went well.
    usage
        What was used before this stretch of the run.
    resumable
        Whether answers were gathered that `copilot runs resume` could go on from.
    documents
        Brought as evidence, for the manifest.
    now, clock
        Time of day (UTC) and seconds for durations.
    """

    def __init__(
        self,
        folder: RunFolder,
        *,
        command: str,
        run_id: str,
        arguments: Sequence[str],
        settings: Settings,
        profile: TableProfile | None,
        query: Query,
        earlier: Sequence[str] = (),
        done: str = "voted",
        usage: Mapping[str, Any] | None = None,
        resumable: bool = True,
        documents: Sequence[Document] = (),
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.folder = folder
        nothing = {"requests": 0, "prompt_tokens": 0, "completion_tokens": 0, "cost_usd": 0.0}
        self.usage: dict[str, Any] = dict(usage or nothing)
        self._done = done
        self._now, self._clock = now, clock
        self._began = clock()
        self._earlier = tuple(earlier)
        self._resumable = resumable and not (profile is not None and profile.source == "-")
        self._told: dict[str, Any] = {
            "schema_version": SCHEMA_VERSION,
            "run_id": run_id,
            "command": command,
            "arguments": list(arguments),
            "started_in": os.path.relpath(Path.cwd(), folder.path),
            "started": now().isoformat(timespec="seconds"),
            "query": query.model_dump(mode="json"),
            "seed": settings.seed,
            "data": {}
            if profile is None
            else {
                "source": profile.source,
                "sha256": profile.sha256,
                "rows": profile.rows,
                "sampled": profile.sampled,
            },
            **({"evidence": [{"name": one.name, "sha256": one.sha256} for one in documents]} if documents else {}),
            "settings": {
                name: {"value": settings.shown(name), "origin": str(origin)}
                for name, origin in sorted(settings.origins.items())
            },
            "versions": {"copilot": __version__, "python": platform.python_version(), **package_versions()},
        }

    def __enter__(self) -> Self:
        """Open the log and write the first manifest."""
        self.log = CallLog(self.folder, self._earlier)
        self._write("running")
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        """Finish the log, say in the manifest how it ended, and in a resumable error how to go on."""
        self.log.close()
        self._write("stopped" if kind else self._done)
        how = f"Go on with: copilot runs resume {self.folder.path}"
        if isinstance(error, CopilotError):
            error.run_id = str(self._told["run_id"])
            if isinstance(error, ResumableError) and self._resumable:
                error.advice = f"{error.advice} {how}".strip()
        elif error is not None and self._resumable:
            error.add_note(f"The answers so far are kept. {how}")

    def _write(self, status: str) -> None:
        self.usage["wall_s"] = round(self._clock() - self._began, 3)
        updated = self._now().isoformat(timespec="seconds")
        self.folder.write_json(MANIFEST, {**self._told, "status": status, "updated": updated, "usage": self.usage})

    def note_usage(self, usage: Mapping[str, Any]) -> None:
        """Take over what the models have used."""
        self.usage = dict(usage)
