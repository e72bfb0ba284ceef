"""Steps that measure a table: aggregate, rank, trend, summarize. Each gives its result and, where it makes one, a table."""

from typing import Any

import numpy as np

from shared.analysis.plan import Aggregate, Measure, Rank, Summarize, Trend
from shared.analysis.recompute import HANGS, Alike, Inexact
from shared.analysis.recompute.columns import Array, CannotRecompute, Column, Table, as_text, column, table_of
from shared.analysis.recompute.conditions import Refs, matches
from shared.analysis.recompute.correlations import correlation_p
from shared.analysis.recompute.grouping import everything, group, hangs_on_rounding, ranks
from shared.analysis.recompute.measures import measure, ordered_values

Result = dict[str, Any]
MOST_GROUPS = 1_000


def told(c: Column, k: int, scale: Array | None = None) -> Any:
    """One value of a measure for the result."""
    value = c.scalar(k)
    return Inexact(value, float(scale[k])) if scale is not None and isinstance(value, float) else value


def aggregate(step: Aggregate, table: Table, refs: Refs) -> tuple[Result, Table]:
    groups = group(table, step.by)
    rows = column("BIGINT", groups.sizes())
    measured = {m.name: measure(m, table, groups, refs) for m in step.measures}
    columns = dict(zip(step.by, groups.keys, strict=bool(step.by)))
    made = table_of({**columns, **{name: c for name, (c, _, _) in measured.items()}, "rows": rows})
    telling = {
        m.name: measured[m.name]
        for m in step.measures
        if m.function not in ("distinct", "mode") or m.column is None or not hangs_on_rounding(table[m.column])
    }
    if not telling:
        raise CannotRecompute(HANGS)
    if not step.by:
        values = {name: told(c, 0, scale) for name, (c, _, scale) in telling.items()}
        n = {name: int(used[0]) for name, (_, used, _) in measured.items()}
        if step.having is not None:
            made = made.take(matches(step.having, made, refs))
        return {"rows": int(rows.values.sum()), "n": n, **values}, made
    kept = np.arange(groups.count)
    if step.having is not None:
        kept = np.flatnonzero(matches(step.having, made, refs))
    names = groups.names()
    told_groups = {
        names[k]: {"rows": rows.scalar(k), **{name: told(c, k, scale) for name, (c, _, scale) in telling.items()}}
        for k in kept[:MOST_GROUPS].tolist()
    }
    return {"rows": int(rows.values.sum()), "n_groups": len(kept), "groups": told_groups}, made.take(kept)


def rank(step: Rank, table: Table, refs: Refs) -> tuple[Result, Table]:
    by = table[step.by]
    there = np.flatnonzero(by.valid)
    place = ranks(by)[0][there]
    labels = [ordered_values(table[name])[there] for name in step.label]
    # lexsort goes by its last key first: the value, then the labels in turn, then row order.
    order = np.lexsort((there, *labels[::-1], -place if step.order == "desc" else place))
    first, end = step.position - 1, step.position - 1 + step.k
    sorted_place = place[order]
    if step.ties == "all" and end < len(order):
        end = int(np.flatnonzero(sorted_place == sorted_place[end - 1])[-1]) + 1
    kept = there[order[first:end]]
    made = table.take(kept)
    names = _labels(made, step.label, kept)
    if by.type == "DOUBLE":
        names = _alike(names, by, table, step.label, there[order], kept)
    values = [made[step.by].scalar(row) for row in range(made.rows)]
    last = sorted_place[min(end, len(order)) - 1] if len(kept) else -1
    tied = int((sorted_place[:first] == last).sum() + (sorted_place[end:] == last).sum())
    result = {
        "rows": made.rows, "names": names, "values": values, "name": names[0] if names else None,
        "value": values[0] if values else None, "tied": tied,
        "items": {"null" if name is None else as_text(name): value for name, value in zip(names, values, strict=True)},
    }  # fmt: skip
    return result, made


def _alike(names: list[Any], by: Column, table: Table, label: list[str], order: Array, kept: Array) -> list[Any]:
    """The names with those whose value differs by no more than rounding: either engine may put them first."""
    if not label:
        return names
    x = by.values[order]
    size = np.abs(x)
    apart = np.append(True, np.abs(np.diff(x)) > 1e-9 * np.maximum(size[1:], size[:-1])) if len(x) else np.zeros(0, bool)
    cluster = dict(zip(order.tolist(), np.cumsum(apart).tolist(), strict=True))
    wanted = {cluster[row] for row in kept.tolist()}
    members: dict[int, list[int]] = {}
    for row, number in cluster.items():
        if number in wanted:
            members.setdefault(number, []).append(row)
    same = {number: _labels(table.take(np.array(rows)), label, np.array(rows)) for number, rows in members.items()}
    return [
        Alike(name, [str(other) for other in same[cluster[row]]]) if isinstance(name, str) else name
        for name, row in zip(names, kept.tolist(), strict=True)
    ]


def _labels(table: Table, label: list[str], rows: Array) -> list[Any]:
    if not label:
        return [int(row) for row in rows]
    if len(label) == 1:
        return [table[label[0]].scalar(row) for row in range(table.rows)]
    return [
        " | ".join("null" if part is None else part for part in parts)
        for parts in zip(*(table[n].texts() for n in label), strict=True)
    ]


# --- trend ------------------------------------------------------------------------------------------------------


def trend(step: Trend, table: Table, refs: Refs) -> tuple[Result, Table]:
    period = _periods(table[step.time], step)
    if step.value is not None:
        period = period.with_values(period.values, period.valid & table[step.value].valid)
    dated = table.with_columns({"\0period": period})
    groups = group(dated, [*step.by, "\0period"])
    rows = column("BIGINT", groups.sizes())
    scale: Array | None = None
    if step.value is None:
        value = rows
    else:
        asked = Measure.model_validate({"name": "value", "function": step.function, "column": step.value})
        value, _, scale = measure(asked, dated, groups, refs)
    columns = {**dict(zip(step.by, groups.keys, strict=False)), "period": groups.keys[-1], "value": value, "rows": rows}
    made = table_of(columns)
    if not step.by:
        return _course(groups.keys[-1], value, scale), made
    series = group(made, step.by)
    told_groups = {}
    for name, rows_of in zip(series.names(), series.members(), strict=True):
        part = None if scale is None else scale[rows_of]
        told_groups[name] = _course(groups.keys[-1].take(rows_of), value.take(rows_of), part)
    return {"groups": told_groups}, made


def _periods(time: Column, step: Trend) -> Column:
    """The period each row falls in, as the date it starts on."""
    if step.every is None or (step.every == "year" and time.type == "BIGINT"):
        return time
    if time.type not in ("DATE", "TIMESTAMP"):
        raise CannotRecompute(f"{step.time!r} is not a date")
    days = time.values.astype("datetime64[D]")
    if step.every == "week":
        days = days - (days.astype("int64") + 3) % 7
    elif step.every == "quarter":
        months = days.astype("datetime64[M]").astype("int64")
        days = (months // 3 * 3).astype("datetime64[M]").astype("datetime64[D]")
    else:
        unit = {"year": "Y", "month": "M", "day": "D"}[step.every]
        days = days.astype(f"datetime64[{unit}]").astype("datetime64[D]")
    return column("DATE", days, time.valid)


def _course(period: Column, value: Column, scale: Array | None) -> Result:
    """What became of a measure from its first period to its last."""
    known = np.flatnonzero(value.valid)
    n = len(known)
    names = ("first_period", "first", "last_period", "last", "change", "percent_change", "slope", "r", "p_value", "growth",
             "highest_period", "highest", "lowest_period", "lowest")  # fmt: skip
    if n == 0:
        return {"periods": 0, **dict.fromkeys([*names, "direction"])}
    y = value.floats()[known]
    size = float(np.abs(y).max() if scale is None else scale[known].max())
    highest, lowest = int(known[np.argmax(y)]), int(known[np.argmin(y)])
    first, last = float(y[0]), float(y[-1])
    change = last - first
    growth = ((last / first) ** (1 / (n - 1)) - 1) * 100 if n > 1 and first > 0 and last >= 0 else None
    slope, r, p = _line(y)
    direction = "flat" if n < 3 or p is None or p >= 0.05 else "rising" if (r or 0) > 0 else "falling"
    return {
        "periods": n,
        "first_period": period.scalar(int(known[0])), "first": value.scalar(int(known[0])),
        "last_period": period.scalar(int(known[-1])), "last": value.scalar(int(known[-1])),
        "change": Inexact(change, size), "percent_change": None if first == 0 else Inexact(change / first * 100, size / abs(first) * 100),
        "slope": None if slope is None else Inexact(slope, size), "r": r, "p_value": p, "growth": growth,
        "direction": direction,
        "highest_period": period.scalar(highest), "highest": value.scalar(highest),
        "lowest_period": period.scalar(lowest), "lowest": value.scalar(lowest),
    }  # fmt: skip


def _line(y: Array) -> tuple[float | None, float | None, float | None]:
    """Slope per period, r and p of a least-squares line through (0, y0), (1, y1), …"""
    n = len(y)
    if n < 2:
        return None, None, None
    x = np.arange(n) - (n - 1) / 2
    slope = float((x * y).sum() / (x * x).sum())
    if y.min() == y.max():
        return 0.0, None, None
    away = y - y.mean()
    r = float((x * away).sum() / np.sqrt((x * x).sum() * (away * away).sum()))
    return slope, r, correlation_p(r, n)


# --- summarize --------------------------------------------------------------------------------------------------


def summarize(step: Summarize, table: Table, refs: Refs) -> Result:
    from shared.analysis.plan import DropDuplicates
    from shared.analysis.recompute.tables import drop_duplicates

    names = step.columns or table.names
    duplicates = drop_duplicates(DropDuplicates(id="x"), table, refs)[0]["duplicates"]
    columns = {name: _glance(table[name], table.rows) for name in names}
    return {
        "rows": table.rows, "n_columns": len(names), "duplicates": duplicates,
        "missing": sum(c["nulls"] for c in columns.values()), "columns": columns,
    }  # fmt: skip


def _glance(c: Column, rows: int) -> Result:
    one, alone = everything(rows), table_of({"x": c})

    def ask(function: str, **more: Any) -> Any:
        asked = Measure.model_validate({"name": "x", "function": function, "column": "x", **more})
        found, _, scale = measure(asked, alone, one, lambda ref: None)
        return told(found, 0, scale)

    nulls = int((~c.valid).sum())
    seen: Result = {"nulls": nulls, "null_percent": nulls / rows * 100 if rows else None}
    if not hangs_on_rounding(c):
        seen["distinct"] = ask("distinct")
    if c.type in ("BIGINT", "DOUBLE"):
        seen |= {name: ask(name) for name in ("mean", "std", "min", "median", "max", "skew")}
        seen |= {"q25": ask("quantile", q=0.25), "q75": ask("quantile", q=0.75)}
        if seen["q25"] is not None:
            x, reach = c.floats()[c.valid], 1.5 * (seen["q75"] - seen["q25"])
            seen["outliers"] = int(((x < seen["q25"] - reach) | (x > seen["q75"] + reach)).sum())
    else:
        seen["top"] = ask("mode")
        seen["top_count"] = int((c.valid & (c.values == _most(c))).sum()) if seen["top"] is not None else 0
        seen["top_percent"] = seen["top_count"] / (rows - nulls) * 100 if rows > nulls else None
    return seen


def _most(c: Column) -> Any:
    values, counts = np.unique(c.values[c.valid], return_counts=True)
    return values[np.argmax(counts)]
