"""``copilot graph``: look at a graph file, in the terminal or as a picture."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from copilot.cli.command import Command
from copilot.cli.options import LongOutcome, Treatment
from copilot.cli.shell import Shell
from copilot.errors import UsageError

if TYPE_CHECKING:
    from copilot.data.graph_files import GraphDocument

NAME = "graph"
SUMMARY = "Look at a graph, in the terminal or as a picture."

GraphArgument = Annotated[str, typer.Argument(metavar="GRAPH", help="DOT, dagitty, GML or JSON; - is stdin.")]
PictureOutput = Annotated[
    Path | None,
    typer.Option(
        "-o", "--output", metavar="FILE", help="Write it here: .svg, .png, .mmd, .dot, .json, .gml, .dagitty."
    ),
]
Ascii = Annotated[bool, typer.Option("--ascii", help="Draw in the terminal without box-drawing characters.")]


def show(
    shell: Shell,
    graph: GraphArgument,
    *,
    treatment: Treatment = None,
    outcome: LongOutcome = None,
    output: PictureOutput = None,
    ascii_only: Ascii = False,
) -> None:
    """Draw a graph in the terminal, or write it as a picture or in another format.

    Causes stand to the left of their effects. A graph that is too wide or too tangled for boxes and arrows is listed
    by layers. Treatment and outcome are those the file marks, unless you name others. No Graphviz is needed.

    Examples
    --------
      $ copilot graph show graph.dot
      $ copilot graph show graph.dot -t smoking --outcome cancer -o graph.svg
      $ copilot graph show graph.dot -o graph.mmd
    """
    from copilot.cli.effect import tell
    from copilot.data.graph_files import read_graph
    from copilot.domain.edge_text import choose_names

    _check_output(output, graph)
    document = read_graph(graph)
    for notice in document.notices:
        tell(shell, notice.level, notice.message)
    given = {"treatment": treatment, "outcome": outcome}
    found = {
        role: choose_names([name], document.graph.names, role)[0] for role, name in given.items() if name is not None
    }
    document = document.model_copy(update=found)
    if document.treatment is not None and document.treatment == document.outcome:
        raise UsageError(
            "treatment and outcome are the same variable", advice="Name two different ones with -t and --outcome."
        )
    if output is not None:
        _write(document, output)
        shell.console.say(f"Written: {output}")
    if shell.json:
        _emit(shell, document, output)
    elif output is None:
        _draw(shell, document, ascii_only=ascii_only)


_PICTURES = (".svg", ".png")


def _check_output(output: Path | None, graph: str) -> None:
    """Refuse, before any work, a place that cannot be written and an ending that says no format."""
    from copilot.cli.places import check_place
    from copilot.data.graph_files import FORMATS

    check_place("-o", output, [] if graph == "-" else [Path(graph)])
    endings = (*_PICTURES, *(ending for known in FORMATS for ending in known.extensions))
    if output is not None and output.suffix.lower() not in endings:
        raise UsageError(
            f"the name {str(output)!r} does not say which format is meant",
            reason=f"Its ending is {output.suffix!r}.",
            advice=f"Use one of {', '.join(endings)}.",
        )


def _write(document: GraphDocument, output: Path) -> None:
    from copilot.data.atomic import write_atomic
    from copilot.data.graph_files import format_of, write_graph

    if output.suffix.lower() in _PICTURES:
        write_atomic(output, _picture(document, output.suffix.lower()))
        return
    graph, treatment, outcome = document.graph, document.treatment, document.outcome
    write_atomic(output, write_graph(graph, format_of(str(output)), treatment=treatment, outcome=outcome))


def _picture(document: GraphDocument, ending: str) -> str | bytes:
    from copilot.report.pictures.graph import draw_graph, graph_tips
    from copilot.report.pictures.listing import graph_sentence
    from copilot.report.pictures.roles import roles_of
    from copilot.report.pictures.svg import as_png, as_svg

    graph, treatment, outcome = document.graph, document.treatment, document.outcome
    figure = draw_graph(graph, treatment=treatment, outcome=outcome)
    if ending == ".png":
        return as_png(figure)
    tips = graph_tips(graph, roles_of(graph, treatment=treatment, outcome=outcome))
    return as_svg(figure, title="Causal graph", description=graph_sentence(graph), tips=tips, prefix="graph") + "\n"


def _emit(shell: Shell, document: GraphDocument, output: Path | None) -> None:

    from copilot.report.suggestion import graph_json

    graph = document.graph
    shell.emit(
        {
            "graph": graph_json(graph),
            "treatment": document.treatment,
            "outcome": document.outcome,
            "graph_hash": graph.content_hash,
            "output": None if output is None else str(output),
            "notices": [notice.model_dump(mode="json") for notice in document.notices],
        }
    )


def _draw(shell: Shell, document: GraphDocument, *, ascii_only: bool) -> None:
    from copilot.report.pictures.roles import roles_of
    from copilot.report.pictures.terminal import terminal_lines

    roles = roles_of(document.graph, treatment=document.treatment, outcome=document.outcome)
    width = shell.console.rich(result=True).width
    for line in terminal_lines(document.graph, width=width, roles=roles, ascii_only=ascii_only):
        shell.console.result(line)


COMMANDS = (Command("show", "Draw a graph in the terminal, or write it as a picture.", show),)
