"""``copilot review``: question a graph edge by edge and accept it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from copilot.cli.shell import Shell

if TYPE_CHECKING:
    from copilot.data.runs import RunFolder
    from copilot.domain.review import Review

NAME = "review"
SUMMARY = "Go through a graph, one key an edge, and accept it."
_VOTING = frozenset({"suggest-graph", "analyze"})
"""Commands whose runs hold votes, unless a graph was given."""


def run(
    shell: Shell,
    graph: Annotated[str, typer.Argument(metavar="GRAPH|RUN", help="A graph file, or the id or folder of a run.")],
    *,
    output: Annotated[
        Path | None, typer.Option("-o", "--output", metavar="FILE", help="Write the accepted graph here.")
    ] = None,
) -> None:
    """Go through a graph edge by edge: keep, remove, reverse, ask why, add, undo; contested edges come first.

    A run is reviewed with its votes and reasons, and its folder is brought in step. A graph file is reviewed by itself.

    Examples
    --------
      $ copilot review 3f2a90bc1d22 -o graph.dot
      $ copilot review graph.dot -o accepted.dot
    """
    from copilot.cli.places import check_output
    from copilot.data.runs import MANIFEST, find_run

    path = Path(graph)
    check_output("-o", output)
    if path.is_file() or not ((path / MANIFEST).is_file() or _looks_like_a_run(graph)):
        _review_file(shell, graph, output)
    else:
        _review_run(shell, find_run(graph), output)


def _review_run(shell: Shell, folder: RunFolder, output: Path | None) -> None:
    from dataclasses import replace

    from copilot.cli.review_screen import review_on_screen, reviewer
    from copilot.composition.outcome import hanging_in, read_outcome, write_outcome
    from copilot.workflow.accept import approve
    from copilot.workflow.review_session import Ending, ReviewSession

    _check_votes(folder)
    outcome = read_outcome(folder)

    def keep(session: ReviewSession) -> None:
        write_outcome(replace(outcome, review=session.finish(Ending.KEEP)), folder, None)

    if shell.yes:
        review = approve(outcome.review)
    else:
        session = ReviewSession.start(outcome.consensus, reviewer(), outcome.review, hanging_in(folder))
        review = review_on_screen(shell.console, outcome.consensus, session, keep=keep)
    left = shell.yes and review is outcome.review
    outcome = replace(outcome, review=review)
    write_outcome(outcome, folder, output)
    _say(shell, review, str(output or folder.path / "graph.dot"), left=left)
    if shell.json:
        shell.emit(outcome.payload(), run_id=outcome.run_id)


def _check_votes(folder: RunFolder) -> None:
    """Refuse a run that never had votes to review, and say what can be reviewed instead.

    Raises
    ------
    UsageError
        If the run was given its graph as a file, or makes none.
    """
    from copilot.data.runs import CONSENSUS, DOT, MANIFEST
    from copilot.errors import UsageError

    manifest = folder.read_json(MANIFEST)
    words = [str(word) for word in manifest.get("arguments", [])]
    given = next((place for place, word in enumerate(words) if word.split("=")[0] == "--graph"), None)
    voting = manifest.get("command") in _VOTING and given is None
    if voting or (folder.path / CONSENSUS).is_file():
        return
    name, drawn = folder.path.name, folder.path / DOT
    file = None if given is None else (words[given].partition("=")[2] or " ".join(words[given + 1 : given + 2]))
    if drawn.is_file():
        file = str(drawn)
    raise UsageError(
        f"the run {name} has no votes to review",
        reason=f"It is a run of `copilot {manifest.get('command')}`"
        + (", which took its graph from a file; such a graph counts as accepted." if given is not None else "."),
        advice=f"Review the graph itself: copilot review {file} -o FILE"
        if file
        else f"`copilot runs show {name}` says what it holds.",
    )


def _review_file(shell: Shell, name: str, output: Path | None) -> None:
    from copilot.cli.review_screen import review_on_screen, reviewer
    from copilot.data.atomic import write_atomic
    from copilot.data.graph_files import format_of, read_graph
    from copilot.domain.variables import Query
    from copilot.report.graph_file import graph_text
    from copilot.report.suggestion import graph_json
    from copilot.workflow.accept import approve, propose
    from copilot.workflow.hanging import hanging_by_changes
    from copilot.workflow.review_session import ReviewSession

    document = read_graph(name)
    for notice in document.notices:
        shell.console.warn(notice.message)
    query = Query(treatment=document.treatment, outcome=document.outcome)
    if shell.yes:
        review = approve(propose(document.graph))
    else:
        session = ReviewSession.start(document.graph, reviewer(), hanging=hanging_by_changes(document.graph, query))
        review = review_on_screen(shell.console, document.graph, session)
    form = "dot" if output is None else format_of(str(output))
    text = graph_text(review.graph, form, review=review, query=query)
    if output is not None:
        write_atomic(output, text)
    _say(shell, review, str(output or "standard output"))
    if shell.json:
        decisions = [decision.model_dump(mode="json") for decision in review.decisions]
        shell.emit(
            {
                "graph": graph_json(review.graph),
                "graph_hash": review.graph.content_hash,
                "approved_by": review.approved_by,
                "reviewed": review.reviewed,
                "decisions": decisions,
            }
        )
    elif output is None:
        shell.console.result(text.rstrip("\n"))


def _say(shell: Shell, review: Review, place: str, *, left: bool = False) -> None:
    """Say who has accepted what, and where it is."""
    from copilot.report.graph_file import acceptance

    said = acceptance(review)
    stays = "; --yes changes nothing" if left else ""
    edges = len(review.graph.edges)
    shell.console.say(f"{said[0].upper()}{said[1:]}{stays}. {edges} edges. Written to {place}.")


def _looks_like_a_run(name: str) -> bool:
    return bool(name) and all(ch in "0123456789abcdef-" for ch in name)
