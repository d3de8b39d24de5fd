"""What was understood of a question, in words and as JSON; and why one is turned down."""

from __future__ import annotations

from typing import Any

from copilot.domain.question import NO_COLUMN, Ambiguity, Choice, QuestionKind, ReadQuestion
from copilot.domain.text import shown

_KINDS = {
    QuestionKind.EFFECT.value: "an effect of one column on another",
    QuestionKind.PREDICTION.value: "a prediction",
    QuestionKind.ASSOCIATION.value: "what goes together, or a description",
    QuestionKind.UNANSWERABLE.value: "nothing that an effect in this table answers",
}
_INSTEAD = {
    QuestionKind.PREDICTION.value: "A prediction needs a model fitted for that; if you mean an effect, ask what "
    "changing one column does to another.",
    QuestionKind.ASSOCIATION.value: "A table of means or correlations answers it; if you mean an effect, ask what "
    "changing one column does to another.",
    QuestionKind.UNANSWERABLE.value: "Ask what changing one column of the table does to another.",
}
_OUTRIGHT = "Or name both columns yourself with `copilot analyze`, -t and -o."


def understood_line(read: ReadQuestion) -> str:
    """Say in one line what was understood, with the votes.

    Parameters
    ----------
    read
        Once nothing is ambiguous.
    """
    parts = [
        f"treatment: {_choice(read.treatment)}",
        f"outcome: {_choice(read.outcome)}",
        f"effect on: {'the treated' if read.target.value == 'ATT' else 'everybody'}{_count(read.target)}",
    ]
    if read.contrast is not None:
        control, active = read.contrast
        parts.append(f"contrast: {shown(active)} vs {shown(control)} ({read.contrast_votes} of {read.treatment.votes})")
    if read.source == "votes":
        where = f"{read.population} ({read.population_votes} of {read.treatment.votes})" if read.population else ""
        parts.append(f"population: {where or 'everybody'}")
    return "; ".join(parts)


def option_text(what: str, value: str) -> str:
    """Say one of the options of an ambiguity."""
    if what == "kind":
        return _KINDS.get(value, value)
    return "no column of the table" if value == NO_COLUMN else shown(value)


def ambiguity_text(one: Ambiguity) -> str:
    """Say what the voters make of one thing, in a clause."""
    told = ", ".join(f"{option_text(one.what, value)} ({votes or 'named as possible'})" for value, votes in one.options)
    return f"{one.what}: {told or 'no voter names a column'}"


def turned_down(read: ReadQuestion) -> tuple[str, str, str] | None:
    """Say what, why and what to do instead where no effect answers a question.

    Returns
    -------
    tuple or None
        Message, reason and advice; ``None`` if nothing speaks against going on.
    """
    kind = read.kind.value or QuestionKind.UNANSWERABLE.value
    words = f" In a voter's words: “{read.reason.rstrip('.')}”." if read.reason else ""
    if kind != QuestionKind.EFFECT:
        who = f"{read.kind.votes} of {read.kind.valid} voters read it so{_others(read.kind)}."
        if read.source == "words":
            who = "Words such as “predict”, “average” or “correlated” stand in it, and no model was asked."
        return f"the question asks for {_KINDS[kind]}", f"{who}{words}", f"{_INSTEAD[kind]} {_OUTRIGHT}"
    clear = {one.what for one in read.ambiguous}
    for what, choice in (("treatment", read.treatment), ("outcome", read.outcome)):
        if choice.value == NO_COLUMN and what not in clear:
            more = (
                "Add such a column to the table, say with --describe what its columns mean, or ask about another one."
            )
            return (
                f"no column of the table holds the {what} that the question is about",
                f"{choice.votes} of {choice.valid} voters say so{_others(choice)}.{words}",
                f"{more} {_OUTRIGHT}",
            )
    return None


def question_json(read: ReadQuestion) -> dict[str, Any]:
    """Give the object for ``question.json`` and the key ``question``."""
    return read.model_dump(mode="json")


def _choice(choice: Choice) -> str:
    return f"{shown(choice.value or '')}{_count(choice)}"


def _count(choice: Choice) -> str:
    if not choice.valid:
        return ""
    return f" ({'your choice; ' if choice.by_person else ''}{choice.votes} of {choice.valid})"


def _others(choice: Choice) -> str:
    told = ", ".join(f"{value or 'no column'} {votes}" for value, votes in choice.others)
    return f"; the others: {told}" if told else ""
