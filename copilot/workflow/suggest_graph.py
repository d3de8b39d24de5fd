"""From variables to a voted graph: ballots, focused extra ballots on contested pairs, and the challenge round."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from copilot.domain.consensus import Consensus, Constraints, VotingRules
from copilot.domain.documents import Document
from copilot.domain.notice import Notice
from copilot.domain.variables import Query
from copilot.domain.votes import Votes
from copilot.voting.consensus import contested_pairs, form_consensus
from copilot.workflow.evidence import with_evidence
from copilot.workflow.progress import Progress, Silent

if TYPE_CHECKING:
    from copilot.discovery.discover import Discovery
    from copilot.elicitation.setting import Setting
    from copilot.llm.asker import Asker

MOST_CONTESTED = 120
"""Contested pairs that get focused ballots; the most doubtful first, the rest is said and left to the review."""


@dataclass(frozen=True, slots=True)
class SuggestPlan:
    """What is to be voted on, and by which rules.

    Parameters
    ----------
    names
        Variables of the graph, in file order.
    query, constraints, rules
        As the user gave them.
    votes
        Ballots per run, dealt out among the models.
    max_votes
        With the focused ballots on contested pairs.
    challenge
        Challengers; 0 for no challenge round.
    documents
        Those that ballots may quote.
    """

    names: tuple[str, ...]
    query: Query = Query()
    constraints: Constraints = Constraints()
    rules: VotingRules = VotingRules()
    votes: int = 7
    max_votes: int = 11
    challenge: int = 3
    documents: tuple[Document, ...] = ()


@dataclass(frozen=True, slots=True)
class Voices:
    """Who is asked; at least one of the two.

    Parameters
    ----------
    asker, setting
        A model and what is put before it.
    discover
        Draws ballots from the data.
    """

    asker: Asker | None = None
    setting: Setting | None = None
    discover: Callable[[Progress], Discovery] | None = None


@dataclass(frozen=True, slots=True)
class Suggestion:
    """The voted graph with every ballot behind it."""

    votes: Votes
    consensus: Consensus
    notices: tuple[Notice, ...] = field(default=())


async def suggest_graph(
    plan: SuggestPlan,
    voices: Voices,
    *,
    progress: Progress | None = None,
    keep: Callable[[Votes], None] = lambda _votes: None,
) -> Suggestion:
    """Gather votes and form the consensus.

    Parameters
    ----------
    plan
        What is voted on.
    voices
        Who votes.
    progress
        Is told of each stretch of work.
    keep
        Is given all votes so far after each round, so that a run that stops later has lost nothing.

    Raises
    ------
    QuorumError
        If fewer ballots than the quorum can be counted; `keep` has them.
    """
    bar = progress or Silent()
    votes = Votes()
    notices: tuple[Notice, ...] = ()
    if voices.asker is not None and voices.setting is not None:
        votes = await _first_ballots(plan, voices.asker, voices.setting, bar)
        keep(votes)
    if voices.discover is not None:
        found = voices.discover(bar)
        notices = found.notices
        votes = votes.model_copy(
            update={
                "ballots": (*votes.ballots, *found.ballots),
                "abstentions": (*votes.abstentions, *found.abstentions),
            }
        )
        keep(votes)
    consensus = consensus_of(plan, votes)
    if voices.asker is not None and voices.setting is not None:
        votes, more = await _focused_ballots(plan, voices.asker, voices.setting, bar, votes, consensus)
        notices = (*notices, *more)
        keep(votes)
        votes = await _challenge(plan, voices.asker, voices.setting, bar, votes)
        keep(votes)
        consensus = consensus_of(plan, votes)
    consensus, looked_up = with_evidence(consensus, votes.ballots, plan.documents)
    return Suggestion(votes=votes, consensus=consensus, notices=(*notices, *looked_up))


def consensus_of(plan: SuggestPlan, votes: Votes) -> Consensus:
    """Form the consensus of all votes by the plan's rules."""
    return form_consensus(
        plan.names,
        ballots=votes.ballots,
        abstentions=votes.abstentions,
        pair_ballots=votes.pair_ballots,
        challenge_ballots=votes.challenge_ballots,
        challenge_abstentions=votes.challenge_abstentions,
        constraints=plan.constraints,
        rules=plan.rules,
        query=plan.query,
    )


async def _first_ballots(plan: SuggestPlan, asker: Asker, setting: Setting, bar: Progress) -> Votes:
    from copilot.elicitation.graph_task import graph_sheets, merge_parts
    from copilot.elicitation.task import gather

    sheets = graph_sheets(setting, plan.votes)
    bar.start("Asking for ballots", len(sheets))
    found = await gather(asker, sheets, merge_parts, bar.advance)
    bar.done()
    return Votes(ballots=found.ballots, abstentions=found.abstentions)


async def _focused_ballots(
    plan: SuggestPlan, asker: Asker, setting: Setting, bar: Progress, votes: Votes, consensus: Consensus
) -> tuple[Votes, tuple[Notice, ...]]:
    from copilot.elicitation.pairs_task import merge_pairs, pair_sheets
    from copilot.elicitation.task import gather

    pairs = contested_pairs(consensus)
    extra = plan.max_votes - plan.votes
    if not pairs or extra < 1:
        return votes, ()
    notices: tuple[Notice, ...] = ()
    if len(pairs) > MOST_CONTESTED:
        left = len(pairs) - MOST_CONTESTED
        message = f"{left} contested pairs got no extra ballots; only the {MOST_CONTESTED} most doubtful did"
        notices = (Notice(code="contested_not_asked", count=left, message=message),)
    sheets = pair_sheets(setting, pairs[:MOST_CONTESTED], extra)
    bar.start(f"Asking again about {len(pairs[:MOST_CONTESTED])} contested pairs", len(sheets))
    found = await gather(asker, sheets, merge_pairs, bar.advance)
    bar.done()
    return votes.model_copy(update={"pair_ballots": found.ballots, "pair_abstentions": found.abstentions}), notices


async def _challenge(plan: SuggestPlan, asker: Asker, setting: Setting, bar: Progress, votes: Votes) -> Votes:
    from copilot.elicitation.challenge_task import challenge_sheets, merge_challenge
    from copilot.elicitation.task import gather

    if plan.challenge < 1:
        return votes
    sheets = challenge_sheets(setting, consensus_of(plan, votes).graph, plan.challenge)
    bar.start("Challenging every arrow and every absent pair", len(sheets))
    found = await gather(asker, sheets, merge_challenge, bar.advance)
    bar.done()
    return votes.model_copy(update={"challenge_ballots": found.ballots, "challenge_abstentions": found.abstentions})
