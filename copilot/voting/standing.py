"""Where each pair stands after the vote, with what the user knows and what the other group says."""

from __future__ import annotations

from collections.abc import Container, Mapping
from dataclasses import dataclass, field, replace
from fractions import Fraction

from copilot.domain.consensus import VotingRules
from copilot.domain.notice import Notice
from copilot.domain.text import shown
from copilot.domain.votes import Group
from copilot.voting.constraints import RuleBook, arrows_against
from copilot.voting.decide import Decision, decide
from copilot.voting.pairs import ALL_WAYS, Pair, Way, arrow_of, written
from copilot.voting.tally import Tally

HARDLY_EVER = Fraction(1, 10)
"""A pair that no more of the data's resamples draw is one in which the data see no dependence."""
NEARLY_ALWAYS = Fraction(9, 10)


@dataclass(frozen=True, slots=True)
class Standing:
    """Where one pair stands.

    Parameters
    ----------
    pair
        Its two names.
    tallies
        Per group that is present.
    decision
        Of the deciding group, within what the constraints allow.
    way
        The edge to draw, before circles are cut; ``None`` for none.
    weight
        What it would cost to cut it: a share of ballots or of challengers.
    doubtful
        Ways that a person should look at.
    changed
        Per way, what overruled the votes: ``"challenge"``, ``"require"``, ``"forbid"`` or ``"tiers"``.
    notes
        Per way, sentences for the reader.
    """

    pair: Pair
    tallies: Mapping[Group, Tally]
    decision: Decision
    way: Way | None
    weight: Fraction
    doubtful: frozenset[Way] = frozenset()
    changed: Mapping[Way, str] = field(default_factory=dict)
    notes: Mapping[Way, tuple[str, ...]] = field(default_factory=dict)

    @property
    def group(self) -> Group:
        """The group that decides: the models where they voted, else the data."""
        return deciding(self.tallies)

    @property
    def tally(self) -> Tally:
        """What the deciding group says."""
        return self.tallies[self.group]

    def votes(self, way: Way) -> int:
        """Ballots of the deciding group behind an edge that runs this way."""
        if way is self.decision.leader:
            return self.decision.votes
        if self.group is Group.DATA and way is Way.EITHER:
            return self.tally.drawn
        return self.tally.count(way)

    def noted(self, way: Way, *sentences: str) -> Standing:
        """Add sentences for the reader."""
        return replace(self, notes={**self.notes, way: (*self.notes.get(way, ()), *sentences)})

    def doubted(self, *ways: Way) -> Standing:
        """Mark ways as contested."""
        return replace(self, doubtful=self.doubtful.union(ways))

    def drew(self, way: Way) -> str:
        """Say how many ballots drew this, for people."""
        return f"{self.votes(way)} of {self.tally.valid} {BALLOTS[self.group]} drew {written(self.pair, way)}"


BALLOTS = {Group.LLM: "ballots", Group.DATA: "resamples"}
RULED_OUT = {"forbid": "is forbidden", "tiers": "runs against the time order"}


def deciding(groups: Container[Group]) -> Group:
    """Name the group whose votes make the graph, of those that are present."""
    return Group.LLM if Group.LLM in groups else Group.DATA


def stand(
    pair: Pair, tallies: Mapping[Group, Tally], rules: VotingRules, book: RuleBook
) -> tuple[Standing, list[Notice]]:
    """Decide on one pair, within the constraints.

    Returns
    -------
    tuple
        The standing, and a notice if a constraint overrules the votes.
    """
    group, tally = deciding(tallies), tallies[deciding(tallies)]
    open_ways, required = book.open_ways(pair), book.required_way(pair)
    free = decide(group, tally, rules.min_support)
    held = free if open_ways == ALL_WAYS else decide(group, tally, rules.min_support, open_ways)
    votes = Fraction(held.votes, tally.valid) if tally.valid else Fraction(0)
    standing = Standing(pair, tallies, held, held.way, votes, held.doubtful)
    if required is not None:
        standing = replace(standing, way=required, doubtful=frozenset())
    standing = _rule_marks(standing, book)
    said = _conflict(standing, free.way, free.votes, book) if free.way not in (None, standing.way) else ""
    if not said and required is not None and free.way is None and tally.valid:
        said = f"{written(pair, required)} is required; {standing.drew(required)}"
    if free.way is Way.EITHER and standing.way is not None and standing.way is not Way.EITHER:
        why = "a required edge" if required is not None else arrows_against(book, pair)
        why = {"tiers": "the time order", "forbid": "a forbidden edge"}.get(why, why)
        turned = replace(standing, changed={**standing.changed, standing.way: _oriented_by(book, pair, required)})
        standing = turned.noted(standing.way, f"the votes give no direction; {why} does")
    if Group.DATA in tallies and group is not Group.DATA:
        standing = _beside_the_data(standing, rules, open_ways)
    standing = _data_counts(standing)
    return standing, [_notice(said, pair)] if said else []


def conflict_notice(pair: Pair, message: str) -> Notice:
    """Say that a constraint overrules votes or challengers."""
    return _notice(message, pair)


def _notice(message: str, pair: Pair) -> Notice:
    return Notice(code="constraint_conflict", subject=" -- ".join(shown(name) for name in pair), message=message)


def _oriented_by(book: RuleBook, pair: Pair, required: Way | None) -> str:
    return "require" if required is not None else arrows_against(book, pair)


def _rule_marks(standing: Standing, book: RuleBook) -> Standing:
    required = book.required_way(standing.pair)
    marks = {way: book.against(*arrow_of(standing.pair, way)) for way in (Way.FORWARD, Way.BACKWARD)}
    if all(marks.values()):
        marks[Way.EITHER] = marks[Way.FORWARD]
    if required is not None:
        marks[required] = "require"
    return replace(standing, changed={way: mark for way, mark in marks.items() if mark})


def _conflict(standing: Standing, free: Way | None, votes: int, book: RuleBook) -> str:
    """Say which constraint overrules what the votes would draw; empty if it only gives a direction."""
    pair, tally, required = standing.pair, standing.tally, book.required_way(standing.pair)
    if free is None or (free is Way.EITHER and standing.way is not None):
        return ""
    drew = f"{votes} of {tally.valid} {BALLOTS[standing.group]} drew {written(pair, free)}"
    if required is not None:
        return f"{written(pair, required)} is required; {tally.count(required)} of {tally.valid} drew it, and {drew}"
    rule = arrows_against(book, pair) if free is Way.EITHER else book.against(*arrow_of(pair, free))
    said = f"{written(pair, free)} {RULED_OUT[rule]} and is left out; {drew}"
    if standing.way is None:
        return said
    return f"{said}; {written(pair, standing.way)} stands instead, with {standing.votes(standing.way)}"


def _beside_the_data(standing: Standing, rules: VotingRules, open_ways: frozenset[Way]) -> Standing:
    """Mark what the models draw and the data do not see, and the other way round; the data draw nothing here."""
    data = standing.tallies[Group.DATA]
    if not data.valid:
        return standing
    share = Fraction(data.drawn, data.valid)
    first, second = (shown(name) for name in standing.pair)
    count = f"{data.drawn} of {data.valid} resamples draw this pair"
    way = standing.way
    if way is not None and share <= HARDLY_EVER:
        said = standing.noted(way, f"the data see no dependence between {first} and {second}: {count}")
        return said if standing.changed.get(way) == "require" else said.doubted(way)
    if way is None and share >= NEARLY_ALWAYS and open_ways:
        found = standing.decision.leader
        if found is None:
            found = decide(Group.DATA, data, rules.min_support, open_ways).leader
        if found is not None:
            said = standing.noted(found, f"the data see a dependence between {first} and {second}: {count}")
            return said.doubted(found)
    return standing


def _data_counts(standing: Standing) -> Standing:
    """Say how the data's ballots split over the directions, where one number cannot."""
    data = standing.tallies.get(Group.DATA)
    if data is None or not data.drawn:
        return standing
    shown_way = standing.way if standing.way is not None else standing.decision.leader
    if shown_way is None or (shown_way is not Way.EITHER and data.count(shown_way) == data.drawn):
        return standing
    ways = [f"{written(standing.pair, way)} in {data.count(way)}" for way in Way if data.count(way)]
    return standing.noted(shown_way, f"of {data.valid} resamples, {' and '.join(ways)}")
