from __future__ import annotations

import math
from collections.abc import Callable

import pytest
from matplotlib.figure import Figure
from matplotlib.text import Text

from copilot.domain.bounds import Bound
from copilot.domain.effects import Estimate, Question, Refutation, Status
from copilot.domain.identification.values import Strategy
from copilot.domain.many_graphs import DesignEffect, EdgeState, GraphSource, ManyGraphs, PivotalEdge, StateEffect
from copilot.domain.sensitivity import Benchmark, Sensitivity
from copilot.report.pictures.bounds import bounds_chart
from copilot.report.pictures.forest import forest
from copilot.report.pictures.many_graphs import pivotal_edges, spread
from copilot.report.pictures.overlap import Overlap, overlap
from copilot.report.pictures.refuters import refutation_draws
from copilot.report.pictures.sensitivity import sensitivity_map
from copilot.report.pictures.spans import span_of
from copilot.report.pictures.style import new_figure
from copilot.report.pictures.svg import as_png, as_svg

NASTY = "<b>$x^2$ & co"


def estimate(
    name: str, value: float, interval: tuple[float, float] | None = None, *, headline: bool = False
) -> Estimate:
    return Estimate(
        estimator=name, strategy=Strategy.BACKDOOR, value=value, interval=interval, n=9, unit="kg", headline=headline
    )


def refutation(draws: tuple[float, ...]) -> Refutation:
    return Refutation(
        refuter="placebo", question=Question.SOUNDNESS, status=Status.PASSED, draws=draws, message="m", blind_spot="b"
    )


ESTIMATES = [
    estimate("linear", -9.0, (-12.0, -6.0), headline=True),
    estimate(NASTY, -8.0, (-11.0, -5.0)),
    estimate("iv", 3.0, (-500.0, 500.0)),
    estimate("bare", -7.0),
]
SENSITIVITY = Sensitivity(
    robustness_value=0.32,
    robustness_value_alpha=0.2,
    partial_r2=0.1,
    benchmarks=tuple(
        Benchmark(variable=NASTY, k=k, r2_treatment=0.05 * k, r2_outcome=0.1 * k, value=1, interval=(0, 2))
        for k in (1, 2, 3)
    ),
    strongest=NASTY,
    estimate=-9.0,
    se=1.6,
    dof=200,
)
MANY = ManyGraphs(
    source=GraphSource.VOTES,
    graphs=100,
    distinct=9,
    not_identifiable=0.2,
    null=0.03,
    designs=(
        DesignEffect(
            strategy=Strategy.BACKDOOR, adjustment_set=(NASTY,), graphs=60, accepted=True, value=-9, interval=(-12, -6)
        ),
        DesignEffect(strategy=Strategy.BACKDOOR, graphs=17, value=-4),
        DesignEffect(graphs=20),
    ),
    edges=(
        PivotalEdge(
            source="w",
            target=NASTY,
            accepted=EdgeState.FORWARD,
            states=(
                StateEffect(state=EdgeState.FORWARD, graphs=50, identifiable=1, value=-9),
                StateEffect(state=EdgeState.ABSENT, graphs=30, identifiable=1, value=-2),
                StateEffect(state=EdgeState.BACKWARD, graphs=20, identifiable=0),
            ),
        ),
    ),
)
BOUNDS = [
    Bound(name="a", title=NASTY, low=-42, high=31, interval=(-45, 34)),
    Bound(name="b", title="instrument", low=-30, high=-2),
]
SCORES = Overlap((0.0, 0.5, 1.0), (0.25, 0.75), (0.9, 0.1), treated_name=NASTY, bounds=(0.1, 0.9))

CHARTS: dict[str, Callable[[], Figure]] = {
    "forest": lambda: forest(ESTIMATES),
    "refuter": lambda: refutation_draws(refutation((0.1, -0.2, 0.3, 0.0)), estimate=-9.0, expected=0.0, unit=NASTY),
    "overlap": lambda: overlap(SCORES),
    "sensitivity": lambda: sensitivity_map(SENSITIVITY),
    "spread": lambda: spread(MANY),
    "pivotal": lambda: pivotal_edges(MANY),
    "bounds": lambda: bounds_chart(BOUNDS),
}
each_chart = pytest.mark.parametrize("make", CHARTS.values(), ids=CHARTS)


@each_chart
def test_bytes_are_the_same_every_time(make: Callable[[], Figure]) -> None:
    first, second = (as_svg(make(), title="t", description="d") for _ in range(2))
    assert first == second
    assert as_png(make()) == as_png(make())


@each_chart
def test_words_lie_within_the_picture_and_are_large_enough(make: Callable[[], Figure]) -> None:
    figure = make()
    as_png(figure)
    frame = figure.bbox
    texts = [one for one in figure.findobj(Text) if isinstance(one, Text) and one.get_visible() and one.get_text()]
    assert texts
    for one in texts:
        assert one.get_fontsize() >= 8
        assert not one.get_parse_math()
        box = one.get_window_extent()
        if one.get_clip_on() or box.x1 < frame.x0:
            continue
        assert box.x0 >= frame.x0 - 1, one.get_text()
        assert box.x1 <= frame.x1 + 1, one.get_text()


@pytest.mark.parametrize(
    "make",
    [
        lambda: forest([]),
        lambda: refutation_draws(refutation(())),
        lambda: bounds_chart([]),
        lambda: overlap(Overlap((0.0, 1.0), (0.0,), (0.0,))),
        lambda: sensitivity_map(Sensitivity(robustness_value=0, robustness_value_alpha=0, partial_r2=0)),
        lambda: spread(MANY.model_copy(update={"designs": ()})),
        lambda: pivotal_edges(MANY.model_copy(update={"edges": ()})),
    ],
)
def test_nothing_to_draw_is_said(make: Callable[[], Figure]) -> None:
    assert "." in as_svg(make(), title="t", description="d").split("<text", 1)[1]


@pytest.mark.parametrize("draws", [(1.0,), (0.0, 0.0), (-9.0, -9.0, -9.0), (1e300, -1e300), (1e-300, 2e-300)])
def test_odd_draws_are_drawn(draws: tuple[float, ...]) -> None:
    assert as_svg(refutation_draws(refutation(draws), estimate=-9.0), title="t", description="d")


@pytest.mark.parametrize("value", [0.0, 1e12, -1e-12])
def test_odd_estimates_are_drawn(value: float) -> None:
    figures = (forest([estimate("one", value)]), forest([estimate("one", value, (-1e300, 1e300))]))
    for figure in figures:
        assert as_svg(figure, title="t", description="d")


def test_an_interval_far_too_wide_leaves_room_for_the_others() -> None:
    span = span_of([(one.value, one.interval) for one in ESTIMATES], [(-9.0, (-12.0, -6.0))])
    assert -30 < span.low < -12
    assert 3 < span.high < 30


def test_the_closed_formula_meets_the_robustness_value() -> None:
    from copilot.report.pictures.sensitivity import _level

    estimate_, se, dof = 2.0, 0.5, 100.0
    f2 = (estimate_ / se) ** 2 / dof
    robustness = 0.5 * (math.sqrt(f2 * f2 + 4 * f2) - f2)
    nearest = min(_level(estimate_**2, se, dof), key=lambda pair: abs(pair[0] - robustness))
    assert nearest[1] == pytest.approx(robustness, abs=0.01)


def test_sets_that_are_nearly_the_accepted_one_are_named_by_the_difference() -> None:
    names = ("age", "education", "married", "no_degree", "re74", "re75")
    sets = (names, names[1:], (*names[:5], "region"), ("region",), ())
    designs = tuple(
        DesignEffect(strategy=Strategy.BACKDOOR, adjustment_set=held, graphs=9, accepted=not place, value=1.0 + place)
        for place, held in enumerate(sets)
    )
    many = ManyGraphs(
        source=GraphSource.CHANGES, graphs=45, distinct=45, not_identifiable=0.0, null=0.0, designs=designs
    )
    told = {one.get_text() for one in spread(many).findobj(Text) if isinstance(one, Text)}
    assert {"adjust without age", "adjust without re75, also region", "adjust for region", "adjust for nothing"} <= told


def test_a_wide_drawing_is_scrolled_before_it_is_too_small_to_read() -> None:
    small, wide = (as_svg(new_figure(inches, 3), title="t", description="d") for inches in (5.6, 20))
    assert "min-width" not in small
    assert "min-width:1368px" in wide
