"""Focused extra ballots on contested pairs: cause, effect, neither, common cause, or don't know."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import Field

from copilot.domain.votes import PairAnswer, PairBallot, PairVote, Slip
from copilot.elicitation.diversity import Plan, shuffled
from copilot.elicitation.naming import Naming, Slips
from copilot.elicitation.schemas import TEXT, ReplyLine, listed, one_of, record
from copilot.elicitation.setting import Setting
from copilot.elicitation.task import Sheet, deal, sheet
from copilot.llm.replies import ReplyError

PROMPT = "judge-pairs"
PAIRS_A_SHEET = 40
"""More contested pairs than this are spread over several requests."""


class _Answer(ReplyLine):
    pair: str
    answer: PairAnswer
    reason: str = ""


class PairsReply(ReplyLine):
    """What a model sends back: one entry a pair."""

    pairs: list[_Answer] = Field(max_length=5_000)


@dataclass(frozen=True, slots=True)
class PairsPart:
    """One readable sheet in column names."""

    answers: tuple[PairVote, ...]
    slips: Slips


def pair_sheets(setting: Setting, pairs: Sequence[tuple[str, str]], votes: int) -> tuple[Sheet[PairsPart], ...]:
    """Make the requests for `votes` focused ballots on the given pairs, each with its own order and direction."""
    prompt, plans = deal(PROMPT, setting, votes)
    made = []
    for plan in plans:
        rng = plan.generator()
        naming = Naming(shuffled(setting.names, rng))
        order = shuffled(pairs, rng)
        turned = [
            (b, a) if flip else (a, b) for (a, b), flip in zip(order, rng.integers(0, 2, len(order)), strict=True)
        ]
        for start in range(0, len(turned), PAIRS_A_SHEET):
            shown = {f"p{n}": ends for n, ends in enumerate(turned[start : start + PAIRS_A_SHEET], start=1)}
            filled = {
                "variables": setting.variable_lines(naming),
                "pairs": "\n".join(
                    f"{p}: first {naming.id_of(a)}, second {naming.id_of(b)}" for p, (a, b) in shown.items()
                ),
            }
            entry = record(
                pair=one_of(list(shown)), reason=TEXT, answer=one_of([answer.value for answer in PairAnswer])
            )
            made.append(sheet(setting, prompt, plan, filled, record(pairs=listed(entry)), _Reader(naming, shown)))
    return tuple(made)


def merge_pairs(plan: Plan, parts: Sequence[PairsPart]) -> PairBallot:
    """Put the sheets of one ballot together."""
    answers = sorted((vote for part in parts for vote in part.answers), key=lambda vote: (vote.first, vote.second))
    return PairBallot(
        voter=plan.voter, answers=tuple(answers), slips=Slips.total(part.slips for part in parts).counts()
    )


class _Reader:
    """Reads the reply to one sheet."""

    def __init__(self, naming: Naming, shown: dict[str, tuple[str, str]]) -> None:
        self._naming, self._shown = naming, shown

    def __call__(self, data: Any) -> PairsPart:
        reply = PairsReply.model_validate(data)
        slips = Slips()
        votes: dict[str, PairVote] = {}
        for line in reply.pairs:
            label = line.pair.strip().lower()
            if label not in self._shown:
                slips.add(Slip.OUT_OF_SCOPE, line.pair)
            elif label in votes:
                slips.add(Slip.REPEATED, line.pair)
            else:
                first, second = self._shown[label]
                reason = self._naming.in_words(line.reason)
                votes[label] = PairVote(first=first, second=second, answer=line.answer, reason=reason)
        if not votes:
            raise ReplyError("it judges none of the pairs p1, p2, … that were listed")
        return PairsPart(answers=tuple(votes.values()), slips=slips)
