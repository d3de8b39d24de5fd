"""The review on a terminal: one key an edge, the contested ones first."""

from __future__ import annotations

from collections.abc import Callable
from getpass import getuser

from copilot.cli.console import Console
from copilot.cli.review_view import show, why
from copilot.domain.consensus import Consensus
from copilot.domain.edge_text import parse_edge
from copilot.domain.graph import CausalGraph, EdgeKind
from copilot.domain.review import Review
from copilot.domain.text import shown
from copilot.errors import CopilotError, GraphError, UsageError
from copilot.report.graph_file import acceptance
from copilot.workflow.review_session import Ending, Form, Item, Question, ReviewSession

_INSTEAD = "Review on a terminal, or accept the graph as it stands with --yes."
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
Answer = ReviewSession | Ending


def review_on_screen(
    console: Console,
    subject: Consensus | CausalGraph,
    start: ReviewSession | None = None,
    *,
    keep: Callable[[ReviewSession], None] | None = None,
) -> Review:
    """Lead a person through a graph.

    Parameters
    ----------
    console
        On a terminal.
    subject
        A voted graph, or one that nobody voted on.
    start
        A session to go on with.
    keep
        Given the session after every answer, so that the decisions so far can be written down and an interruption
        loses nothing; ``session.finish(Ending.KEEP)`` is what they have come to.

    Returns
    -------
    Review
        Accepted only if the person says so at the end.

    Raises
    ------
    UsageError
        If there is no terminal, or the input ends.
    """
    session = start or ReviewSession.start(subject, reviewer())
    _open(console, session)
    while True:
        answer = _ask(console, session) if session.current is not None else _close(console, session)
        if isinstance(answer, Ending):
            return _leave(console, session, answer)
        if keep is not None and answer is not session:
            keep(answer)
        session = answer


def reviewer() -> str:
    """Name who sits at the terminal; a stand-in where the system does not know."""
    try:
        return getuser()
    except (OSError, KeyError, ImportError):
        return "somebody"


def _open(console: Console, session: ReviewSession) -> None:
    console.insist(
        f"{len(session.items)} questions, the most doubtful first. A capital letter lets you say why.",
        style="bold",
    )
    if session.earlier is not None and session.earlier.approved_by is not None:
        console.insist(f"So far {acceptance(session.earlier)}; a change takes that back until you accept at the end.")


def _leave(console: Console, session: ReviewSession, ending: Ending) -> Review:
    """Close the gate, and say so if an earlier acceptance is lost by it."""
    review, earlier = session.finish(ending), session.earlier
    taken_back = session.takes_back and ending is Ending.KEEP
    if earlier is not None and (taken_back or (earlier.reviewed and not review.reviewed)):
        console.warn(f"the graph was {acceptance(earlier)}; now it is {acceptance(review)}")
    return review


def _ask(console: Console, session: ReviewSession) -> Answer:
    """Ask one question until there is an answer."""
    item = session.current
    if item is None:
        return session
    show(console, session, item)
    keys = (*_keys(item), *_ALWAYS)
    offer = " · ".join(f"{key} {word}" for key, word in keys)
    while True:
        pressed = console.key(f"{offer} >", instead=_INSTEAD)
        key = pressed.lower()
        if key == "q":
            return Ending.KEEP
        if key == "w":
            console.draw(why(item))
        elif key in {name for name, _ in keys}:
            try:
                return _step(console, session, item, key, aloud=pressed != key)
            except CopilotError as error:
                console.insist(f"{error.message}. {error.reason} {error.advice}".rstrip(), label="no: ", style="red")
        else:
            console.insist("That key means nothing here.")


def _keys(item: Item) -> tuple[tuple[str, str], ...]:
    """Offer the keys that mean something for what stands there now."""
    if item.question is Question.REJECTED and item.subject.kind is EdgeKind.UNDIRECTED:
        return _LEFT_OUT_WITHOUT_DIRECTION
    keys = _KEYS[item.question]
    if item.subject.kind is EdgeKind.BIDIRECTED:  # it has no direction to turn round
        return tuple((key, word) for key, word in keys if key != "r")
    return keys


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
        if key == "y" and item.subject.kind is EdgeKind.BIDIRECTED:
            return session.confound
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
    said = console.ask(question, instead=_INSTEAD)
    form = next((form for form in Form if form == said), None)
    if form is None:
        raise UsageError(f"{said!r} is none of these", advice="Press e and try again.")
    return session.become(form, console.ask("Why?", instead=_INSTEAD))


def _add(console: Console, session: ReviewSession) -> ReviewSession:
    text = console.ask("Edge to add, as cause->effect (nothing: none):", instead=_INSTEAD)
    if not text:
        return session
    source, target = parse_edge(text, session.graph.names)
    return session.add(source, target, console.ask("Why? (may be empty)", instead=_INSTEAD))


def _close(console: Console, session: ReviewSession) -> Answer:
    """Ask for the final word."""
    changed = sum(1 for decision in session.taken if decision.before != decision.after)
    done = f"{session.unanswered} questions skipped" if session.unanswered else "All questions answered"
    console.insist(f"{done}: {len(session.graph.edges)} edges, {changed} changed by you.", style="bold")
    while True:
        key = console.key("y accept this graph · a add an edge · u undo · q keep without accepting >", instead=_INSTEAD)
        match key.lower():
            case "y":
                return Ending.ACCEPT
            case "q":
                return Ending.KEEP
            case "u":
                return session.undo()
            case "a":
                try:
                    return _add(console, session)
                except CopilotError as error:
                    console.insist(f"{error.message}. {error.advice}", label="no: ", style="red")
            case _:
                console.insist("That key means nothing here.")
