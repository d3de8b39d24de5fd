"""What every task shares: a prompt, its questions, and the way from replies back to ballots."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from copilot.domain.votes import Abstention
from copilot.elicitation.diversity import Plan, draw_plans
from copilot.elicitation.prompts import Prompt, load_prompt
from copilot.elicitation.schemas import Schema, as_text
from copilot.elicitation.setting import Setting
from copilot.elicitation.tasks import stream_of
from copilot.llm.asker import Asker, Question
from copilot.llm.completer import ChatRequest

B = TypeVar("B")
P = TypeVar("P")


@dataclass(frozen=True, slots=True)
class Sheet(Generic[P]):
    """One request of a ballot; a ballot over many variables has several sheets.

    Parameters
    ----------
    plan
        The ballot it belongs to.
    question
        What is sent, and how its reply is read.
    """

    plan: Plan
    question: Question[P]


@dataclass(frozen=True, slots=True)
class Gathered(Generic[B]):
    """The ballots of one task and those that could not be counted, both in order of their numbers."""

    ballots: tuple[B, ...]
    abstentions: tuple[Abstention, ...]


def deal(prompt_id: str, setting: Setting, votes: int) -> tuple[Prompt, tuple[Plan, ...]]:
    """Read the prompt of a task and deal out its ballots."""
    prompt = load_prompt(prompt_id, setting.prompts)
    return prompt, draw_plans(stream_of(prompt_id), prompt, setting.models, votes, setting.seed)


def sheet(
    setting: Setting, prompt: Prompt, plan: Plan, filled: dict[str, str], schema: Schema, read: Callable[[Any], P]
) -> Sheet[P]:
    """Make one request out of a prompt, what fills it in, and the schema of its reply."""
    messages = prompt.messages(
        {**filled, "context": setting.context_text(), "schema": as_text(schema)},
        persona=plan.voter.persona,
        wording=plan.voter.wording,
    )
    request = ChatRequest(
        task=prompt.id,
        prompt_version=prompt.version,
        model=plan.voter.source,
        messages=messages,
        schema_name=prompt.reply,
        reply_schema=schema,
        ballot=plan.voter.ballot,
        parameters=dict(setting.parameters),
    )
    return Sheet(plan=plan, question=Question(request=request, voter=plan.voter, read=read))


async def gather(
    asker: Asker,
    sheets: Sequence[Sheet[P]],
    merge: Callable[[Plan, Sequence[P]], B],
    on_done: Callable[[], None] | None = None,
) -> Gathered[B]:
    """Ask all sheets at once and put the readable ones of each ballot together.

    Parameters
    ----------
    asker
        Asks, repairs, caches and logs.
    sheets
        Those of one ballot share their plan.
    merge
        Makes one ballot out of the readable sheets of one plan, at least one.
    on_done
        Called once per sheet, for progress.

    Returns
    -------
    Gathered
        A ballot with no readable sheet is one abstention, with the reason of its first sheet.
    """
    outcomes = await asker.ask_all(
        [one.question for one in sheets], None if on_done is None else (lambda _outcome: on_done())
    )
    by_ballot: dict[int, tuple[Plan, list[P | Abstention]]] = {}
    for one, outcome in zip(sheets, outcomes, strict=True):
        by_ballot.setdefault(one.plan.voter.ballot, (one.plan, []))[1].append(outcome)
    ballots: list[B] = []
    abstentions: list[Abstention] = []
    for _, (plan, results) in sorted(by_ballot.items()):
        readable = [result for result in results if not isinstance(result, Abstention)]
        if readable:
            ballots.append(merge(plan, readable))
        else:
            abstentions.extend([result for result in results if isinstance(result, Abstention)][:1])
    return Gathered(ballots=tuple(ballots), abstentions=tuple(abstentions))
