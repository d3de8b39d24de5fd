"""The code cells of a notebook that redoes an analysis; text from outside stands in literals alone."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from copilot.report.notebook_graph import DrawnGraph, dot
from copilot.report.notebook_source import ModelColumn, NotebookFile, NotebookNumbers
from copilot.report.notebook_text import literal

TOLERANCE = 1e-8

_CELLS = Path(__file__).resolve().parent / "notebook_cells"
"""Cells that are the same in every notebook: text for the reader's own Python, which nothing here runs."""

_LEAST_SQUARES = '''
weights = {weights}


def coefficients(target, *columns):
    """Fit least squares with an intercept, weighted where there are weights."""
    return sm.WLS(target, sm.add_constant(pd.concat(columns, axis=1)), weights=weights).fit()

'''


def fixed_cell(name: str) -> str:
    """Give a cell that is the same in every notebook: "imports", "read_cells" or "encode"."""
    return (_CELLS / f"{name}.txt").read_text(encoding="utf-8").rstrip("\n")


def read_cell(file: NotebookFile, short: Mapping[str, str]) -> str:
    """Read the columns as texts, under their short names."""
    lines = [f"# Short name: header of the file.\nHEADERS = {literal({short[c.name]: c.name for c in file.columns})}"]
    if file.parquet:
        lines.append(
            "table = pd.read_parquet(DATA, columns=list(HEADERS.values()))\n"
            "table = table.astype(object).where(table.notna(), '').map(str)"
        )
    else:
        options = f"sep={file.delimiter!r}, encoding={file.encoding!r}, skiprows={file.skipped}"
        packed = ', compression="gzip"' if file.gzipped else ""
        positions = [column.position for column in file.columns]
        lines.append(
            f"POSITIONS = {literal(positions)}\n"
            f"table = pd.read_csv(\n    DATA, {options}{packed},\n"
            "    usecols=POSITIONS, index_col=False, dtype=str, keep_default_na=False,\n)"
        )
        if file.footer:
            lines.append("table = table.iloc[:-1]  # the last row holds totals")
    lines.append("table.columns = list(HEADERS)\ntable.head()")
    return "\n".join(lines)


def check_cell(file: NotebookFile) -> str:
    """Hold the bytes of the file against those of the analysis."""
    return f"""\
DATA = {literal(file.path)}
if not Path(DATA).is_file():
    raise FileNotFoundError(f"{{DATA!r}} is not there: set DATA to where the table is")
SHA256 = {literal(file.sha256)}
if hashlib.sha256(Path(DATA).read_bytes()).hexdigest() != SHA256:
    raise ValueError(f"{{DATA!r}} is not the file that was analysed: its bytes are others")"""


def forms_cell(file: NotebookFile, short: Mapping[str, str]) -> str:
    """Turn texts into numbers, dates and levels."""
    forms = {short[c.name]: (c.form, c.decimal, c.group, c.day_first, list(c.missing)) for c in file.columns if c.form}
    head = (
        "# Texts that mean missing in numbers and dates.\n"
        f"MISSING = {literal(list(file.missing_words))}\n"
        "# Form, decimal sign, sign between thousands, day before month, further texts that mean missing."
    )
    return f"{head}\nFORMS = {literal(forms)}\n\n\n{fixed_cell('read_cells')}"


def rows_cell(numbers: NotebookNumbers, ends: tuple[str, str], short: Mapping[str, str]) -> str:
    """Keep the rows that the analysis used."""
    lines = [
        f"TREATMENT, OUTCOME = {short[ends[0]]!r}, {short[ends[1]]!r}",
        f"NEEDED = {literal([short[name] for name in numbers.needed])}",
        "keep = frame[NEEDED].notna().all(axis=1)",
    ]
    if numbers.treatment_levels is not None:
        control, active = numbers.treatment_levels
        lines.append(f"CONTROL, ACTIVE = {literal(control)}, {literal(active)}")
        lines.append("keep &= frame[TREATMENT].isin([CONTROL, ACTIVE])")
    if numbers.weights is not None:
        lines.append(f"keep &= frame[{short[numbers.weights]!r}] > 0")
    lines.append('used = frame[keep].reset_index(drop=True)\nprint(f"{len(used):,} of {len(frame):,} rows are used")')
    return "\n".join(lines)


def encode_cell(numbers: NotebookNumbers, short: Mapping[str, str]) -> str:
    """Make numbers of the columns of the model."""
    blocks = (
        ("COVARIATES", numbers.covariates),
        ("INSTRUMENTS", numbers.instruments),
        ("MEDIATORS", numbers.mediators),
    )
    every = [column for _, block in blocks for column in block]
    lines = [f"{word} = {literal([short[c.name] for c in block])}" for word, block in blocks]
    lines += [
        f"NUMBERS = {literal([short[c.name] for c in every if c.number])}",
        f"LEVELS = {literal({short[c.name]: list(c.levels) for c in every if c.levels})}",
        f"GAPS = {literal([short[c.name] for c in every if c.gap])}",
        f"GAP_LEVELS = {literal({short[c.name]: c.gap_level for c in every if c.levels and c.filled})}",
    ]
    return "\n".join([*lines, "", "", fixed_cell("encode")])


def ends_cell(numbers: NotebookNumbers) -> str:
    """Write treatment and outcome in numbers, and say what is compared."""
    if numbers.treatment_levels is not None:
        treatment = "t = (used[TREATMENT] == ACTIVE).astype(float).rename(TREATMENT)\nlow, high = 0.0, 1.0"
    else:
        step = "0.0, 1.0" if numbers.step is None else ", ".join(map(literal, numbers.step))
        treatment = (
            "# The treatment is centred and scaled, and so are the two values that are compared.\n"
            "spread = used[TREATMENT].std(ddof=0)\n"
            "t = scaled(used[TREATMENT])\n"
            f"low, high = (value / spread for value in ({step}))  # a straight line: the step counts alone"
        )
    if numbers.outcome_levels is not None:
        outcome = (
            f"EVENT = {literal(numbers.outcome_levels[1])}\ny = (used[OUTCOME] == EVENT).astype(float).rename(OUTCOME)"
        )
    else:
        outcome = "y = used[OUTCOME] - used[OUTCOME].mean()  # centred: no difference of means depends on its zero"
    return f"{treatment}\n{outcome}"


def identify_cell(graph: DrawnGraph, ends: tuple[str, str], *, numbers: bool) -> str:
    """Lay the graph before DoWhy."""
    observed = [graph.short[name] for name in graph.observed]
    named = f"TREATMENT, OUTCOME = {graph.short[ends[0]]!r}, {graph.short[ends[1]]!r}"
    start = f"{named}\ndata = table[OBSERVED].copy()"
    if numbers:
        start = (
            "data = pd.concat([table.loc[keep, OBSERVED].reset_index(drop=True), X, Z, M], axis=1)\n"
            "data[TREATMENT], data[OUTCOME] = t, y"
        )
    return f'''\
GRAPH = """
{graph.text}
"""
OBSERVED = {literal(observed)}  # the other nodes are hidden causes
{start}
model = CausalModel(data=data, treatment=TREATMENT, outcome=OUTCOME, graph=GRAPH.strip())
identified = model.identify_effect(proceed_when_unidentifiable=True)
print(identified)'''


def frame_cell() -> str:
    """Lay the columns side by side where DoWhy is not asked to identify."""
    return "data = X.copy()\ndata[TREATMENT], data[OUTCOME] = t, y\nidentified = None"


def regression_cell(short: Mapping[str, str], ends: tuple[str, str], covariates: tuple[ModelColumn, ...]) -> str:
    """Let DoWhy fit the linear regression on the adjustment set of the report."""
    a, b = short[ends[0]], short[ends[1]]
    assumed = dot([a, b], [*((short[one.name], end) for one in covariates for end in (a, b)), (a, b)])
    return f'''\
if identified is None or not (identified.estimands or {{}}).get("backdoor"):
    # DoWhy was not asked, or finds no adjustment set: the adjustment of the report is then taken as given.
    ASSUMED = """
{assumed}
"""
    assumed = data.assign(**{{name: 0.0 for name in COVARIATES if name not in data}})
    model = CausalModel(data=assumed, treatment=TREATMENT, outcome=OUTCOME, graph=ASSUMED.strip())
    identified = model.identify_effect(method_name="maximal-adjustment", proceed_when_unidentifiable=True)

# The adjustment set of the report, in columns; the one that DoWhy takes by itself may be another.
identified.set_backdoor_variables(list(X.columns), key="backdoor")
estimate = model.estimate_effect(
    identified,
    method_name="backdoor.linear_regression",
    control_value=low,
    treatment_value=high,
    effect_modifiers=[],  # by default DoWhy would add products of the treatment with other causes of the outcome
)
redone = float(estimate.value)
print(redone)'''


def weighted_cell(short: Mapping[str, str], weights: str | None) -> str:
    """Fit weighted least squares, which DoWhy does not offer."""
    fit = "fit = coefficients(y, t, X)\nredone = float(fit.params[TREATMENT] * (high - low))\nprint(redone)"
    return _least_squares(short, weights) + fit


def _least_squares(short: Mapping[str, str], weights: str | None) -> str:
    column = "1.0" if weights is None else f"used[{short[weights]!r}] / used[{short[weights]!r}].mean()"
    return _LEAST_SQUARES.format(weights=column).lstrip("\n")


def instrument_cell(numbers: NotebookNumbers, short: Mapping[str, str], *, asked: bool) -> str:
    """Compute two-stage least squares; beside it DoWhy's, where `asked` and it can."""
    ours = f"{_least_squares(short, numbers.weights)}{_TWO_STAGES}"
    single = len(numbers.instruments) == 1 and len(numbers.instruments[0].levels) + numbers.instruments[0].number == 1
    if not (asked and single) or numbers.covariates or numbers.weights is not None:
        return ours
    two = "data[Z.columns[0]] = (Z.iloc[:, 0] > Z.iloc[:, 0].mean()) * 1.0  # DoWhy looks for 0 and 1\n"
    return f"""\
{two if numbers.two_valued_instrument else ""}if (identified.estimands or {{}}).get("iv"):
    identified.instrumental_variables = list(Z.columns)
    estimate = model.estimate_effect(identified, method_name="iv.instrumental_variable", effect_modifiers=[])
    print("DoWhy:", estimate.value * (high - low))

{ours}"""


_TWO_STAGES = """\
# Two-stage least squares: what instruments and covariates say of the treatment, then the outcome on that.
# DoWhy's estimator takes one instrument and no covariates; this is the same with any number of both.
first = coefficients(t, Z, X)
second = coefficients(y, first.fittedvalues.rename("moved"), X)
redone = float(second.params["moved"] * (high - low))
print(redone)"""


def front_door_cell(numbers: NotebookNumbers, short: Mapping[str, str], *, cells: bool, treated: bool) -> str:
    """Compute the front-door formula, by cells or by linear models."""
    if not cells:
        return f"""\
{_least_squares(short, numbers.weights)}# Treatment on each mediator, times mediator on the outcome at fixed treatment.
onto = np.array([coefficients(M[name], t, X).params[TREATMENT] for name in M])
own = coefficients(y, M, t, X).params[list(M)].to_numpy()
redone = float(onto @ own * (high - low))
print(redone)"""
    weights = "1.0" if numbers.weights is None else f"used[{short[numbers.weights]!r}]"
    over = "pd.Series([0.0, 1.0], index=[0.0, 1.0])  # the treated alone" if treated else "share"
    return f"""\
# Pearl's front-door formula by counting: sum over m of [P(m | active) - P(m | control)] sum over t of P(t) E[y | t, m].
cells = pd.DataFrame({{"t": t, "m": M.groupby(list(M)).ngroup(), "y": y, "w": {weights}}})
cells["wy"] = cells.w * cells.y
sums = cells.groupby(["t", "m"])[["w", "wy"]].sum()
share = sums.w.groupby("t").sum() / sums.w.sum()
mean = (sums.wy / sums.w).unstack("t")
given = sums.w.unstack("t")
given = given / given.sum()
over = {over}
redone = float(((given[1.0] - given[0.0]) * (mean @ over)).sum())
print(redone)"""


def compare_cell(expected: float, what: str) -> str:
    """Print both numbers."""
    return f"""\
REPORTED = {literal(expected)}  # {what}
print(f"reported {{REPORTED!r}}")
print(f"redone   {{redone!r}}")
difference = abs(redone - REPORTED) / max(abs(REPORTED), np.finfo(float).tiny)
print(f"relative difference {{difference:.1e}}")"""


def last_cell() -> str:
    """Fail if the two numbers differ."""
    return f"""\
# An effect that is zero but for rounding is held against the spread of the outcome.
if difference > {TOLERANCE!r} and abs(redone - REPORTED) > 1e-13 * float(y.std(ddof=0)):
    raise ValueError(f"redone {{redone!r}} is not the reported {{REPORTED!r}}")
print("Redone to a relative difference of no more than {TOLERANCE:g}.")"""


def refute_cell() -> str:
    """Show how to go on with DoWhy's refuters."""
    return """\
for method, options in (
    ("placebo_treatment_refuter", {"placebo_type": "permute"}),
    ("random_common_cause", {}),
):
    tried = model.refute_estimate(
        identified, estimate, method_name=method, num_simulations=10, random_state=np.random.RandomState(0), **options
    )
    print(tried)"""
