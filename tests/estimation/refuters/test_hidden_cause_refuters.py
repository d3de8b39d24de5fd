"""Negative controls, the strength of a hidden cause, over-identification, and the second opinion."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from numpy.random import SeedSequence

from copilot.domain.effects import Question, Status, Target
from copilot.domain.identification.values import Strategy
from copilot.estimation.estimators.flexible import FLEXIBLE
from copilot.estimation.estimators.linear_regression import LINEAR_REGRESSION
from copilot.estimation.estimators.two_stage_least_squares import TWO_STAGE_LEAST_SQUARES
from copilot.estimation.problem import Ask, Fit, Floats, Problem
from copilot.estimation.refuters.bootstrap import BOOTSTRAP
from copilot.estimation.refuters.data_subset import DATA_SUBSET
from copilot.estimation.refuters.negative_control import NEGATIVE_CONTROL
from copilot.estimation.refuters.over_identification import OVER_IDENTIFICATION
from copilot.estimation.refuters.second_opinion import SECOND_OPINION
from copilot.estimation.refuters.unobserved_common_cause import UNOBSERVED_COMMON_CAUSE, sensitivity
from copilot.estimation.trial import Fitted, Refuter, Trial
from copilot.report.brief import brief


def standard(column: Floats) -> Floats:
    return (column - column.mean(axis=0)) / column.std(axis=0)


def world(
    seed: int, *, hidden: float = 0.0, n: int = 500, effect: float = 2.0, measured: float = 1.0
) -> tuple[Problem, Floats]:
    """A treatment, an outcome and one measured cause; the hidden cause also moves the negative control."""
    rng = np.random.default_rng(seed)
    w, u = rng.normal(size=n), rng.normal(size=n)
    t = (rng.uniform(size=n) < 1 / (1 + np.exp(-w - hidden * u))).astype(float)
    y = effect * t + measured * w + hidden * u + rng.normal(size=n)
    control = w + 1.5 * u + rng.normal(size=n)
    return Problem(y, t, standard(w[:, None]), ("w",)), control


def tried(problem: Problem, **more: object) -> Trial:
    fit = LINEAR_REGRESSION.fit(problem, Ask())
    given = Trial(problem, Ask(), Fitted(LINEAR_REGRESSION, fit), treatment="t", outcome="y", seed=SeedSequence(1))
    return replace(given, **more)  # type: ignore[arg-type]


def test_a_negative_control_sees_a_hidden_cause_and_passes_a_right_analysis() -> None:
    caught = passed = 0
    for seed in range(40):
        problem, control = world(seed, hidden=1.5)
        caught += NEGATIVE_CONTROL.refute(tried(problem, negative_controls={"c": control}))[0].status is Status.FAILED
        problem, control = world(seed)
        passed += NEGATIVE_CONTROL.refute(tried(problem, negative_controls={"c": control}))[0].status is Status.PASSED
    assert caught >= 36
    assert passed >= 35


def test_what_a_hidden_cause_would_have_to_explain_is_said_to_its_end_on_a_narrow_screen() -> None:
    for seed in range(3):
        (one,) = UNOBSERVED_COMMON_CAUSE.refute(tried(world(seed)[0]))
        assert brief(one.message, 152).endswith("to bring the estimate to zero …")


def test_a_negative_control_too_imprecise_to_tell_is_inconclusive() -> None:
    problem, control = world(3, n=60, effect=0.05)
    (one,) = NEGATIVE_CONTROL.refute(tried(problem, negative_controls={"c": control}))
    assert one.status is Status.INCONCLUSIVE
    assert "too wide to tell" in one.message


def test_missing_cells_of_a_negative_control_are_counted_and_an_empty_one_says_so() -> None:
    problem, control = world(1)
    control[:50] = np.nan
    (one,) = NEGATIVE_CONTROL.refute(tried(problem, negative_controls={"c": control}))
    assert (one.details["rows"], one.details["rows_missing"]) == (450.0, 50.0)
    (none,) = NEGATIVE_CONTROL.refute(tried(problem, negative_controls={"c": np.full(500, np.nan)}))
    assert none.status is Status.INCONCLUSIVE
    (flat,) = NEGATIVE_CONTROL.refute(tried(problem, negative_controls={"c": np.ones(500)}))
    assert flat.status is Status.INCONCLUSIVE


def test_several_controls_share_the_level() -> None:
    problem, control = world(2)
    alone = NEGATIVE_CONTROL.refute(tried(problem, negative_controls={"c": control}))[0].interval
    both = NEGATIVE_CONTROL.refute(tried(problem, negative_controls={"c": control, "d": control + 1}))[0].interval
    assert alone is not None
    assert both is not None
    assert both[0] < alone[0] < alone[1] < both[1]
    assert NEGATIVE_CONTROL.refute(tried(problem)) == ()


@pytest.mark.parametrize("many", [1, 2, 5])
def test_the_p_value_of_a_control_says_what_its_interval_says(many: int) -> None:
    agreed = 0
    for seed in range(20):
        problem, control = world(seed, hidden=0.4)
        found = NEGATIVE_CONTROL.refute(
            tried(problem, negative_controls={f"c{place}": control for place in range(many)})
        )[0]
        assert found.interval is not None
        assert found.p_value is not None
        outside = not found.interval[0] <= 0 <= found.interval[1]
        assert outside is (found.p_value < 0.05)
        agreed += outside
        assert found.details.get("p_value_multiplied_by", 1.0) == many
    assert 0 < agreed < 20


def test_a_strong_effect_stands_and_a_weak_one_falls_to_a_cause_like_the_measured_one() -> None:
    (strong,) = UNOBSERVED_COMMON_CAUSE.refute(tried(world(1, effect=8.0, n=2000, measured=0.3)[0]))
    (weak,) = UNOBSERVED_COMMON_CAUSE.refute(tried(world(1, effect=0.15, n=2000, measured=0.5)[0]))
    (none,) = UNOBSERVED_COMMON_CAUSE.refute(tried(world(1, effect=0.0)[0]))
    assert (strong.status, weak.status, none.status) == (Status.PASSED, Status.FAILED, Status.INCONCLUSIVE)
    assert "nothing to explain away" in none.message
    for one in (strong, weak, none):
        assert one.question is Question.HIDDEN_CAUSE
        assert "never whether there is one" in one.blind_spot
        assert "prove" not in one.message


def test_without_a_measured_covariate_there_is_nothing_to_compare_with() -> None:
    problem, _ = world(1)
    bare = replace(problem, covariates=np.empty((problem.n, 0)), covariate_of=())
    (one,) = UNOBSERVED_COMMON_CAUSE.refute(tried(bare))
    assert one.status is Status.INCONCLUSIVE
    found = sensitivity(tried(bare))
    assert found is not None
    assert 0 < found.robustness_value < 1
    assert found.benchmarks == ()


def test_a_hidden_cause_really_moves_the_estimate_as_far_as_the_formula_says() -> None:
    """The benchmark formula is exact for a cause whose partial R² are known: put the measured one in its place."""
    rng = np.random.default_rng(5)
    n = 4000
    w, u = rng.normal(size=(2, n))
    t = w + u + rng.normal(size=n)
    y = t + w + u + rng.normal(size=n)
    short = Problem(y, standard(t), standard(w[:, None]), ("w",), binary_treatment=False, low=0.0, high=1 / t.std())
    found = sensitivity(tried(short))
    assert found is not None
    like_w = next(one for one in found.benchmarks if one.k == 1.0)
    long = short.with_covariate(standard(u), "u")
    assert like_w.value == pytest.approx(LINEAR_REGRESSION.fit(long, Ask()).value, abs=0.1)


def test_the_e_value_of_a_quantity_does_not_depend_on_its_unit() -> None:
    problem, _ = world(4, n=800)
    rng = np.random.default_rng(4)
    dose = replace(problem, t=standard(problem.t + rng.normal(size=800)), binary_treatment=False)
    small, large = (sensitivity(tried(replace(dose, high=high))) for high in (0.001, 1.0))
    assert small is not None
    assert large is not None
    assert small.e_value == pytest.approx(large.e_value)
    assert small.robustness_value == pytest.approx(large.robustness_value)


def test_the_e_value_of_a_quantity_and_a_yes_or_no_does_not_depend_on_the_unit_either() -> None:
    rng = np.random.default_rng(6)
    w = rng.normal(size=2000)
    dose = standard(0.5 * w + rng.normal(size=2000))
    event = (rng.uniform(size=2000) < 1 / (1 + np.exp(1 - 0.5 * dose - 0.3 * w))).astype(float)
    problem = Problem(event, dose, standard(w[:, None]), ("w",), binary_treatment=False, binary_outcome=True)
    small, unit, large = (
        sensitivity(tried(replace(problem, low=-step / 2, high=step / 2))) for step in (0.01, 1.0, 1.5)
    )
    assert small is not None
    assert unit is not None
    assert large is not None
    ratio, limits = LINEAR_REGRESSION.fit(replace(problem, low=-0.5, high=0.5), Ask()).risk_ratio or (0.0, None)
    assert limits is not None
    assert unit.e_value == pytest.approx(ratio + np.sqrt(ratio * (ratio - 1)))
    assert unit.e_value_interval == pytest.approx(limits[0] + np.sqrt(limits[0] * (limits[0] - 1)))
    assert [small.e_value, large.e_value] == pytest.approx([unit.e_value] * 2, rel=0.03)
    assert small.e_value_interval == pytest.approx(unit.e_value_interval, rel=0.05)
    assert any("one standard deviation more of the treatment" in note for note in small.notes)


def instruments(seed: int, *, bad: bool) -> Trial:
    rng = np.random.default_rng(seed)
    n = 3000
    z, u = standard(rng.normal(size=(n, 2))), rng.normal(size=n)
    t = z.sum(axis=1) + u + rng.normal(size=n)
    y = t + u + (0.5 * z[:, 1] if bad else 0.0) + rng.normal(size=n)
    problem = Problem(
        y,
        standard(t),
        np.empty((n, 0)),
        binary_treatment=False,
        high=1 / t.std(),
        strategy=Strategy.IV,
        instruments=z,
        instrument_of=("a", "b"),
    )
    fit = TWO_STAGE_LEAST_SQUARES.fit(problem, Ask())
    return Trial(problem, Ask(), Fitted(TWO_STAGE_LEAST_SQUARES, fit))


def test_instruments_that_disagree_are_found_out() -> None:
    (good,) = OVER_IDENTIFICATION.refute(instruments(1, bad=False))
    (bad,) = OVER_IDENTIFICATION.refute(instruments(1, bad=True))
    assert (good.status, bad.status) == (Status.PASSED, Status.FAILED)
    assert OVER_IDENTIFICATION.refute(tried(world(1)[0])) == ()
    assert UNOBSERVED_COMMON_CAUSE.refute(instruments(1, bad=False)) == ()


def opinion(value: float, se: float | None) -> Fitted:
    return Fitted(FLEXIBLE, Fit(value, se))


def test_a_second_opinion_far_away_is_an_alarm_and_an_imprecise_one_says_nothing() -> None:
    trial = tried(world(1)[0])
    own = trial.headline.fit
    assert own.se is not None
    near = SECOND_OPINION.refute(replace(trial, second_opinion=opinion(own.value + own.se, own.se)))[0]
    far = SECOND_OPINION.refute(replace(trial, second_opinion=opinion(own.value + 2.1 * own.se, own.se)))[0]
    vague = SECOND_OPINION.refute(replace(trial, second_opinion=opinion(own.value, 4 * own.se)))[0]
    silent = SECOND_OPINION.refute(replace(trial, second_opinion=opinion(own.value, None)))[0]
    missing = SECOND_OPINION.refute(trial)[0]
    assert [one.status for one in (near, far, vague, silent, missing)] == [
        Status.PASSED,
        Status.FAILED,
        Status.INCONCLUSIVE,
        Status.INCONCLUSIVE,
        Status.INCONCLUSIVE,
    ]


def test_effects_on_different_people_are_not_held_against_each_other() -> None:
    trial = tried(world(1)[0])
    own = trial.headline.fit
    treated = Fitted(FLEXIBLE, replace(own, value=own.value + 50, target=Target.ATT))
    (found,) = SECOND_OPINION.refute(replace(trial, second_opinion=treated))
    assert found.status is Status.INCONCLUSIVE
    assert "the first is the ATE and the second the ATT" in found.message
    asked = replace(trial, ask=Ask(target=Target.ATT), second_opinion=treated)
    assert SECOND_OPINION.refute(replace(asked, headline=opinion(own.value, own.se))) == ()
    same = replace(asked, headline=replace(trial.headline, fit=replace(own, target=None)))
    assert SECOND_OPINION.refute(same)[0].status is Status.FAILED


def test_a_second_opinion_that_a_reader_would_act_on_differently_does_not_support_the_headline() -> None:
    trial = tried(world(1)[0])
    own = trial.headline.fit
    assert own.se is not None
    apart = SECOND_OPINION.refute(replace(trial, second_opinion=opinion(own.value + 1.5 * own.se, own.se)))[0]
    assert apart.status is Status.INCONCLUSIVE
    assert "too close for chance to tell them apart, but too far apart to say that they agree" in apart.message
    weak = Fit(1.9, 1.0)
    turned, vague = (
        SECOND_OPINION.refute(
            replace(trial, headline=replace(trial.headline, fit=weak), second_opinion=opinion(value, 1.0))
        )[0]
        for value in (-0.05, 2.1)
    )
    assert (turned.status, vague.status) == (Status.INCONCLUSIVE, Status.INCONCLUSIVE)
    assert "of opposite sign" in turned.message
    assert "the interval of the first alone holds zero" in vague.message


def one_instrument(seed: int, n: int = 60) -> Trial:
    """A single instrument that moves the treatment little, with the error that a normal estimate would have."""
    rng = np.random.default_rng(seed)
    z, u = standard(rng.normal(size=n)), rng.normal(size=n)
    t = 0.35 * z + u + 0.5 * rng.normal(size=n)
    y = t + u + rng.normal(size=n)
    problem = Problem(
        y,
        standard(t),
        np.empty((n, 0)),
        binary_treatment=False,
        high=1 / t.std(),
        strategy=Strategy.IV,
        instruments=z[:, None],
        instrument_of=("z",),
    )
    fit = TWO_STAGE_LEAST_SQUARES.fit(problem, Ask())
    return Trial(problem, Ask(), Fitted(TWO_STAGE_LEAST_SQUARES, replace(fit, se=0.3 * (fit.se or 0.0))))


@pytest.mark.parametrize("refuter", [BOOTSTRAP, DATA_SUBSET])
def test_rows_drawn_again_do_not_condemn_an_estimate_without_a_variance(refuter: Refuter) -> None:
    (found,) = refuter.refute(one_instrument(5))
    assert found.status is Status.INCONCLUSIVE
    assert "lean on the Anderson-Rubin interval" in found.message
    assert found.observed.startswith("median")
