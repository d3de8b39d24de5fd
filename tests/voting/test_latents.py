from __future__ import annotations

from types import SimpleNamespace

from copilot.domain.consensus import VotingRules
from copilot.domain.votes import LatentVote, PairAnswer
from copilot.voting.consensus import form_consensus

ABCD = ("a", "b", "c", "d")
RULES = VotingRules()


def latent(name: str, *affects: str) -> LatentVote:
    return LatentVote(name=name, affects=affects, reason="hidden")


def test_pairs_join_into_groups_named_as_most_name_them(write: SimpleNamespace) -> None:
    voices = [
        (latent("Wealth", "a", "b", "c"),),
        (latent("wealth", "c", "b", "a"),),
        (latent("Wealth", "a", "b", "c"), latent("mood", "c", "d")),
        (latent("class", "a", "b"),),
    ]
    ballots = [write.ballot(i, names=ABCD, latents=voice) for i, voice in enumerate(voices)]
    found = form_consensus(ABCD, ballots=ballots, rules=RULES).latents
    assert [(one.name, one.affects, one.votes, one.valid) for one in found] == [("Wealth", ("a", "b", "c"), 3, 4)]
    assert found[0].reason == "hidden"


def test_one_voice_is_no_suggestion_and_common_cause_answers_are_voices(write: SimpleNamespace) -> None:
    ballots = [write.ballot(0, "a <-> b", names=ABCD), *write.many(3, start=1, names=ABCD)]
    assert form_consensus(ABCD, ballots=ballots, rules=RULES).latents == ()
    pairs = [write.answers(0, "b", "a", PairAnswer.COMMON_CAUSE), write.answers(1, "a", "b", PairAnswer.DONT_KNOW)]
    found = form_consensus(ABCD, ballots=ballots, pair_ballots=pairs, rules=RULES)
    assert [(one.affects, one.votes, one.valid) for one in found.latents] == [(("a", "b"), 2, 5)]
    assert found.latents[0].name == "unnamed common cause"
    assert not found.graph.edges


def test_among_many_ballots_a_quarter_is_needed(write: SimpleNamespace) -> None:
    voice = (latent("x", "a", "b"),)
    ballots = [write.ballot(i, names=ABCD, latents=voice if i < 4 else ()) for i in range(20)]
    assert form_consensus(ABCD, ballots=ballots, rules=RULES).latents == ()
    ballots = [write.ballot(i, names=ABCD, latents=voice if i < 5 else ()) for i in range(20)]
    assert len(form_consensus(ABCD, ballots=ballots, rules=RULES).latents) == 1


def test_more_groups_than_anyone_could_read_fall_back_to_pairs(write: SimpleNamespace) -> None:
    names = tuple(f"v{i:02}" for i in range(36))
    apart = {frozenset(names[i : i + 3]) for i in range(0, 36, 3)}
    pairs = [(a, b) for a in names for b in names if a < b and not any({a, b} <= group for group in apart)]
    voice = tuple(latent("x", a, b) for a, b in pairs)
    ballots = [write.ballot(i, names=names, latents=voice) for i in range(2)]
    found = form_consensus(names, ballots=ballots, rules=RULES).latents
    assert sorted(one.affects for one in found) == pairs
