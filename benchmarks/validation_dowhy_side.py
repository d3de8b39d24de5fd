"""A plain DoWhy script, run in a process of its own by `validation_dowhy`: questions in, numbers out.

python benchmarks/validation_dowhy_side.py < questions.json > answers.json
"""

from __future__ import annotations

import json
import logging
import math
import os
import sys
import warnings

os.environ["MPLBACKEND"] = "Agg"
warnings.simplefilter("ignore")
logging.disable(logging.CRITICAL)

HIDDEN = "hidden"
CLIP = (0.05, 0.95)


def edges(question: dict[str, object]) -> list[tuple[str, str]]:
    """Draw the smallest graph under which DoWhy takes the columns in the roles we give them."""
    t, y = str(question["treatment"]), str(question["outcome"])
    covariates = [str(name) for name in question["covariates"]]  # type: ignore[attr-defined]
    common = [(w, end) for w in covariates for end in (t, y)]
    if question["method"] == "iv.instrumental_variable":
        return [(z, t) for z in question["instruments"]] + [(t, y), (HIDDEN, t), (HIDDEN, y)]  # type: ignore[attr-defined]
    if question["method"] == "frontdoor.two_stage_regression":
        carried = [edge for m in question["mediators"] for edge in ((t, m), (m, y))]  # type: ignore[attr-defined]
        return [*carried, (HIDDEN, t), (HIDDEN, y)]
    return [*common, (t, y)]


def answer(question: dict[str, object]) -> dict[str, object]:
    """Ask DoWhy by its public interface, as its own examples do."""
    import networkx as nx
    import pandas as pd
    from dowhy import CausalModel
    from sklearn.linear_model import LogisticRegression

    frame = pd.read_csv(str(question["csv"]))
    method = str(question["method"])
    model = CausalModel(frame, question["treatment"], question["outcome"], graph=nx.DiGraph(edges(question)))
    estimand = model.identify_effect(proceed_when_unidentifiable=True)
    more: dict[str, object] = {}
    if method == "backdoor.propensity_score_weighting":
        # Newton's method to the end: the default solver stops at 1e-6, and the default penalty is another model.
        scores = LogisticRegression(C=math.inf, solver="newton-cholesky", tol=1e-12, max_iter=100)
        fitted = scores.fit(frame[question["covariates"]], frame[question["treatment"]]).predict_proba(
            frame[question["covariates"]]
        )[:, 1]
        more = {
            "method_params": {
                "init_params": {"propensity_score_model": scores, "weighting_scheme": "ips_normalized_weight"}
            },
            "target_units": "ate",
        }
        if fitted.min() < CLIP[0] or fitted.max() > CLIP[1]:
            estimate = model.estimate_effect(estimand, method_name=method, **more)
            outside = int(((fitted < CLIP[0]) | (fitted > CLIP[1])).sum())
            return {"value": float(estimate.value), "clipped": outside}
    if method == "frontdoor.two_stage_regression":
        from dowhy.causal_estimators.linear_regression_estimator import LinearRegressionEstimator

        stages = {"first_stage_model": LinearRegressionEstimator, "second_stage_model": LinearRegressionEstimator}
        more = {"method_params": {"init_params": stages}}
    estimate = model.estimate_effect(estimand, method_name=method, **more)
    return {"value": float(estimate.value)}


def main() -> int:
    """Answer every question; a fault is an answer too."""
    answers = []
    for question in json.load(sys.stdin):
        try:
            answers.append(answer(question))
        except Exception as fault:  # noqa: BLE001 (DoWhy raises bare exceptions; each is reported)
            answers.append({"fault": f"{type(fault).__name__}: {fault}"})
    print("ANSWERS " + json.dumps(answers))
    return 0


if __name__ == "__main__":
    sys.exit(main())
