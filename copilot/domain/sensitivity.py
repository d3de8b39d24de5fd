"""How strong a hidden common cause would have to be, beside the measured ones."""

from __future__ import annotations

from copilot.domain.value import Value


class Benchmark(Value):
    """What a hidden cause would do that is so many times as strong as a measured covariate.

    Parameters
    ----------
    variable, k
        Which covariate, and how many times as strong.
    r2_treatment, r2_outcome
        Partial R² of such a cause with the treatment given the covariates, and with the outcome given both.
    value, interval
        The estimate with such a cause taken into account, in units of the outcome.
    """

    variable: str
    k: float
    r2_treatment: float
    r2_outcome: float
    value: float
    interval: tuple[float, float]


class Sensitivity(Value):
    """Sensitivity of a linear adjustment to a hidden common cause.

    Parameters
    ----------
    robustness_value
        Share of the residual variance of both treatment and outcome that a hidden cause would have to explain to
        bring the estimate to zero, in [0, 1] (Cinelli & Hazlett 2020).
    robustness_value_alpha
        The same for bringing the interval of the run's level to touch zero.
    partial_r2
        Of the treatment with the outcome, given the covariates.
    e_value, e_value_interval
        Least risk ratio of a hidden cause with treatment and with outcome that could explain the estimate away, and
        the limit of the interval nearer to no effect (VanderWeele & Ding 2017); ``None`` if there is none.
    benchmarks
        Measured covariates, the strongest first, each 1, 2 and 3 times.
    strongest
        The covariate whose like would change the estimate most; empty if nothing was adjusted for.
    estimate, se, dof
        Of the linear regression that all this is computed from.
    curve, curve_interval
        Pairs of partial R², with the treatment and with the outcome, at which a hidden cause would bring the estimate
        to zero, and the interval to touch zero; as many as are below 1.
    notes
        What is approximate.
    """

    robustness_value: float
    robustness_value_alpha: float
    partial_r2: float
    e_value: float | None = None
    e_value_interval: float | None = None
    benchmarks: tuple[Benchmark, ...] = ()
    strongest: str = ""
    estimate: float | None = None
    se: float | None = None
    dof: float | None = None
    curve: tuple[tuple[float, float], ...] = ()
    curve_interval: tuple[tuple[float, float], ...] = ()
    notes: tuple[str, ...] = ()
