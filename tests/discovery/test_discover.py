"""The data's ballots, from a table to a `Discovery`."""

from __future__ import annotations

import multiprocessing
from collections import Counter
from collections.abc import Iterable
from typing import Any

import numpy as np
import pandas as pd
import pytest

from copilot.discovery import workers
from copilot.discovery.algorithms import ALGORITHMS
from copilot.discovery.dependence import Dependence
from copilot.discovery.discover import Discovery, discover
from copilot.domain.consensus import Constraints
from copilot.domain.graph import CausalGraph, EdgeKind
from copilot.domain.notice import Notice
from copilot.domain.variables import Kind
from copilot.domain.votes import AbstentionReason, GraphBallot, Group
from copilot.errors import ConfigurationError, GraphError, InputDataError

KINDS = {
    "age": Kind.CONTINUOUS,
    "region": Kind.CATEGORICAL,
    "smokes": Kind.BINARY,
    "visits": Kind.COUNT,
    "grade": Kind.ORDINAL,
    "bill": Kind.CONTINUOUS,
}
TRUE_PAIRS = {
    ("age", "smokes"),
    ("region", "smokes"),
    ("smokes", "visits"),
    ("age", "grade"),
    ("bill", "visits"),
    ("bill", "grade"),
}


def vote(frame: pd.DataFrame, kinds: dict[str, Kind] | None = None, **options: Any) -> Discovery:
    options = {"resamples": 10, "jobs": 1, "constraints": Constraints(), **options}
    return discover(frame, KINDS if kinds is None else kinds, seed=np.random.SeedSequence(7), **options)


def pairs_of(ballot: GraphBallot) -> set[tuple[str, str]]:
    return {(min(e.source, e.target), max(e.source, e.target)) for e in ballot.edges}


def adjacent(ballots: Iterable[GraphBallot], share: float = 0.5) -> set[tuple[str, str]]:
    ballots = list(ballots)
    counts = Counter(pair for ballot in ballots for pair in pairs_of(ballot))
    return {pair for pair, count in counts.items() if count >= share * len(ballots)}


def codes(notices: Iterable[Notice]) -> dict[str, Notice]:
    return {notice.code: notice for notice in notices}


def as_graph(ballot: GraphBallot) -> CausalGraph:
    ends = {kind: [(e.source, e.target) for e in ballot.edges if e.kind == kind] for kind in EdgeKind}
    return CausalGraph.build(ballot.asked, directed=ends[EdgeKind.DIRECTED], undirected=ends[EdgeKind.UNDIRECTED])


@pytest.mark.parametrize("algorithm", [algorithm.name for algorithm in ALGORITHMS])
def test_each_algorithm_recovers_a_mixed_skeleton(table: pd.DataFrame, algorithm: str) -> None:
    found = adjacent(vote(table, algorithms=(algorithm,)).ballots)

    assert found == TRUE_PAIRS


def test_an_unshielded_collider_is_directed_and_a_bare_pair_is_not(table: pd.DataFrame) -> None:
    both = vote(table)
    into = [e for b in both.ballots for e in b.edges if {e.source, e.target} == {"age", "smokes"}]
    pair = vote(table[["age", "grade"]])

    assert Counter((e.source, e.kind) for e in into)["age", EdgeKind.DIRECTED] >= 7
    assert {e.kind for b in pair.ballots for e in b.edges} == {EdgeKind.UNDIRECTED}


def test_ballots_alternate_between_algorithms_and_are_numbered(table: pd.DataFrame) -> None:
    ballots = vote(table, resamples=5).ballots

    assert [(b.voter.ballot, b.voter.source) for b in ballots] == [(n, ("pc", "boss")[n % 2]) for n in range(5)]
    assert {b.voter.group for b in ballots} == {Group.DATA}
    assert {b.asked for b in ballots} == {frozenset(table.columns)}


def test_every_ballot_is_a_graph_without_circles(table: pd.DataFrame) -> None:
    for ballot in vote(table, resamples=6).ballots:
        assert as_graph(ballot).names == tuple(sorted(table.columns))


def test_tiers_direct_every_edge_between_them(table: pd.DataFrame) -> None:
    tiers = (("age", "region"), ("smokes", "grade"), ("visits",), ("bill",))
    place = {name: number for number, tier in enumerate(tiers) for name in tier}
    found = vote(table, constraints=Constraints(tiers=tiers))

    for edge in (edge for ballot in found.ballots for edge in ballot.edges):
        if place[edge.source] != place[edge.target]:
            assert edge.kind == EdgeKind.DIRECTED
            assert place[edge.source] < place[edge.target]
    assert adjacent(found.ballots) == TRUE_PAIRS


def test_required_and_forbidden_edges_are_obeyed_on_every_ballot(table: pd.DataFrame) -> None:
    wishes = Constraints(require=(("region", "bill"),), forbid=(("age", "grade"), ("smokes", "age"), ("age", "smokes")))
    for ballot in vote(table, constraints=wishes).ballots:
        edges = {(e.source, e.target): e.kind for e in ballot.edges}
        assert edges["region", "bill"] == EdgeKind.DIRECTED
        assert ("age", "grade") not in edges
        assert ("age", "smokes") not in pairs_of(ballot)


@pytest.mark.parametrize(
    ("wishes", "words"),
    [
        (Constraints(require=(("age", "bill"),), forbid=(("age", "bill"),)), "required, and ruled out"),
        (Constraints(require=(("bill", "age"),), tiers=(("age",), ("bill",))), "required, and ruled out"),
        (Constraints(require=(("age", "bill"), ("bill", "grade"), ("grade", "age"))), "circle"),
        (Constraints(tiers=(("age",), ("age", "bill"))), "two tiers"),
    ],
)
def test_constraints_that_contradict_each_other_are_refused(
    table: pd.DataFrame, wishes: Constraints, words: str
) -> None:
    with pytest.raises(GraphError, match=words):
        vote(table, constraints=wishes)


def test_a_constraint_on_an_absent_column_is_counted(table: pd.DataFrame) -> None:
    found = vote(table, resamples=1, constraints=Constraints(forbid=(("age", "height"),)))

    assert codes(found.notices)["constraint_outside"].count == 1


def test_workers_and_serial_give_the_same_ballots(table: pd.DataFrame, monkeypatch: pytest.MonkeyPatch) -> None:
    serial = vote(table, resamples=8)
    monkeypatch.setattr(workers, "WORTH_WORKERS", 0.0)

    assert vote(table, resamples=8, jobs=2) == serial


def test_the_seed_is_read_and_not_advanced(table: pd.DataFrame) -> None:
    seed = np.random.SeedSequence(3)
    first, again = (discover(table, KINDS, resamples=4, seed=seed, constraints=Constraints(), jobs=1) for _ in range(2))

    assert first == again
    assert seed.n_children_spawned == 0


def test_an_interrupt_ends_the_workers(table: pd.DataFrame, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workers, "WORTH_WORKERS", 0.0)

    started = []

    def interrupt(done: int, _total: int) -> None:
        if done == 4:
            started.extend(multiprocessing.active_children())
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        vote(table, resamples=40, jobs=2, on_done=interrupt)
    for child in started:
        child.join(timeout=10)
    assert started
    assert all(child.exitcode is not None for child in started)


def test_dead_workers_cost_no_ballot(table: pd.DataFrame, monkeypatch: pytest.MonkeyPatch) -> None:
    serial = vote(table, resamples=12)
    monkeypatch.setattr(workers, "WORTH_WORKERS", 0.0)

    def kill(done: int, _total: int) -> None:
        if done == 3:
            for child in multiprocessing.active_children():
                child.kill()

    assert vote(table, resamples=12, jobs=2, on_done=kill) == serial


def test_a_resample_that_cannot_be_drawn_up_abstains(table: pd.DataFrame, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise np.linalg.LinAlgError("no luck")

    monkeypatch.setattr("copilot.discovery.discover.moments_of", fail)

    assert len(vote(table, resamples=3).abstentions) == 3


def test_progress_counts_to_the_end(table: pd.DataFrame) -> None:
    seen: list[tuple[int, int]] = []
    vote(table, resamples=3, on_done=lambda done, total: seen.append((done, total)))

    assert seen == [(1, 3), (2, 3), (3, 3)]


def test_a_failing_resample_abstains_with_one_line(table: pd.DataFrame, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise np.linalg.LinAlgError("no\nluck")

    monkeypatch.setattr(Dependence, "rows_behind", fail)
    found = vote(table, resamples=2)

    assert found.ballots == ()
    assert [(a.voter.ballot, a.reason) for a in found.abstentions] == [(n, AbstentionReason.FAULT) for n in range(2)]
    assert found.abstentions[0].detail == "LinAlgError: no luck"


def test_few_gaps_cost_rows_and_are_counted(table: pd.DataFrame) -> None:
    gappy = table.copy()
    gappy.loc[:399, "age"] = np.nan
    gappy.loc[300:499, "region"] = None
    found = vote(gappy)

    notice = codes(found.notices)["rows_dropped"]
    assert notice.count == 500
    assert "3,500 of 4,000" in notice.message
    assert "age 400, region 200" in notice.message
    assert adjacent(found.ballots) == TRUE_PAIRS


def test_many_gaps_are_compared_pairwise(table: pd.DataFrame) -> None:
    draw = np.random.default_rng(5)
    gappy = table.mask(draw.random(table.shape) < 0.2)
    found = vote(gappy)

    assert "rows_pairwise" in codes(found.notices)
    assert adjacent(found.ballots) == TRUE_PAIRS


def test_columns_that_are_never_seen_together_are_left_undecided(table: pd.DataFrame) -> None:
    split = table.copy()
    split.loc[:1999, "age"] = np.nan
    split.loc[2000:, "grade"] = np.nan
    for ballot in vote(split, resamples=4).ballots:
        assert ballot.unsure == (("age", "grade"),)
        assert ("age", "grade") not in pairs_of(ballot)


def test_constant_and_repeated_columns_are_set_aside(table: pd.DataFrame) -> None:
    odd = table.assign(one=1, empty=np.nan, months=table["age"] * 12, place=table["region"].str.upper())
    found = vote(
        odd, {**KINDS, "one": Kind.CONSTANT, "months": Kind.CONTINUOUS, "place": Kind.CATEGORICAL}, resamples=4
    )

    subjects = {(n.code, n.subject) for n in found.notices if n.subject}
    assert subjects == {
        ("column_without_variation", "one"),
        ("column_without_variation", "empty"),
        ("column_repeats", "months"),
        ("column_repeats", "place"),
    }
    assert found.ballots[0].asked == frozenset(table.columns)


def test_collinear_columns_are_named_and_do_no_harm(table: pd.DataFrame) -> None:
    shares = pd.get_dummies(table["region"], dtype=float)
    found = vote(pd.concat([table, shares], axis=1), resamples=4)

    assert len(found.ballots) == 4
    assert "columns_collinear" in codes(found.notices)


def test_a_column_with_hundreds_of_levels_is_lumped(table: pd.DataFrame) -> None:
    draw = np.random.default_rng(2)
    village = np.char.add("v", (draw.pareto(0.7, size=len(table)) * 3 % 400).astype(int).astype(str))
    found = vote(table.assign(village=village), resamples=2)

    notice = codes(found.notices)["levels_lumped"]
    assert notice.subject == "village"
    assert notice.count > 100


def test_infinite_and_unreadable_cells_count_as_missing(table: pd.DataFrame) -> None:
    odd = table.astype({"age": object, "bill": object})
    odd.loc[0, "age"] = "unknown"
    odd.loc[1, "bill"] = np.inf
    notices = vote(odd, resamples=1).notices

    assert {n.subject: n.count for n in notices if n.code == "cells_not_numeric"} == {"age": 1, "bill": 1}
    assert codes(notices)["rows_dropped"].count == 2


def test_nullable_and_date_columns_are_read(table: pd.DataFrame) -> None:
    day = pd.Timestamp("2020-01-01") + pd.to_timedelta(table["age"].rank(), unit="D")
    frame = table.convert_dtypes().assign(day=day).drop(columns="age")
    found = vote(frame, {**KINDS, "day": Kind.DATE}, resamples=4)

    assert ("day", "smokes") in adjacent(found.ballots)


@pytest.mark.parametrize("rows", [0, 1, 12, 29])
def test_a_short_table_is_refused(table: pd.DataFrame, rows: int) -> None:
    with pytest.raises(InputDataError, match=f"{rows} rows; at least 30"):
        vote(table.head(rows))


def test_thirty_rows_are_enough_to_answer(table: pd.DataFrame) -> None:
    found = vote(table.head(30), resamples=6)

    assert len(found.ballots) + len(found.abstentions) == 6


def test_a_table_with_nothing_to_compare_is_refused(table: pd.DataFrame) -> None:
    with pytest.raises(InputDataError, match="fewer than two columns"):
        vote(table[["age"]].assign(one=1))


def test_repeated_names_and_too_many_columns_are_refused(table: pd.DataFrame) -> None:
    with pytest.raises(InputDataError, match="name age stands twice"):
        vote(table[["age", "age", "bill"]])
    with pytest.raises(InputDataError, match="1,000 columns"):
        vote(pd.DataFrame(np.zeros((50, 1000)), columns=[f"c{n}" for n in range(1000)]))


@pytest.mark.parametrize(
    "option", [{"algorithms": ("magic",)}, {"algorithms": ()}, {"resamples": 0}, {"alpha": 1.0}, {"max_rows": 5}]
)
def test_settings_out_of_range_are_refused(table: pd.DataFrame, option: dict[str, Any]) -> None:
    with pytest.raises(ConfigurationError):
        vote(table, **option)


def test_a_large_table_draws_at_most_max_rows(table: pd.DataFrame) -> None:
    found = vote(table, resamples=2, max_rows=300)

    assert codes(found.notices)["resampling"].count == 300
    assert codes(found.notices)["rows_sampled"].count == 3_000


def test_scale_and_shape_of_a_number_do_not_matter(table: pd.DataFrame) -> None:
    bent = table.assign(age=np.exp(table["age"]) * 1e-12, bill=np.log(table["bill"]) * 1e17)

    assert vote(bent, resamples=4) == vote(table, resamples=4)
