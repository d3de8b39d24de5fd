"""All refuters in the order in which they are reported, and the one place that runs them."""

from __future__ import annotations

from collections.abc import Sequence

from threadpoolctl import threadpool_limits

from copilot.domain.effects import Refutation
from copilot.domain.notice import Notice
from copilot.errors import EstimationError, UnknownVariableError
from copilot.estimation.refuters.bootstrap import BOOTSTRAP
from copilot.estimation.refuters.data_subset import DATA_SUBSET
from copilot.estimation.refuters.dummy_outcome import DUMMY_OUTCOME
from copilot.estimation.refuters.leaks import LEAKS
from copilot.estimation.refuters.leave_one_out import LEAVE_ONE_OUT
from copilot.estimation.refuters.measures import inconclusive
from copilot.estimation.refuters.negative_control import NEGATIVE_CONTROL
from copilot.estimation.refuters.over_identification import OVER_IDENTIFICATION
from copilot.estimation.refuters.overlap import OVERLAP
from copilot.estimation.refuters.placebo_treatment import PLACEBO_TREATMENT
from copilot.estimation.refuters.random_common_cause import RANDOM_COMMON_CAUSE
from copilot.estimation.refuters.second_opinion import SECOND_OPINION
from copilot.estimation.refuters.simulate import remembering
from copilot.estimation.refuters.unobserved_common_cause import UNOBSERVED_COMMON_CAUSE
from copilot.estimation.trial import Refuter, Trial

REFUTERS: tuple[Refuter, ...] = (
    PLACEBO_TREATMENT,
    RANDOM_COMMON_CAUSE,
    DATA_SUBSET,
    BOOTSTRAP,
    DUMMY_OUTCOME,
    OVERLAP,
    LEAKS,
    SECOND_OPINION,
    NEGATIVE_CONTROL,
    OVER_IDENTIFICATION,
    UNOBSERVED_COMMON_CAUSE,
    LEAVE_ONE_OUT,
)
"""To add a refuter, write its module and name it here; its `number` must be new."""


def refuter_named(name: str) -> Refuter:
    """Find a refuter.

    Raises
    ------
    UnknownVariableError
        With near names, if there is none of that name.
    """
    for refuter in REFUTERS:
        if refuter.name == name:
            return refuter
    raise UnknownVariableError(name, [refuter.name for refuter in REFUTERS], "refuter")


def run_refuters(
    trial: Trial, refuters: Sequence[Refuter] = REFUTERS
) -> tuple[tuple[Refutation, ...], tuple[Notice, ...]]:
    """Try an estimate with each refuter in turn.

    A refuter that the numbers do not allow is reported as inconclusive with the reason; the others run. Linear
    algebra is held to one thread, so that the numbers do not depend on how many workers share the machine.

    Parameters
    ----------
    trial
        What is tried; its estimator is made ready once for all.
    refuters
        Which, in this order.

    Returns
    -------
    refutations, notices
        What came, and which simulations gave no number.
    """
    trial = remembering(trial)
    found: list[Refutation] = []
    with threadpool_limits(limits=1):
        for refuter in refuters:
            found += _tried(trial, refuter)
    notices = tuple(
        Notice(
            code="simulations_failed",
            message=f"{one.failures} of {one.simulations} simulations of {one.refuter} gave no number.",
            subject=one.refuter,
            count=one.failures,
        )
        for one in found
        if one.failures
    )
    return tuple(found), notices


def _tried(trial: Trial, refuter: Refuter) -> tuple[Refutation, ...]:
    try:
        return refuter.refute(trial)
    except EstimationError as error:
        return (
            inconclusive(
                refuter,
                tried=f"The {refuter.title} was to be tried",
                reason=error.message + (f" ({error.reason.rstrip('.')})" if error.reason else ""),
                expected="",
                blind_spot="It was not tried, so it saw nothing.",
            ),
        )
