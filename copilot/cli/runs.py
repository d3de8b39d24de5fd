"""``copilot runs``: what was run, what came of it, how two runs differ, and going on with one that stopped."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from copilot.cli.command import Command
from copilot.cli.shell import Shell

if TYPE_CHECKING:
    from copilot.data.runs import RunFolder

NAME = "runs"
SUMMARY = "List, show, compare and resume runs."

RunName = Annotated[str, typer.Argument(metavar="RUN", help="Id of a run, its beginning, or its folder.")]


def list_all(shell: Shell) -> None:
    """List the runs kept below the current folder, the newest first.

    Examples
    --------
      $ copilot runs list
      $ copilot runs list --json
    """
    from copilot.data.runs import MANIFEST, RUNS_HOME, RunFolder, list_runs

    found = [(path.name, RunFolder(path).read_json(MANIFEST)) for path in list_runs()]
    if shell.json:
        keys = ("command", "status", "started", "approved_by", "graph_hash")
        shell.emit({"runs": [{"id": name, **{key: told.get(key) for key in keys}} for name, told in found]})
        return
    if not found:
        shell.console.say(f"There are no runs in {RUNS_HOME}.")
        return
    head = ("run", "command", "data", "started", "status", "accepted by")
    shell.console.table(head, [_row(name, told) for name, told in found])


def show(shell: Shell, run: RunName) -> None:
    """Show one run: its question, its voters, its graph, what it found and where everything is.

    Examples
    --------
      $ copilot runs show 3f2a
      $ copilot runs show demo-run --json
    """
    from copilot.data.runs import CONSENSUS, MANIFEST, find_run

    folder = find_run(run)
    manifest = folder.read_json(MANIFEST)
    files = sorted(path.name for path in folder.path.iterdir() if path.is_file() and not path.name.startswith("."))
    if shell.json:
        shell.emit({"manifest": manifest, "files": files}, run_id=manifest.get("run_id"))
        return
    console = shell.console
    console.table(("what", "value"), [(key, _plain(manifest.get(key))) for key in _SHOWN if key in manifest])
    if CONSENSUS in files:
        from copilot.domain.consensus import Consensus
        from copilot.report.edges_table import edges_table, summary

        consensus = Consensus.model_validate(folder.read_json(CONSENSUS))
        console.draw(edges_table(consensus, console.rich().width))
        console.say(summary(consensus))
    found = _found(folder)
    if found:
        console.say(found, label="Found: ", style="bold")
    if manifest.get("status") == "stopped":
        console.say(f"It was stopped: `copilot runs resume {run}` goes on with it.")
    console.say(f"Files in {folder.path}: {', '.join(files)}")


def diff(
    shell: Shell,
    first: RunName,
    second: Annotated[str, typer.Argument(metavar="OTHER", help="The run to compare it with.")],
) -> None:
    """Say how two runs differ: in their settings, edge by edge in their graphs, and in what they found.

    A run that was stopped before it had a graph, or that makes none, is compared by its settings alone.

    Examples
    --------
      $ copilot runs diff 3f2a 90bc
    """
    from copilot.data.runs import MANIFEST, find_run

    folders = [find_run(first), find_run(second)]
    names = [folder.path.name for folder in folders]
    manifests = [folder.read_json(MANIFEST) for folder in folders]
    data = [manifest.get("data", {}).get("sha256") for manifest in manifests]
    payload: dict[str, Any] = {
        **_graphs_compared(folders),
        "settings": _different(manifests[0].get("settings", {}), manifests[1].get("settings", {})),
        "same_data": None if None in data else data[0] == data[1],
        "found": [_found(folder) for folder in folders],
    }
    if shell.json:
        shell.emit(payload)
        return
    rows = [
        *[(edge, "yes", "no") for edge in payload["only_first"]],
        *[(edge, "no", "yes") for edge in payload["only_second"]],
        *[(name, _plain(pair[0]), _plain(pair[1])) for name, pair in payload["settings"].items()],
    ]
    here, there = payload["found"]
    if here != there:
        rows.append(("found", here or "nothing", there or "nothing"))
    if rows:
        shell.console.table(("edge or setting", *names), rows)
    shell.console.say(_in_words(payload, [str(manifest.get("command")) for manifest in manifests], names))


def _graphs_compared(folders: list[RunFolder]) -> dict[str, Any]:
    """Compare two graphs edge by edge; where one is not there, nothing is said of edges."""
    from copilot.data.runs import GRAPH
    from copilot.domain.graph import CausalGraph

    missing = [not (folder.path / GRAPH).is_file() for folder in folders]
    if any(missing):
        return {"same_graph": None, "only_first": [], "only_second": [], "in_both": None, "without_graph": missing}
    graphs = [CausalGraph.model_validate(folder.read_json(GRAPH)["graph"]) for folder in folders]
    edges = [{str(edge) for edge in graph.edges} for graph in graphs]
    return {
        "same_graph": graphs[0].content_hash == graphs[1].content_hash,
        "only_first": sorted(edges[0] - edges[1]),
        "only_second": sorted(edges[1] - edges[0]),
        "in_both": len(edges[0] & edges[1]),
        "without_graph": missing,
    }


def _in_words(payload: dict[str, Any], commands: list[str], names: list[str]) -> str:
    """Say in a sentence what two runs share."""
    lacking = [
        f"{name} ({command})"
        for name, command, missing in zip(names, commands, payload["without_graph"], strict=True)
        if missing
    ]
    shared = f"{payload['in_both']} edges in both"
    if lacking:
        shared = f"Edges are not compared: {' and '.join(lacking)} wrote no graph"
    if payload["same_data"] is None:
        return f"{shared}."
    return f"{shared}; {'the same data' if payload['same_data'] else 'different data'}."


def _found(folder: RunFolder) -> str:
    """Give the headline of a run that computed an effect, in a line; empty where there is none."""
    from copilot.data.runs import ANALYSIS
    from copilot.domain.analysis import Analysis
    from copilot.report.effect_screen import headline_text

    if not (folder.path / ANALYSIS).is_file():
        return ""
    analysis = Analysis.model_validate(folder.read_json(ANALYSIS))
    return headline_text(analysis) or (analysis.verdict.text if analysis.verdict is not None else "")


def resume(shell: Shell, run: RunName) -> int:
    """Go on with a run that stopped: the answers it has are used again, only the rest is asked.

    Examples
    --------
      $ copilot runs resume 3f2a
      $ copilot runs resume 3f2a --yes
    """
    from copilot.cli.app import run as run_command
    from copilot.data.runs import CONSENSUS, MANIFEST, find_run, gather_calls
    from copilot.errors import InputDataError, UsageError

    folder = find_run(run)
    manifest = folder.read_json(MANIFEST)
    arguments = _without([str(word) for word in manifest.get("arguments", [])], "--answers", "--run-dir")
    if not arguments:
        raise InputDataError(f"the run {folder.path.name} does not say how it was started")
    if manifest.get("status") in ("voted", "complete"):
        voted = (folder.path / CONSENSUS).is_file()
        raise UsageError(
            f"the run {folder.path.name} {'has all its votes' if voted else 'is complete'}",
            advice=f"Review it with: copilot review {folder.path}"
            if voted
            else f"`copilot runs show {run}` says what it found.",
        )
    if manifest.get("data", {}).get("source") == "-":
        raise UsageError(
            "a table that came from standard input cannot be read again",
            advice="Run the command once more; answers in the cache are not asked for twice.",
        )
    place = folder.path.resolve()
    answers = gather_calls(place)
    words = [*arguments, *([] if answers is None else ["--answers", str(answers)]), "--run-dir", str(place)]
    flags = (("--yes", shell.yes), ("--json", shell.json), ("-q", shell.quiet), ("-v", shell.verbose))
    words += [flag for flag, given in (*flags, ("--no-input", shell.no_input)) if given and flag not in arguments]
    started_in = (place / str(manifest.get("started_in", "."))).resolve()
    if not started_in.is_dir():
        raise InputDataError(f"the folder {str(started_in)!r}, where the run was started, is gone")
    os.chdir(started_in)
    shell.console.say(f"Going on with {manifest.get('command')}, run {manifest.get('run_id')}.")
    return run_command(words, shell.console)


def _without(arguments: list[str], *flags: str) -> list[str]:
    """Drop flags with their values; the last resume has put them there, or the user, and they are given anew."""
    kept, skip = [], False
    for word in arguments:
        if skip:
            skip = False
        elif word in flags:
            skip = True
        elif not word.startswith(tuple(f"{flag}=" for flag in flags)):
            kept.append(word)
    return kept


def _row(name: str, told: dict[str, Any]) -> tuple[str, ...]:
    accepted = told.get("approved_by") or "nobody"
    source = Path(str(told.get("data", {}).get("source", ""))).name
    return (name, str(told.get("command")), source, str(told.get("started")), str(told.get("status")), str(accepted))


def _different(first: dict[str, Any], second: dict[str, Any]) -> dict[str, tuple[Any, Any]]:
    names = sorted({*first, *second})
    pairs = {name: (first.get(name, {}).get("value"), second.get(name, {}).get("value")) for name in names}
    return {name: pair for name, pair in pairs.items() if pair[0] != pair[1]}


def _plain(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{key} {_plain(told)}" for key, told in value.items())
    if isinstance(value, list):
        return " ".join(str(part) for part in value)
    return "-" if value is None else str(value)


_SHOWN = (
    *("run_id", "command", "status", "started", "updated", "data", "seed"),
    *("approved_by", "reviewed", "graph_hash", "usage", "arguments", "versions"),
)

COMMANDS = (
    Command("list", "List runs, the newest first.", list_all),
    Command("show", "Show one run.", show),
    Command("diff", "Compare two runs.", diff),
    Command("resume", "Go on with a run that stopped.", resume),
)
