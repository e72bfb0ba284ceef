"""The Plan: a small typed language between a question and code. Every brain writes it, people may edit it.

A plan is a list of steps. Each step becomes one cell whose id is the step's id. A step reads one table: `data` (or
another loaded table) or the id of an earlier table-making step. Each class says what its cell's result is, in JSON.
References into results are written `c3:/mean_fare`: a step id and a JSON pointer (RFC 6901), where a segment `*`
stands for every key and gives a mapping (`c2:/groups/*/mean`).

Conventions (one for both engines): nulls (and NaN, which the snapshot made null) are left out of every measure;
rows with a null group key are left out; std, var, sem use ddof = 1; quantiles interpolate linearly; skewness and
kurtosis are pandas' unbiased ones (kurtosis is excess); mode is the smallest of the most frequent; a date part
`weekday` counts Monday = 0. True and false count as 1 and 0; a sum, mean or extreme of no values is null. In results dates
are as Python's isoformat writes them, and NaN and infinity are null.
"""

from typing import Annotated, Any, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field, SerializerFunctionWrapHandler, model_serializer, model_validator

Scalar = bool | int | float | str
StepId = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,30}$")]
Name = Annotated[str, Field(min_length=1, max_length=200)]
Ref = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*:(/.*)?$")]


class Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


# --- conditions -------------------------------------------------------------------------------------------------


class ColumnValue(Model):
    """The other side of a comparison is a column of the same row."""

    column: Name


class RefValue(Model):
    """The other side of a comparison is a scalar an earlier cell computed."""

    ref: Ref


Comparison = Literal["==", "!=", "<", "<=", ">", ">="]


class Compare(Model):
    """One column against a value. Nulls never match, except with `is null`. Dates compare with ISO strings.

    `value` is a list for `in` and `not in`, absent for `is null` and `not null`. Text operators ignore case.
    """

    column: Name
    op: Literal[Comparison, "in", "not in", "contains", "starts with", "ends with", "is null", "not null"]
    value: Scalar | list[Scalar] | ColumnValue | RefValue | None = None

    @model_validator(mode="after")
    def _value_fits(self) -> "Compare":
        if (self.op in ("is null", "not null")) != (self.value is None):
            raise ValueError(f"`{self.op}` {'takes no value' if self.value is not None else 'needs a value'}")
        if (self.op in ("in", "not in")) != isinstance(self.value, list):
            raise ValueError(f"`{self.op}` with the wrong kind of value")
        if self.op in ("contains", "starts with", "ends with") and not isinstance(self.value, str):
            raise ValueError(f"`{self.op}` needs text")
        return self


class All(Model):
    all: list["Condition"] = Field(min_length=1)


class AnyOf(Model):
    any: list["Condition"] = Field(min_length=1)


class Not(Model):
    # "A null comparison is not a match" holds inside too: `not` of a null comparison does not match either.
    no: "Condition"


Condition = Compare | All | AnyOf | Not


# --- steps ------------------------------------------------------------------------------------------------------


class StepBase(Model):
    id: StepId
    table: Name = "data"
    because: str = ""  # the words of the goal this step answers

    @model_serializer(mode="wrap")
    def _always_says_its_op(self, dump: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """Without its defaults a step would not say what it is, and could not be read again."""
        return {"id": self.id, "op": getattr(self, "op", ""), **dump(self)}


class Filter(StepBase):
    """Keep the rows that match. Makes a table. Result: {rows_before, rows}."""

    op: Literal["filter"] = "filter"
    where: Condition


class DatePart(Model):
    column: Name
    part: Literal[
        "year", "quarter", "month", "week", "day", "weekday", "hour", "day_name", "month_name", "year_month", "decade"
    ]
    # year_month is 'YYYY-MM'; decade is the year it starts in; week is the ISO week. A decade may be taken of an
    # integer column of years; every other part needs a date or timestamp.


class Bin(Model):
    """Cut a number into intervals. Labels default to `[a, b)`. Exactly one of edges, width, count, quantiles.

    `edges` are inner and outer bounds, lowest first; an interval holds its lower bound; values outside are null unless
    `open_ended`, which adds `< a` and `>= b`. `right` makes intervals `(a, b]` instead. `count` is a number of
    equal-width intervals, `quantiles` of equal-count ones (both between min and max, which are inside: the label there has
    a `]` or `[`). Numbers in labels are written as '%.10g'. Equal quantiles make fewer intervals.
    """

    column: Name
    edges: list[float] | None = None
    width: float | None = Field(default=None, gt=0)
    count: int | None = Field(default=None, ge=2, le=1000)
    quantiles: int | None = Field(default=None, ge=2, le=100)
    labels: list[str] | None = None
    right: bool = False
    open_ended: bool = False

    @model_validator(mode="after")
    def _one_way(self) -> "Bin":
        given = [self.edges is not None, self.width is not None, self.count is not None, self.quantiles is not None]
        if sum(given) != 1:
            raise ValueError("a bin needs exactly one of edges, width, count, quantiles")
        if self.edges is not None and (len(self.edges) < 1 or sorted(set(self.edges)) != self.edges):
            raise ValueError("bin edges must increase")
        return self


class Case(Model):
    when: Condition
    then: Scalar


class Window(Model):
    """A value from the neighbouring rows in the order of `order_by` (ties by row order), within each `by` group."""

    function: Literal[
        "lag", "difference", "percent_change", "cumulative_sum", "rolling_mean", "rank", "zscore", "share", "group_mean"
    ]
    # percent_change is 0-100. rolling_mean needs `size` full rows, else null. rank is 1 for the largest (ties: min).
    # zscore, share (0-1, of the sum) and group_mean take no order. cumulative_sum and rank are null where the value is;
    # rows with a null in `by` get null.
    column: Name
    order_by: Name | None = None
    by: list[Name] = []
    size: int = Field(default=1, ge=1, le=100_000)  # rows back for lag/difference/percent_change; window for rolling


class Derive(StepBase):
    """Add a column (or replace the one of that name). Makes a table. Result: {rows, nulls} (nulls in the new column).

    Exactly one of: `expression` (arithmetic over "quoted columns", see shared/analysis/expression.py), `date_part`, `bin`,
    `cases` (+ `otherwise`), `window`.
    """

    op: Literal["derive"] = "derive"
    name: Name
    expression: str | None = None
    date_part: DatePart | None = None
    bin: Bin | None = None
    cases: list[Case] | None = None
    otherwise: Scalar | None = None
    window: Window | None = None

    @model_validator(mode="after")
    def _one_way(self) -> "Derive":
        if sum(x is not None for x in (self.expression, self.date_part, self.bin, self.cases, self.window)) != 1:
            raise ValueError("derive needs exactly one of expression, date_part, bin, cases, window")
        return self


class Cast(StepBase):
    """Change a column's type. Makes a table. Result: {rows, lost} (values that became null).

    `parse` is a strptime format for dates. `integer` drops the fraction (towards zero). Text to number ignores spaces, currency signs, thousands commas and `%`.
    `on_error: fail` makes a value that does not parse an error of the cell.
    """

    op: Literal["cast"] = "cast"
    column: Name
    to: Literal["number", "integer", "text", "date", "timestamp", "boolean"]
    parse: str | None = None
    on_error: Literal["null", "fail"] = "null"


class Outliers(StepBase):
    """Values far from the rest. Bounds: mean ± k·std (zscore) or q25 - k·iqr, q75 + k·iqr (iqr); a value on a bound is inside.

    Action remove drops rows with an outlier in any column, clip moves values to the bound, null empties them, and
    count only counts. All but count make a table. Nulls are never outliers, and a zscore without
    spread has no bounds (null). `lower` and `upper` are told whatever `side` is. With several columns the bounds of all are taken on the same
    rows, before anything is removed.
    Result: {rows_before, rows, outliers (rows with one in any column), columns: {name: {outliers, lower, upper}}}.
    """

    op: Literal["outliers"] = "outliers"
    columns: list[Name] = Field(min_length=1)
    method: Literal["zscore", "iqr"] = "iqr"
    k: float = Field(default=1.5, gt=0)
    side: Literal["both", "upper", "lower"] = "both"
    ddof: Literal[0, 1] = 1
    action: Literal["remove", "clip", "null", "count"] = "count"


class DropMissing(StepBase):
    """Drop rows with a null in any (or all) of the columns (default: all columns). Makes a table. Result: {rows_before, rows}."""

    op: Literal["drop_missing"] = "drop_missing"
    columns: list[Name] | None = None
    how: Literal["any", "all"] = "any"


class Impute(StepBase):
    """Fill nulls. Makes a table. Result: {rows, filled: {column: count}, values: {column: value used, null for ffill}}.

    `ffill` takes the last non-null value in row order. `by` takes mean, median or mode within each group (`values` is then
    {column: {key: value}}; rows with a null key are not filled).
    """

    op: Literal["impute"] = "impute"
    columns: list[Name] = Field(min_length=1)
    method: Literal["mean", "median", "mode", "constant", "ffill"] = "mean"
    value: Scalar | None = None
    by: list[Name] = []


class Scale(StepBase):
    """Rescale numbers. Makes a table. zscore uses `ddof`; minmax maps to 0..1; robust is (x - median) / iqr.

    The column is replaced, or kept and `<column><suffix>` added. Result: {rows, columns: {name: {mean, std, min, max}}}
    of the new values, under the names of the columns that hold them.
    """

    op: Literal["scale"] = "scale"
    columns: list[Name] = Field(min_length=1)
    method: Literal["zscore", "minmax", "robust"] = "zscore"
    ddof: Literal[0, 1] = 1
    suffix: str = ""


class Encode(StepBase):
    """Categories to numbers. onehot replaces the column by `<column>_<value>` (0/1); label by 0.. in the values' sorted order, or in `order`.

    Makes a table. Result: {rows, columns: [names made], mapping: {value: code} (label only)}.
    """

    op: Literal["encode"] = "encode"
    column: Name
    method: Literal["onehot", "label"] = "onehot"
    order: list[Scalar] | None = None


class DropDuplicates(StepBase):
    """Keep the first row of each distinct combination (default: of all columns). Makes a table. Result: {rows_before, rows, duplicates}."""

    op: Literal["drop_duplicates"] = "drop_duplicates"
    columns: list[Name] | None = None


class Unpivot(StepBase):
    """Columns to rows; all other columns are repeated. Makes a table. Result: {rows}."""

    op: Literal["unpivot"] = "unpivot"
    columns: list[Name] = Field(min_length=1)
    names_to: Name = "name"
    values_to: Name = "value"


class Join(StepBase):
    """Match rows of two tables on equal keys. Right columns that clash are left out. Makes a table. Result: {rows_before, rows, unmatched}."""

    op: Literal["join"] = "join"
    right: Name
    on: list[Name] = Field(min_length=1)
    how: Literal["inner", "left"] = "inner"


AggregateFunction = Literal[
    "count", "null_count", "distinct", "sum", "mean", "median", "mode", "min", "max", "range", "std", "var", "sem", "cv",
    "quantile", "iqr", "skew", "kurtosis", "first", "last", "share", "percent", "geometric_mean",
]  # fmt: skip


class Measure(Model):
    """One number. `count` without a column counts rows. `where` restricts this measure alone.

    `share` (0-1) and `percent` (0-100): with `where`, the matching part of the rows (or of the sum of `column`) of the group; without it, the
    group's part of all rows (or of the whole sum of `column`). `cv` is std / mean. `quantile` needs `q` in 0..1.
    `first` and `last` go by row order. `range` of dates is in days. `geometric_mean` is null if any value is <= 0.
    """

    name: Name
    function: AggregateFunction
    column: Name | None = None
    q: float | None = Field(default=None, ge=0, le=1)
    ddof: Literal[0, 1] = 1
    bias: bool = False  # skew and kurtosis: True is the population (biased) form
    where: Condition | None = None

    @model_validator(mode="after")
    def _complete(self) -> "Measure":
        if (self.function == "quantile") != (self.q is not None):
            raise ValueError("`q` goes with `quantile`, and only with it")
        if self.column is None and self.function not in ("count", "share", "percent"):
            raise ValueError(f"`{self.function}` needs a column")
        if self.name in ("rows", "n"):
            raise ValueError("a measure cannot be called `rows` or `n`")
        return self


class Aggregate(StepBase):
    """Measures over a table or over each group. Makes a table (columns: by…, measures…, rows), ordered by the group keys.

    Result without `by`: {rows, n: {measure: non-null values it used}, <measure>: value, …}.
    Result with `by`: {rows, n_groups, groups: {key: {rows, <measure>: value, …}}}, at most 1,000 groups; a key is the
    value as text, several keys joined by " | ". `having` is a condition on the made table. `rows` counts the rows that belong to
    a group, with those of groups `having` left out. `n` of share and percent is that of the whole.
    """

    op: Literal["aggregate"] = "aggregate"
    measures: list[Measure] = Field(min_length=1)
    by: list[Name] = []
    having: Condition | None = None


class Rank(StepBase):
    """The k rows with the largest (or smallest) `by`, as names. Makes a table of those rows, in that order.

    Nulls in `by` are left out. Ties in `by` are broken by the label, ascending; `ties: all` keeps everything equal to the k-th.
    `position` skips: 2 starts at the second. Result: {rows, names: [label], values: [by], name, value (the first of each), tied (rows equal to the
    last one kept that were left out), items: {label: value}}. Several label columns are joined by " | "; no label column gives row numbers from 0.
    A single label keeps its type in `names`; in `items` it is text, as a group's key.
    """

    op: Literal["rank"] = "rank"
    by: Name
    label: list[Name] = []
    k: int = Field(default=1, ge=1, le=1000)
    order: Literal["desc", "asc"] = "desc"
    ties: Literal["first", "all"] = "first"
    position: int = Field(default=1, ge=1, le=1000)


class Correlate(StepBase):
    """Correlation with a two-sided p-value, on rows where both are non-null. Give x and y, or columns (every pair), or columns and target.

    Result x/y: {r, p_value, n}; with `by`: {groups: {key: {r, p_value, n}}}. Result of the others: {pairs: [{x, y, r, p_value, n}] by |r|
    descending (y is the target where there is one), by_column: {x: r} (target only), strongest, highest, lowest: x (with a target) or
    "x ~ y" (by |r|, by r, by r), strongest_r, highest_r, lowest_r}. A constant column gives r = null.
    """

    op: Literal["correlate"] = "correlate"
    x: Name | None = None
    y: Name | None = None
    columns: list[Name] | None = None
    target: Name | None = None
    method: Literal["pearson", "spearman", "kendall"] = "pearson"
    by: list[Name] = []

    @model_validator(mode="after")
    def _complete(self) -> "Correlate":
        if (self.x is None) != (self.y is None) or (self.x is None) == (self.columns is None):
            raise ValueError("correlate needs x and y, or columns (with or without target)")
        return self


TestKind = Literal[
    "t_test", "t_test_1sample", "t_test_paired", "mann_whitney", "wilcoxon", "anova", "kruskal", "chi_square",
    "fisher_exact", "shapiro", "normaltest", "jarque_bera", "ks_normal", "levene", "bartlett", "ks_2sample",
    "proportion_z", "adf",
]  # fmt: skip


class Test(StepBase):
    """A hypothesis test.

    t_test (Welch unless `equal_var`), mann_whitney, anova, kruskal, levene (median-centred), bartlett, ks_2sample: `column` split by
    `by`, or the columns in `columns` as samples; `groups` picks two or more values of `by` (in that order). t_test_paired and wilcoxon: two `columns`.
    t_test_1sample: `column` against `mu`. shapiro, normaltest, jarque_bera, ks_normal (against a normal with the sample's mean and std), adf: `column`.
    chi_square (Yates for 2x2 as scipy does) and fisher_exact: categories `column` by `by`. proportion_z: share of `column` == `success` between two groups of `by`.
    Result: {statistic, p_value, alpha, significant (p < alpha), n, df (or null), groups: {key: {n, mean, median, std}} where there are
    groups, effect, effect_name (Cohen's d, eta², Cramér's V, rank-biserial r, or null)}. df is [between, within] for anova and
    levene. Cohen's d is of the pooled std (of the differences, if paired), eta² of kruskal (H - k + 1) / (n - k), Cramér's V without Yates;
    differences are the first group minus the second. Values without spread have no t-test: null.
    """

    __test__: ClassVar[bool] = False  # nothing for pytest to collect
    op: Literal["test"] = "test"
    kind: TestKind
    column: Name | None = None
    by: Name | None = None
    groups: list[Scalar] | None = None
    columns: list[Name] | None = None
    mu: float = 0.0
    success: Scalar | None = None
    equal_var: bool = False
    alternative: Literal["two-sided", "less", "greater"] = "two-sided"
    alpha: float = Field(default=0.05, gt=0, lt=1)


class Trend(StepBase):
    """A measure over time. `value` None counts rows; `function` combines rows of one period (`every` None: one period a distinct time).

    Result: {periods, first_period, first, last_period, last, change, percent_change (0-100), slope (least squares, per period), r, p_value, growth
    (compound percent per period, null if first <= 0), direction ("rising", "falling", "flat": p >= 0.05 or fewer than 3 periods), highest_period,
    highest, lowest_period, lowest}. A period of `every` is the date it starts on; periods are numbered 0, 1, 2, … for the slope; rows without a
    time or value are left out; `last` goes by time, then row order. Makes a table (columns: period, value, rows). With `by`: {groups: {key: the same}} and the table has the by columns first.
    """

    op: Literal["trend"] = "trend"
    time: Name
    value: Name | None = None
    function: Literal["sum", "mean", "median", "min", "max", "count", "last"] = "mean"
    every: Literal["year", "quarter", "month", "week", "day"] | None = None
    by: list[Name] = []


class Associate(StepBase):
    """How strongly each column goes with the target: r² (numbers), eta² (categories and a number), Cramér's V² (categories).

    Says what goes together, not what causes what. Result: {target, associations: [{column, measure, strength (0-1), r (signed, numbers only, else
    null), p_value, n}] by strength descending, strongest, strongest_strength}. A category with more than 100 values, or with more
    than half as many as there are rows, is left out, and so are dates.
    """

    op: Literal["associate"] = "associate"
    target: Name
    columns: list[Name] | None = None


class Summarize(StepBase):
    """Every column at a glance.

    Result: {rows, n_columns, duplicates, missing (null cells), columns: {name: {kind, nulls, null_percent, distinct, and for numbers: mean, std, min,
    q25, median, q75, max, skew, outliers (iqr, 1.5); for others: top, top_count, top_percent}}}. `focus` only changes what the finding talks about.
    """

    op: Literal["summarize"] = "summarize"
    columns: list[Name] | None = None
    focus: Literal["overview", "oddities"] = "overview"


class Split(Model):
    """scikit-learn's train_test_split with this test share and random_state."""

    test_size: float = Field(default=0.3, gt=0, lt=1)
    seed: int = 42
    shuffle: bool = True
    stratify: bool = False


class FitModel(StepBase):
    """Fit and score a scikit-learn estimator with its defaults (+ params) on rows complete in target and features.

    Text features are one-hot encoded (first level dropped, sorted). Without `split` it is fitted and scored on all rows. `seed` goes to estimators that take
    a random_state. `scale` standardises features (StandardScaler fitted on the training rows).
    Result: {metrics: {name: value}, n, n_train, n_test, features: [as encoded], coefficients: {feature: value} and intercept (linear ones), importances:
    {feature: value} (trees), p_values: {feature: p} (linear without split, by OLS), predictions: {} }. Of two classes the larger one
    is the positive one for precision, recall, f1, auc; of more, they are macro averages (auc: one against the rest).
    """

    op: Literal["model"] = "model"
    kind: Literal["linear", "ridge", "lasso", "logistic", "decision_tree", "random_forest", "knn", "svm", "naive_bayes"]
    task: Literal["regression", "classification"]
    target: Name
    features: list[Name] = Field(min_length=1)
    split: Split | None = None
    seed: int = 42
    scale: bool = False
    params: dict[str, Scalar | None] = {}
    metrics: list[
        Literal["mse", "rmse", "mae", "r2", "accuracy", "precision", "recall", "f1", "auc"]
    ] = Field(min_length=1)


class Calculate(StepBase):
    """Arithmetic on results of earlier cells. `expression` uses the names in `values` as bare words. Result: {value, <each name>: its value}."""

    op: Literal["calculate"] = "calculate"
    values: dict[Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")], Ref] = Field(min_length=1)
    expression: str


class Predicate(Model):
    ref: Ref
    op: Comparison
    value: Scalar | RefValue
    absolute: bool = False  # compare |ref|


class Rule(Model):
    when: list[Predicate] = Field(min_length=1)  # all must hold
    then: Scalar


class Decide(StepBase):
    """The first rule that holds gives the label. Result: {label, rule (its index, or null for otherwise)}. A null reference holds in no rule."""

    op: Literal["decide"] = "decide"
    rules: list[Rule] = Field(min_length=1)
    otherwise: Scalar


class Chart(StepBase):
    """A picture of a table. Result: {points}; the cell's rich output is a Vega-Lite spec. Titles may hold `{{refs}}`.

    bar: x category, y number (sorted by y descending unless `sort` is "x"); line: x time or ordered number, y number; scatter: two numbers with a least-squares line;
    histogram: x number; box: x category, y number; heatmap: x, y categories, color number. `color` splits the marks.
    """

    op: Literal["chart"] = "chart"
    kind: Literal["bar", "line", "scatter", "histogram", "box", "heatmap"]
    x: Name
    y: Name | None = None
    color: Name | None = None
    sort: Literal["y", "x"] = "y"
    title: str


class Python(StepBase):
    """Anything else, as code. It finds `db` (DuckDB connection with every table) and `pd`; its last expression is the result. A DataFrame it
    leaves under the name of the step's id becomes that table."""

    op: Literal["python"] = "python"
    code: str


class Output(Model):
    """A named value for programs. `ref` may hold `*`; decimals round here and only here."""

    name: Name
    ref: Ref
    decimals: int | None = Field(default=None, ge=0, le=15)
    description: str = ""


class Report(StepBase):
    """What is told: named outputs, and findings as templates with references. Last step. `findings` None lets each measuring step
    speak for itself in the standard words. `lead` is the step that holds the answer to the goal."""

    op: Literal["report"] = "report"
    outputs: list[Output] = []
    findings: list[str] | None = None
    lead: StepId | None = None


Step = Annotated[
    Filter | Derive | Cast | Outliers | DropMissing | Impute | Scale | Encode | DropDuplicates | Unpivot | Join
    | Aggregate | Rank | Correlate | Test | Trend | Associate | Summarize | FitModel | Calculate | Decide
    | Chart | Python | Report,
    Field(discriminator="op"),
]  # fmt: skip

TABLE_MAKING = frozenset(
    ["filter", "derive", "cast", "outliers", "drop_missing", "impute", "scale", "encode", "drop_duplicates", "unpivot", "join",
     "aggregate", "rank", "trend", "python"]
)  # fmt: skip


class Unanswered(Model):
    """A part of the goal that was not answered, why, and what would help."""

    what: str
    why: str
    hint: str = ""


class Plan(Model):
    """Steps in order; unique ids; a step only refers to earlier ones. `reading` says in words how the goal was understood."""

    version: Literal[1] = 1
    goal: str = ""
    brain: str = "by hand"
    reading: list[str] = []
    steps: list[Step] = []
    unanswered: list[Unanswered] = []

    @model_validator(mode="after")
    def _ids_are_unique(self) -> "Plan":
        ids = [step.id for step in self.steps]
        if twice := sorted({i for i in ids if ids.count(i) > 1}):
            raise ValueError(f"two steps are called {', '.join(twice)}")
        if "c0" in ids or "plan" in ids:
            raise ValueError("`c0` (loading) and `plan` are reserved ids")
        return self

    @property
    def report(self) -> Report | None:
        return next((step for step in self.steps if isinstance(step, Report)), None)


class Cell(BaseModel):
    """A step's code and what running it gave. `c0` loads the data."""

    id: str
    code: str
    stdout: str = ""
    result: Any = None
    error: str | None = None
    ms: float = 0.0
    chart: dict[str, Any] | None = None  # a chart step's Vega-Lite spec
