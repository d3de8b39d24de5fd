"""Right numbers: published studies, fixtures with known effects, DoWhy on the same data, coverage of intervals.

python benchmarks/validation.py [--truth DIR] [--quick] [--write] [PART …]

Exits 1 if an estimate is outside its band, a known effect outside its interval, a number different from DoWhy's where
both are right, or a coverage wrong. DIR holds `datasets.json` with the studies, their files and their graphs; without
it the studies are left out. ``--write`` brings docs/validation.md in step, ``--quick`` leaves the coverage out.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

# One thread for each of the processes: sums in one order, and no fight for the processors.
os.environ.update(dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1"))

from validation_coverage import coverage
from validation_dowhy import against_dowhy
from validation_page import Part, write
from validation_studies import fixtures, published


def main() -> int:
    """Measure the parts that were named, or all."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument(
        "parts", nargs="*", metavar="PART", help="published, fixtures, dowhy, coverage; all unless told"
    )
    parser.add_argument(
        "--truth", type=Path, default=os.environ.get("COPILOT_TRUTH") or None, help="folder of the studies"
    )
    parser.add_argument("--quick", action="store_true", help="leave the coverage out")
    parser.add_argument("--write", action="store_true", help="write the tables into docs/validation.md")
    options = parser.parse_args()
    truth = None if options.truth is None else Path(options.truth).resolve()
    parts: list[Part] = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        makers: dict[str, Callable[[], Part]] = {
            "published": lambda: published(truth, folder),
            "fixtures": lambda: fixtures(folder),
            "dowhy": lambda: against_dowhy(truth, folder),
            "coverage": lambda: Part("coverage", skipped="--quick") if options.quick else coverage(),
        }
        wrong = [part for part in options.parts if part not in makers]
        if wrong:
            parser.error(f"no part is called {wrong[0]}; there are {', '.join(makers)}")
        for title, make in makers.items():
            if options.parts and title not in options.parts:
                continue
            start = time.perf_counter()
            part = make()
            parts.append(part)
            seconds = time.perf_counter() - start
            print(f"\n{part.text or 'left out: ' + part.skipped}\n\n{title}: {seconds:.0f} s\n", flush=True)
    if options.write:
        write(parts)
    missed = [f"{part.name}: {line}" for part in parts for line in part.missed]
    for line in missed:
        print(f"FAIL {line}")
    if not missed:
        print("ok   everything that was measured is as promised")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
