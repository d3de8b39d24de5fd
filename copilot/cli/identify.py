"""``copilot identify``: which computations give the effect under a graph, or why none does."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

import typer

from copilot.cli.bundles import Reading
from copilot.cli.shell import Shell
from copilot.errors import NotIdentifiableError, UsageError

if TYPE_CHECKING:
    from copilot.data.graph_files import GraphDocument
    from copilot.domain.graph import CausalGraph
    from copilot.domain.identification.values import OrientedIdentification
    from copilot.domain.notice import Notice

NAME = "identify"
SUMMARY = "Find every way to an effect under a graph, or why there is none."
_NODE = "node"

GraphArgument = Annotated[str, typer.Argument(metavar="GRAPH", help="DOT, dagitty, GML or JSON; - is stdin.")]
Treatments = Annotated[
    list[str] | None, typer.Option("-t", "--treatment", metavar="NAME", help="Whose effect; repeatable.")
]
Outcomes = Annotated[list[str] | None, typer.Option("-o", "--outcome", metavar="NAME", help="On what; repeatable.")]
Data = Annotated[
    str | None, typer.Option("--data", metavar="FILE", help="Nodes that are no columns of this table are unobserved.")
]
Adjust = Annotated[
    str | None, typer.Option("--adjust", metavar="NAMES", help="Is this set valid? Commas between; '' for none.")
]
Must = Annotated[
    list[str] | None, typer.Option("--must-adjust", metavar="NAMES", help="Only sets that hold these; repeatable.")
]
Never = Annotated[
    list[str] | None, typer.Option("--never-adjust", metavar="NAMES", help="Only sets without these; repeatable.")
]
Effect = Annotated[str, typer.Option("--effect", metavar="total|direct", help="All paths, or the arrow alone.")]
Costs = Annotated[
    list[str] | None,
    typer.Option("--cost", metavar="NAME=NUMBER", help="Price of measuring a variable, for the cheapest set."),
]
Limit = Annotated[int, typer.Option("--limit", metavar="N", min=1, max=100_000, help="Sets listed at most.")]


def run(
    shell: Shell,
    graph: GraphArgument,
    *,
    treatment: Treatments = None,
    outcome: Outcomes = None,
    data: Data = None,
    adjust: Adjust = None,
    force: Annotated[bool, typer.Option("--force", help="Exit 0 although --adjust names a bad set.")] = False,
    must: Must = None,
    never: Never = None,
    effect: Effect = "total",
    cost: Costs = None,
    limit: Limit = 100,
    reading: Reading = Reading(),
) -> int | None:
    """List every way to the effect that the graph offers, from the graph alone; no data are looked at.

    Minimal adjustment sets and the one with the lowest variance, front doors, (conditional) instruments, and the
    general expression; or the paths that cannot be blocked, and what would help (exit 6). Edges without a direction
    are tried both ways.

    Examples
    --------
      $ copilot identify graph.dot -t smoking -o cancer
      $ copilot identify graph.dot -t smoking -o cancer --data study.csv --json
      $ copilot identify graph.dot -t smoking -o cancer --adjust age,tar
    """
    from copilot.cli.effect import tell
    from copilot.domain.edge_text import choose_names

    drawn, found, notices = _found(
        shell, _Asked(graph, treatment, outcome, data, must, never, effect, cost, limit), reading
    )
    for notice in notices:
        tell(shell, notice.level, notice.message)
    named = choose_names([adjust] if adjust else [], drawn.names, _NODE)
    asked = None if adjust is None else _objections(drawn, found, named)
    refused = None if asked is None or asked["valid"] or force else _refusal(asked)
    _give(shell, drawn, found, notices, asked, refused)
    if refused is not None:
        raise refused
    # Identified in every direction of the open edges, though not in one way, is identified: the groups say how.
    if not found.common.strategies and not found.common.identifiable:
        shell.console.say("Not identifiable: no strategy is open under this graph (exit 6).", style="bold")
        return NotIdentifiableError.exit_code
    return None


@dataclass(frozen=True, slots=True)
class _Asked:
    """What is asked of which graph, as typed."""

    graph: str
    treatment: list[str] | None
    outcome: list[str] | None
    data: str | None
    must: list[str] | None
    never: list[str] | None
    effect: str
    cost: list[str] | None
    limit: int


def _found(
    shell: Shell, asked: _Asked, reading: Reading
) -> tuple[CausalGraph, OrientedIdentification, tuple[Notice, ...]]:
    """Read the graph, lay it beside the table if one was named, and identify."""
    from copilot.cli.effect import word
    from copilot.data.graph_files import check_columns, read_graph
    from copilot.domain.edge_text import choose_names
    from copilot.domain.identification.orientations import identify_oriented
    from copilot.domain.identification.values import EffectKind

    kind = word("--effect", asked.effect, {str(one): one for one in EffectKind})
    document = read_graph(asked.graph)
    drawn, notices = document.graph, document.notices
    if asked.data is not None:
        from copilot.data.tables import read_table

        profile = read_table(asked.data, reading.options()).profile
        drawn, more = check_columns(drawn, profile.names, asked.graph)
        notices = (*notices, *more)
    found = identify_oriented(
        drawn,
        _named(shell, "treatment", asked.treatment, document),
        _named(shell, "outcome", asked.outcome, document),
        effect=kind,
        must=choose_names(asked.must or (), drawn.names, _NODE),
        never=choose_names(asked.never or (), drawn.names, _NODE),
        limit=asked.limit,
        costs=_costs(asked.cost, drawn.names),
    )
    return drawn, found, (*notices, *found.common.notices)


def _give(
    shell: Shell,
    drawn: CausalGraph,
    found: OrientedIdentification,
    notices: tuple[Notice, ...],
    asked: dict[str, Any] | None,
    refused: UsageError | None,
) -> None:
    """Write the answer for a script or a person, and into the folder if one was named."""
    from copilot.cli.failures import error_json
    from copilot.report.identified import identification_json, identification_lines

    payload = {**identification_json(found), "graph_hash": drawn.content_hash, "adjust": asked}
    payload["notices"] = [notice.model_dump(mode="json") for notice in notices]
    if shell.run_dir is not None:
        _keep(shell, payload)
    if shell.json:
        if refused is not None:
            payload["error"] = error_json(refused, refused.exit_code)
        shell.emit(payload, run_id=_run_id(payload, shell))
        return
    for line in (*identification_lines(found), *_said_of(asked, force=refused is None)):
        shell.console.result(line)


def _named(shell: Shell, role: str, given: list[str] | None, document: GraphDocument) -> tuple[str, ...]:
    """Take the names that were given, else the marked node, else ask."""
    from copilot.cli.asking import ask_for_name
    from copilot.domain.edge_text import choose_names

    if given:
        return choose_names(given, document.graph.names, role)
    marked = getattr(document, role)
    return (marked if marked is not None else ask_for_name(shell, role, document.graph.names),)


def _objections(graph: Any, found: OrientedIdentification, names: tuple[str, ...]) -> dict[str, Any]:
    from copilot.domain.identification.objections import objections_to

    said = objections_to(graph, found, names)
    return {"set": list(names), "valid": not said, "objections": list(said)}


def _said_of(asked: dict[str, Any] | None, *, force: bool) -> list[str]:
    """Say that a set is valid, or with --force why it is not; without, the refusal says it."""
    if asked is None:
        return []
    if asked["valid"]:
        return [f"Adjusting for {_set_of(asked)} is valid under this graph."]
    if not force:
        return []
    return [f"Adjusting for {_set_of(asked)} is not valid under this graph: {' '.join(asked['objections'])}"]


def _refusal(asked: dict[str, Any]) -> UsageError:
    return UsageError(
        f"adjusting for {_set_of(asked)} does not give the effect under this graph",
        reason=" ".join(asked["objections"]),
        advice="Take one of the sets above; --force on `copilot estimate` insists, and the report says so.",
    )


def _set_of(asked: dict[str, Any]) -> str:
    return "{" + ", ".join(asked["set"]) + "}"


def _costs(given: list[str] | None, names: tuple[str, ...]) -> dict[str, float] | None:
    from copilot.domain.edge_text import choose_names

    costs = {}
    for text in given or ():
        name, _, price = text.rpartition("=")
        try:
            value = float(price)
        except ValueError:
            value = -1.0
        if not (name and 0 < value < float("inf")):
            raise UsageError(f"--cost cannot be {text!r}", advice="Say --cost NAME=NUMBER, the number above 0.")
        costs[choose_names([name], names, _NODE)[0]] = value
    return costs or None


def _run_id(payload: dict[str, Any], shell: Shell) -> str:
    from copilot.data.runs import run_id_of

    return run_id_of({"command": NAME, "payload": payload, "seed": shell.seed or 0})


def _keep(shell: Shell, payload: dict[str, Any]) -> None:
    """Write the answer into the folder that was named."""
    from copilot import SCHEMA_VERSION
    from copilot.data.runs import REPORT, RunFolder

    if shell.run_dir is None:
        return
    head = {"schema_version": SCHEMA_VERSION, "command": NAME, "run_id": _run_id(payload, shell)}
    RunFolder(shell.run_dir).write_json(REPORT, {**head, **payload})
