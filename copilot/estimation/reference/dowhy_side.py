"""The questions as DoWhy is asked them; imported by the worker alone.

DoWhy sees names made here (``x0``, ``n00``), a fresh frame with only the columns needed, and floats.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import networkx as nx
    import pandas as pd

    from copilot.estimation.problem import Floats

IDENTIFICATION_S = 5.0
"""Limit for DoWhy's search, whose time grows exponentially with the graph."""
LOWEST_SCORE, HIGHEST_SCORE = 0.05, 0.95
"""DoWhy moves propensity scores into this range."""


def reply_to(header: dict[str, Any], matrix: Floats) -> dict[str, Any]:
    """Answer a request.

    Parameters
    ----------
    header
        As `copilot.estimation.reference.question.pack` writes it.
    matrix
        Of shape (n, columns).

    Returns
    -------
    dict
        ``identification`` and ``estimate``, each ``None`` if not asked, else with its numbers or names, or ``fault``;
        or ``falsified`` alone, where that is the task.
    """
    if header.get("task") == "falsify":
        from copilot.estimation.reference.dowhy_falsify import falsify

        return {"falsified": _guarded(lambda: falsify(header, matrix))}
    return {
        "estimate": _guarded(lambda: _estimate(header, matrix)) if header["estimator"] else None,
        "identification": _within_limit(lambda: _identify(header["graph"])) if header["graph"] else None,
    }


def _guarded(ask: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    try:
        return ask()
    except Exception as fault:  # noqa: BLE001 (DoWhy raises bare exceptions; each is only to be reported)
        return {"fault": f"{type(fault).__name__}: {fault}"}


def _within_limit(ask: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """Give up waiting after `IDENTIFICATION_S`; what still runs then ends with the process."""
    found: list[dict[str, Any]] = []
    thread = threading.Thread(target=lambda: found.append(_guarded(ask)), daemon=True)
    thread.start()
    thread.join(IDENTIFICATION_S)
    return found[0] if found else {"late": True}


def _identify(graph: dict[str, Any]) -> dict[str, Any]:
    import networkx as nx
    import pandas as pd
    from dowhy import CausalModel

    drawn: nx.DiGraph[str] = nx.DiGraph()
    drawn.add_nodes_from(graph["nodes"])
    drawn.add_edges_from(graph["edges"])
    treatment, outcome = graph["treatment"], graph["outcome"]
    frame = pd.DataFrame(np.zeros((1, len(graph["observed"]))), columns=graph["observed"])
    model = CausalModel(data=frame, treatment=treatment, outcome=outcome, graph=drawn)
    found = model.identify_effect(proceed_when_unidentifiable=True)
    if found.no_directed_path:
        return {"no_path": True}
    tables = (found.backdoor_variables or {}, found.general_adjustment_variables or {})
    sets = {tuple(sorted(names)) for table in tables for names in table.values() if names is not None}
    return {
        "adjustment": [list(names) for names in sorted(sets, key=lambda names: (len(names), names))],
        "accepted": _accepts(drawn, treatment, outcome, graph["adjustment"]),
        "instruments": sorted(found.instrumental_variables or ()),
        "mediators": sorted(found.frontdoor_variables or ()),
    }


def _accepts(drawn: nx.DiGraph[str], treatment: str, outcome: str, adjustment: list[str]) -> bool:
    """Ask DoWhy whether a set meets the back-door criterion, which is quick where finding one is not."""
    from dowhy.graph import check_valid_backdoor_set, get_descendants

    if set(adjustment) & set(get_descendants(drawn, [treatment])):
        return False
    return bool(check_valid_backdoor_set(drawn, [treatment], [outcome], adjustment)["is_dseparated"])


def _estimate(header: dict[str, Any], matrix: Floats) -> dict[str, Any]:
    import pandas as pd

    names: list[str] = header["columns"]
    frame = pd.DataFrame({name: np.ascontiguousarray(matrix[:, i]) for i, name in enumerate(names)})
    answer = _ESTIMATES[header["estimator"]](frame, header)
    value = answer.get("value")
    return {"fault": "it gives no finite number"} if value is not None and not math.isfinite(value) else answer


def _linear_regression(frame: pd.DataFrame, header: dict[str, Any]) -> dict[str, Any]:
    from dowhy.causal_estimators.linear_regression_estimator import LinearRegressionEstimator

    estimator = LinearRegressionEstimator(_estimand(header, "backdoor")).fit(frame, effect_modifier_names=[])
    estimate = estimator.estimate_effect(frame, control_value=header["low"], treatment_value=header["high"])
    return {"value": float(estimate.value)}


def _weighting(frame: pd.DataFrame, header: dict[str, Any]) -> dict[str, Any]:
    """Take Hájek's estimate, which is ``ips_normalized_weight``; not where DoWhy would move a score."""
    from dowhy.causal_estimators.propensity_score_weighting_estimator import PropensityScoreWeightingEstimator
    from sklearn.linear_model import LogisticRegression

    # Newton's method, for the default solver stops at 1e-6; C = inf is no penalty.
    scores = LogisticRegression(C=np.inf, solver="newton-cholesky", tol=1e-12, max_iter=100)
    estimator = PropensityScoreWeightingEstimator(
        _estimand(header, "backdoor"), propensity_score_model=scores, weighting_scheme="ips_normalized_weight"
    ).fit(frame, effect_modifier_names=[])
    fitted = estimator.predict_proba(frame)[:, 1]
    outside = int(np.count_nonzero((fitted < LOWEST_SCORE) | (fitted > HIGHEST_SCORE)))
    if outside:
        return {"value": None, "clipped": outside}
    return {"value": float(estimator.estimate_effect(frame, target_units="ate").value)}


def _instrument(frame: pd.DataFrame, header: dict[str, Any]) -> dict[str, Any]:
    """Take the effect of one unit of treatment times the step, for DoWhy leaves the contrast aside."""
    from dowhy.causal_estimators.instrumental_variable_estimator import InstrumentalVariableEstimator

    estimator = InstrumentalVariableEstimator(_estimand(header, "iv")).fit(frame, effect_modifier_names=[])
    return {"value": float(estimator.estimate_effect(frame).value) * (header["high"] - header["low"])}


def _front_door(frame: pd.DataFrame, header: dict[str, Any]) -> dict[str, Any]:
    """Take the effect of one unit of treatment times the step, for DoWhy applies a contrast in both stages."""
    from dowhy.causal_estimators.linear_regression_estimator import LinearRegressionEstimator
    from dowhy.causal_estimators.two_stage_regression_estimator import TwoStageRegressionEstimator

    estimator = TwoStageRegressionEstimator(
        _estimand(header, "frontdoor"),
        first_stage_model=LinearRegressionEstimator,
        second_stage_model=LinearRegressionEstimator,
    ).fit(frame, effect_modifier_names=[])
    value = float(estimator.estimate_effect(frame, control_value=0.0, treatment_value=1.0).value)
    return {"value": value * (header["high"] - header["low"])}


_ESTIMATES: dict[str, Callable[[pd.DataFrame, dict[str, Any]], dict[str, Any]]] = {
    "linear_regression": _linear_regression,
    "ipw": _weighting,
    "two_stage_least_squares": _instrument,
    "front_door": _front_door,
}


def _estimand(header: dict[str, Any], method: str) -> Any:
    """Build the estimand by hand: our adjustment set, in a fixed order, and no effect modifiers."""
    from dowhy.causal_identifier.auto_identifier import EstimandType, construct_iv_estimand
    from dowhy.causal_identifier.identified_estimand import IdentifiedEstimand

    treatment, outcome = [header["treatment"]], [header["outcome"]]
    covariates: list[str] = header["covariates"]
    instruments, mediators = header["instruments"], header["mediators"]
    return IdentifiedEstimand(
        None,
        treatment_variable=treatment,
        outcome_variable=outcome,
        estimand_type=EstimandType.NONPARAMETRIC_ATE,
        estimands={"iv": construct_iv_estimand(treatment, outcome, instruments)} if instruments else {},
        backdoor_variables={"backdoor": covariates},
        instrumental_variables=instruments,
        frontdoor_variables=mediators,
        mediation_first_stage_confounders={"backdoor": covariates},
        mediation_second_stage_confounders={"backdoor": [*treatment, *covariates]},
        default_backdoor_id="backdoor",
        identifier_method=method,
    )
