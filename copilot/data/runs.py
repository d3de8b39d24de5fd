"""Run folders: one folder a run, every file in it written whole or not at all."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from copilot.data.atomic import write_atomic
from copilot.domain.value import content_hash
from copilot.errors import InputDataError, UsageError

RUNS_HOME = Path(".copilot") / "runs"
"""Where runs go if the user names no folder, below the current one."""
MANIFEST = "manifest.json"
CALLS = "calls.jsonl"
VOTES = "votes.json"
CONSENSUS = "consensus.json"
PROFILE = "profile.json"
NOTICES = "notices.json"
GRAPH = "graph.json"
DOT = "graph.dot"
DECISIONS = "decisions.json"
REPORT = "report.json"
PAGE = "report.html"
MARKDOWN = "report.md"
ANALYSIS = "analysis.json"
_ID = re.compile(r"^[0-9a-f]{12}(-\d+)?$")


def run_id_of(fingerprint: Any) -> str:
    """Name a run after what it computes: inputs, settings, seed and recorded answers.

    Returns
    -------
    str
        12 hexadecimal digits; the same for a repeated run.
    """
    return content_hash(fingerprint)[:12]


def to_json(data: Any) -> str:
    """Write JSON for a file: indented, in the order of its keys, ASCII, with a line end."""
    return json.dumps(data, indent=1, ensure_ascii=True, allow_nan=False) + "\n"


class RunFolder:
    """The folder of one run.

    Parameters
    ----------
    path
        The folder; made if it does not exist.

    Raises
    ------
    UsageError
        If it cannot be made.
    """

    def __init__(self, path: Path) -> None:
        try:
            path.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise UsageError(
                f"cannot make the run folder {str(path)!r}",
                reason=f"{error.strerror or error}.",
                advice="Name another one with --run-dir DIR.",
            ) from error
        self.path = path

    @classmethod
    def make(cls, run_id: str, chosen: Path | None = None, home: Path = RUNS_HOME) -> RunFolder:
        """Make the folder the user chose, or ``home/<run id>``; a repeated run gets a suffix, ``-2`` and so on.

        Raises
        ------
        UsageError
            If the chosen folder holds another run, whose files would be mixed with this one's.
        """
        if chosen is not None:
            folder = cls(chosen)
            if (chosen / MANIFEST).exists() and folder.read_json(MANIFEST).get("run_id") != run_id:
                if folder.came_to_nothing():
                    (chosen / ANALYSIS).unlink(missing_ok=True)
                    return folder
                raise UsageError(
                    f"{str(chosen)!r} holds another run",
                    reason="Its data, settings or answers were others; its graph and decisions would be lost.",
                    advice="Name another folder with --run-dir, or remove that one.",
                )
            return folder
        path, number = home / run_id, 1
        while (path / MANIFEST).exists():
            number += 1
            path = home / f"{run_id}-{number}"
        return cls(path)

    def came_to_nothing(self) -> bool:
        """Whether its run stopped before it had an answer, a graph, a decision or a number that would be lost."""
        stopped = self.read_json(MANIFEST).get("status") == "stopped"
        return stopped and {path.name for path in self.path.iterdir()} <= {MANIFEST, ANALYSIS}

    def write_text(self, name: str, text: str) -> Path:
        """Write a text file."""
        write_atomic(self.path / name, text)
        return self.path / name

    def write_json(self, name: str, data: Any) -> Path:
        """Write a JSON file."""
        return self.write_text(name, to_json(data))

    def read_json(self, name: str) -> Any:
        """Read one of the folder's JSON files.

        Raises
        ------
        InputDataError
            If it is missing or not JSON.
        """
        path = self.path / name
        try:
            return json.loads(path.read_text(encoding="utf-8"))
        except FileNotFoundError as error:
            raise InputDataError(
                f"the run {self.path.name} has no {name}",
                reason="It was stopped before that was written, or is not a run folder.",
                advice=f"`copilot runs resume {self.path.name}` goes on with it.",
            ) from error
        except (OSError, ValueError) as error:
            raise InputDataError(
                f"{path.name} of the run {self.path.name} cannot be read", reason=f"{error}."
            ) from error


class CallLog:
    """``calls.jsonl``: a part file while the run goes on, so that a crash loses nothing, and renamed at its end.

    Parameters
    ----------
    folder
        The run's folder.
    earlier
        Lines of the run that this one goes on with; the log only grows.
    """

    def __init__(self, folder: RunFolder, earlier: Sequence[str] = ()) -> None:
        self._final = folder.path / CALLS
        self._part = folder.path / f"{CALLS}.part"
        self._lines = list(earlier)
        self._stream = self._part.open("w", encoding="utf-8")

    def add(self, line: str) -> None:
        """Append one JSON line and hand it to the operating system at once."""
        self._lines.append(line)
        self._stream.write(line + "\n")
        self._stream.flush()

    def close(self) -> None:
        """Write the log in a stable order under its final name and drop the part file."""
        self._stream.close()
        if self._lines:
            write_atomic(self._final, "".join(f"{line}\n" for line in _one_a_call(self._lines)))
        self._part.unlink(missing_ok=True)


def gather_calls(folder: Path) -> Path | None:
    """Put the answers of a run that stopped, and of one that was killed, into one ``calls.jsonl``.

    Returns
    -------
    Path or None
        The file; ``None`` if the run has no answers.
    """
    lines: list[str] = []
    for place in (folder / CALLS, folder / f"{CALLS}.part"):
        if place.is_file():
            lines += place.read_text(encoding="utf-8").splitlines()
    if not lines:
        return None
    write_atomic(folder / CALLS, "".join(f"{line}\n" for line in _one_a_call(lines)))
    (folder / f"{CALLS}.part").unlink(missing_ok=True)
    return folder / CALLS


def _one_a_call(lines: Sequence[str]) -> list[str]:
    """Keep one line a call, in a stable order: the last valid answer, else the last; a line cut off by a crash goes."""
    kept: dict[str, tuple[bool, str]] = {}
    for line in lines:
        try:
            call = json.loads(line)
            key, valid = str(call["key"]), call["outcome"] == "valid"
        except (ValueError, KeyError, TypeError):
            continue
        if valid or not kept.get(key, (False, ""))[0]:
            kept[key] = (valid, line)
    return sorted(line for _, line in kept.values())


def find_run(name: str, home: Path = RUNS_HOME) -> RunFolder:
    """Find a run by its id, the beginning of its id, or its folder.

    Raises
    ------
    InputDataError
        If there is none, or more than one.
    """
    if (Path(name) / MANIFEST).is_file():
        return RunFolder(Path(name))
    found = [path for path in list_runs(home) if path.name == name] or [
        path for path in list_runs(home) if name and path.name.startswith(name)
    ]
    if len(found) == 1:
        return RunFolder(found[0])
    raise InputDataError(
        f"{'more than one run begins' if found else 'there is no run that begins'} with {name!r}",
        reason=f"Runs are looked for in {home}.",
        advice="`copilot runs list` shows them.",
    )


def list_runs(home: Path = RUNS_HOME) -> tuple[Path, ...]:
    """List the folders of all runs, the newest first."""
    return tuple(sorted(_runs(home), key=lambda path: (path / MANIFEST).stat().st_mtime_ns, reverse=True))


def _runs(home: Path) -> Iterator[Path]:
    if home.is_dir():
        yield from (path for path in home.iterdir() if _ID.match(path.name) and (path / MANIFEST).is_file())
