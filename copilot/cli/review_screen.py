"""The review on a terminal: one key an edge, the contested ones first."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from getpass import getuser
from typing import TYPE_CHECKING

from copilot.cli.console import Console
from copilot.domain.consensus import Consensus, ConsensusEdge, Status
from copilot.domain.edge_text import parse_edge
from copilot.domain.graph import CausalGraph, EdgeKind
from copilot.domain.review import Review
from copilot.domain.text import one_line, shown
from copilot.errors import CopilotError, GraphError, UsageError
from copilot.report.edges_table import strength
from copilot.workflow.review_session import Item, Question, ReviewSession

if TYPE_CHECKING:
    from rich.table import Table

_INSTEAD = "Review on a terminal, or accept the graph as it stands with --yes."
_ARROWS = {EdgeKind.DIRECTED: "→", EdgeKind.BIDIRECTED: "↔", EdgeKind.UNDIRECTED: "—"}
_KEYS: dict[Question, tuple[tuple[str, str], ...]] = {
    Question.EDGE: (("y", "keep"), ("n", "remove"), ("r", "reverse"), ("e", "edit")),
    Question.DIRECTION: (("1", "first way"), ("2", "second way"), ("y", "leave open"), ("n", "remove"), ("e", "edit")),
    Question.LATENT: (("y", "draw it"), ("n", "leave it out")),
    Question.REJECTED: (("y", "add it"), ("n", "leave it out"), ("r", "add it reversed"), ("e", "edit")),
}
_LEFT_OUT_WITHOUT_DIRECTION = (
    ("1", "add it the first way"),
    ("2", "the second way"),
    ("n", "leave it out"),
    ("e", "edit"),
)
_ALWAYS = (("w", "why"), ("a", "add an edge"), ("s", "skip"), ("u", "undo"), ("q", "quit and keep"))
Step = Callable[[str], ReviewSession]


def review_on_screen(console: Console, subject: Consensus | CausalGraph, start: ReviewSession | None = None) -> Review:
    """Lead a person through a graph.

    Parameters
    ----------
    console
        On a terminal.
    subject
        A voted graph, or one that nobody voted on.
    start
        An earlier review to go on with.

    Returns
    -------
    Review
        Complete if every question was answered and the graph accepted at the end.

    Raises
    ------
    UsageError
        If there is no terminal, or the input ends.
    """
    session = start or ReviewSession.start(subject, reviewer())
    console.insist(
        f"{len(session.items)} questions, the most doubtful first. A capital letter lets you say why.",
        style="bold",
    )
    while session.current is not None:
        done = _ask(console, session)
        if done is None:
            return session.finish(complete=False)
        session = done
    return _close(console, session)


def reviewer() -> str:
    """Name who sits at the terminal; a stand-in where the system does not know."""
    try:
        return getuser()
    except (OSError, KeyError, ImportError):
        return "somebody"


def _ask(console: Console, session: ReviewSession) -> ReviewSession | None:
    """Ask one question until there is an answer; ``None`` means quit and keep."""
    item = session.current
    if item is None:
        return session
    _show(console, session, item)
    keys = (*_keys(item), *_ALWAYS)
    offer = " · ".join(f"{key} {word}" for key, word in keys)
    while True:
        pressed = console.key(f"{offer} >", instead=_INSTEAD)
        key = pressed.lower()
        if key == "q":
            return None
        if key == "w":
            console.draw(_why(item))
        elif key in {name for name, _ in keys}:
            try:
                return _step(console, session, item, key, aloud=pressed != key)
            except CopilotError as error:
                console.insist(f"{error.message}. {error.reason} {error.advice}".rstrip(), label="no: ", style="red")
        else:
            console.insist("That key means nothing here.")


def _keys(item: Item) -> tuple[tuple[str, str], ...]:
    open_way = item.subject.kind is EdgeKind.UNDIRECTED
    return _LEFT_OUT_WITHOUT_DIRECTION if open_way and item.question is Question.REJECTED else _KEYS[item.question]


def _step(console: Console, session: ReviewSession, item: Item, key: str, *, aloud: bool) -> ReviewSession:
    """Do what a key says."""
    if key == "s":
        return session.skip()
    if key == "u":
        return session.undo()
    if key == "a":
        return _add(console, session)
    if key == "e":
        return _edit(console, session, item)
    reason = console.ask("Why?", instead=_INSTEAD) if aloud else ""
    step = _meaning(session, item, key)
    try:
        return step(reason)
    except UsageError as error:
        if reason or isinstance(error, GraphError):
            raise
        console.insist(f"{error.message}. {error.reason} {error.advice}".rstrip())
        return step(console.ask("Why? (nothing: leave it)", instead=_INSTEAD))


def _meaning(session: ReviewSession, item: Item, key: str) -> Step:
    """Give the step that a key stands for in this question."""
    here, there = item.subject.source, item.subject.target
    if item.question is Question.LATENT:
        return session.confound if key == "y" else session.remove
    if item.question is Question.REJECTED:
        ends = {"y": (here, there), "1": (here, there), "r": (there, here), "2": (there, here)}
        return (lambda reason: session.add(*ends[key], reason)) if key in ends else session.remove
    steps: dict[str, Step] = {
        "y": session.keep,
        "n": session.remove,
        "r": session.reverse,
        "1": lambda reason: session.orient(here, there, reason),
        "2": lambda reason: session.orient(there, here, reason),
    }
    return steps[key]


def _edit(console: Console, session: ReviewSession, item: Item) -> ReviewSession:
    """Let the person say how a pair should be joined, and why."""
    here, there = item.subject.source, item.subject.target
    question = f"{shown(here)} to {shown(there)}: ->, <-, <-> (unmeasured common cause) or none?"
    form = console.ask(question, instead=_INSTEAD)
    if form not in {"->", "<-", "<->", "none"}:
        raise UsageError(f"{form!r} is none of these", advice="Press e and try again.")
    reason = console.ask("Why?", instead=_INSTEAD)
    if form == "none":
        return session.remove(reason)
    if form == "<->":
        return session.confound(reason, instead=True)
    source, target = (here, there) if form == "->" else (there, here)
    current = item.current
    if current is None or current.kind is EdgeKind.BIDIRECTED:
        return session.add(source, target, reason)
    if current.kind is EdgeKind.UNDIRECTED:
        return session.orient(source, target, reason)
    return session.keep(reason) if current.source == source else session.reverse(reason)


def _add(console: Console, session: ReviewSession) -> ReviewSession:
    text = console.ask("Edge to add, as cause->effect (nothing: none):", instead=_INSTEAD)
    if not text:
        return session
    source, target = parse_edge(text, session.graph.names)
    return session.add(source, target, console.ask("Why? (may be empty)", instead=_INSTEAD))


def _close(console: Console, session: ReviewSession) -> Review:
    """Ask for the final word."""
    while True:
        edges = len(session.graph.edges)
        changed = sum(1 for decision in session.decisions if decision.before != decision.after)
        console.insist(f"All questions answered: {edges} edges, {changed} changed by you.", style="bold")
        key = console.key("y accept this graph · a add an edge · u undo · q keep without accepting >", instead=_INSTEAD)
        if key.lower() == "y":
            return session.finish(complete=True)
        if key.lower() == "q":
            return session.finish(complete=True).model_copy(update={"approved_by": None})
        if key.lower() == "u":
            session = session.undo()
            while session.current is not None:
                following = _ask(console, session)
                if following is None:
                    return session.finish(complete=False)
                session = following
        elif key.lower() == "a":
            try:
                session = _add(console, session)
            except CopilotError as error:
                console.insist(f"{error.message}. {error.advice}", label="no: ", style="red")


def _show(console: Console, session: ReviewSession, item: Item) -> None:
    from rich.text import Text

    place = f"{session.position + 1} of {len(session.items)}"
    console.draw(Text.assemble((f"\n{place}  ", "dim"), (_title(item), "bold")))
    for line in _lines(item):
        console.insist(f"  {line}")


def _title(item: Item) -> str:
    here, there = shown(item.subject.source), shown(item.subject.target)
    if item.latent is not None:
        return f"Suspected: {one_line(item.latent.name, 80)} ↔ {', '.join(map(shown, item.latent.affects))}"
    if item.question is Question.DIRECTION:
        return f"{here} — {there}: which way?  1 {here} → {there}   2 {there} → {here}"
    if item.question is Question.REJECTED and item.current is None:
        if item.subject.kind is EdgeKind.UNDIRECTED:
            return f"left out: {here} — {there}, direction open.  1 {here} → {there}   2 {there} → {here}"
        return f"left out: {here} → {there}"
    edge = item.current or item.subject
    return f"{shown(edge.source)} {_ARROWS[edge.kind]} {shown(edge.target)}"


def _lines(item: Item) -> list[str]:
    if item.latent is not None:
        return [f"{item.latent.votes} of {item.latent.valid} ballots. {one_line(item.latent.reason)}".rstrip()]
    if item.edge is None:
        return []
    lines = [_votes(item.edge)]
    if item.opposite is not None and item.opposite.support.votes:
        lines.append(f"the other way: {item.opposite.support.votes} of {item.opposite.support.valid} ballots")
    known = strength(item.edge)
    if known:
        lines.append(known)
    why = next((said.text for said in item.edge.rationales if said.stance == "for"), "")
    return [*lines, *([f"for: {why}"] if why else [])]


def _votes(edge: ConsensusEdge) -> str:
    if edge.status is Status.REQUIRED and not edge.support.valid:
        return "required by you"
    low, high = edge.support.interval
    sides = [
        f"{group.value} {support.votes} of {support.valid}"
        for group, support in sorted(edge.groups.items())
        if support.valid
    ]
    return f"ballots: {', '.join(sides) or 'none'}; 95 % interval {low:.2f} to {high:.2f}"


def _why(item: Item) -> Table:
    """Put reasons for and against side by side."""
    from rich.table import Table
    from rich.text import Text

    said = [] if item.edge is None else list(item.edge.rationales)
    if item.opposite is not None:
        said += [
            reason.model_copy(update={"stance": "reverse"})
            for reason in item.opposite.rationales
            if reason.stance == "for"
        ]
    sides: tuple[Sequence[str], Sequence[str]] = (
        [f"{reason.voter}: {reason.text}" for reason in said if reason.stance == "for"],
        [f"{reason.voter} ({reason.stance}): {reason.text}" for reason in said if reason.stance != "for"],
    )
    table = Table(title="Why", title_justify="left", show_lines=False, box=None, pad_edge=False, header_style="bold")
    table.add_column("for", overflow="fold", ratio=1)
    table.add_column("against, or otherwise", overflow="fold", ratio=1)
    for number in range(max(map(len, sides), default=0)):
        table.add_row(*[Text(side[number] if number < len(side) else "") for side in sides])
    if not said:
        table.add_row(Text("nobody gave a reason"), Text(""))
    return table
