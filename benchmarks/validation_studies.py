"""The real command line on published studies and on the project's own fixtures, against what is known of them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from validation_page import NOTHING, ROOT, Part, short, table

if TYPE_CHECKING:
    import pandas as pd

WAIT_S = 180


def _nhefs(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.dropna(subset=["wt82"])


def _mroz(frame: pd.DataFrame) -> pd.DataFrame:
    return frame[frame["inlf"] == 1]


def _star(frame: pd.DataFrame) -> pd.DataFrame:
    """Give the class type, a text of three levels, the name that the graph has."""
    return frame.assign(score=frame["readk"] + frame["mathk"], small=frame["stark"]).dropna(subset=["stark", "score"])


def _penn(frame: pd.DataFrame) -> pd.DataFrame:
    import numpy as np

    kept = frame[frame["tg"].isin([0, 4])]
    return kept.assign(T4=(kept["tg"] == 4).astype(int), log_inuidur1=np.log(kept["inuidur1"]))


def _twins(frame: pd.DataFrame) -> pd.DataFrame:
    """One row a twin; in the file the second is the heavier."""
    import pandas as pd

    lighter = pd.DataFrame({"heavier": 0, "mort": frame["mort_0"].astype(int)})
    return pd.concat([lighter, pd.DataFrame({"heavier": 1, "mort": frame["mort_1"].astype(int)})])


PREPARE: Mapping[str, Callable[[pd.DataFrame], pd.DataFrame]] = {
    "nhefs": _nhefs,
    "mroz_iv": _mroz,
    "star": _star,
    "penn": _penn,
    "twins": _twins,
}
"""What a study's own authors did to its file before they estimated."""
CONTRASTS: Mapping[str, str] = {"star": "regular,small", "kidney": "B_percutaneous,A_open_surgery"}


def estimate(data: Path, graph: Path, treatment: str, outcome: str, *more: str, folder: Path) -> dict[str, Any]:
    """Run ``copilot estimate`` as a user would; its object, or what it said instead under ``"fault"``."""
    command = [sys.executable, "-m", "copilot", "estimate", str(data), "--graph", str(graph), "-t", treatment]
    command += ["-o", outcome, "--json", "--run-dir", str(folder / f"run-{data.stem}"), *more]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, (str(ROOT), os.getenv("PYTHONPATH"))))}
    done = subprocess.run(
        command, capture_output=True, text=True, cwd=folder, timeout=WAIT_S, env=environment, check=False
    )
    if done.returncode:
        said = [line for line in done.stderr.splitlines() if line.strip()] or [done.stdout]
        return {"fault": f"exit {done.returncode}: {' '.join(said)[-300:]}"}
    return dict(json.loads(done.stdout))


def headline(answer: Mapping[str, Any]) -> dict[str, Any] | None:
    """Find the estimate that is reported first."""
    return next((dict(one) for one in answer.get("estimates", ()) if one["headline"]), None)


def _reference(answer: Mapping[str, Any]) -> str:
    agrees = (answer.get("reference") or {}).get("agrees")
    return NOTHING if agrees is None else "the same" if agrees else "differs"


def _cells(one: Mapping[str, Any]) -> list[str]:
    low, high = one["interval"] or (None, None)
    value = f"{short(one['value'])} ({short(one['se'])})"
    return [f"{one['n']:,}", one["strategy"], one["estimator"], value, f"{short(low)} to {short(high)}"]


def published(truth: Path | None, folder: Path) -> Part:
    """Estimate every published study and hold it against its band."""
    import pandas as pd

    if truth is None:
        return Part("published", skipped="no folder of published studies (--truth DIR or COPILOT_TRUTH)")
    rows, missed = [], []
    for entry in json.loads((truth / "datasets.json").read_text(encoding="utf-8")):
        name, (low, high) = entry["id"], entry["accept_point_estimate"]
        frame = PREPARE.get(name, lambda frame: frame)(pd.read_csv(truth / entry["file"]))
        data = folder / f"{name}.csv"
        frame.to_csv(data, index=False)
        more = ("--contrast", CONTRASTS[name]) if name in CONTRASTS else ()
        graph = truth / entry["assumed_graph"]
        answer = estimate(data, graph, entry["treatment"], entry["outcome"], *more, folder=folder)
        one = headline(answer)
        band = f"{short(low)} to {short(high)}"
        if one is None:
            fault = str(answer.get("fault", "no estimate"))
            missed.append(f"{name}: {fault}")
            rows.append(
                [name, NOTHING, NOTHING, NOTHING, "no estimate", NOTHING, entry["published"], band, NOTHING, "**no**"]
            )
            continue
        inside = low <= one["value"] <= high
        if not inside:
            missed.append(f"{name}: {short(one['value'])} by {one['estimator']} is outside {band}")
        rows.append([name, *_cells(one), entry["published"], band, _reference(answer), "yes" if inside else "**no**"])
        print(" · ".join(rows[-1]), flush=True)
    head = [
        "study",
        "rows",
        "strategy",
        "estimator",
        "ours (SE)",
        "95 % interval",
        "published",
        "band",
        "DoWhy",
        "in band",
    ]
    return Part("published", table(head, rows), tuple(missed))


def fixtures(folder: Path) -> Part:
    """Estimate the project's own fixtures, whose true effects are known by construction."""
    rows, missed = [], []
    for place in sorted(path.parent for path in (ROOT / "fixtures").glob("*/truth.json")):
        truth = json.loads((place / "truth.json").read_text(encoding="utf-8"))
        effect = float(truth["effect"]["ATE"])
        data = folder / f"{place.name}.csv"
        data.write_bytes((place / "data.csv").read_bytes())
        answer = estimate(data, place / "truth.dot", truth["treatment"], truth["outcome"], folder=folder)
        one = headline(answer)
        if one is None or one["interval"] is None:
            missed.append(f"{place.name}: {answer.get('fault', 'no interval')}")
            continue
        inside = one["interval"][0] <= effect <= one["interval"][1]
        if not inside:
            missed.append(f"{place.name}: the true effect {effect:g} is outside {one['interval']}")
        naive = short(truth["naive_estimate"])
        rows.append([place.name, *_cells(one), short(effect), naive, _reference(answer), "yes" if inside else "**no**"])
        print(" · ".join(rows[-1]), flush=True)
    head = [
        "fixture",
        "rows",
        "strategy",
        "estimator",
        "ours (SE)",
        "95 % interval",
        "true effect",
        "naive",
        "DoWhy",
        "covered",
    ]
    return Part("fixtures", table(head, rows), tuple(missed))
