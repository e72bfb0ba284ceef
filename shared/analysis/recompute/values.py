"""Steps that change values: types, outliers, missing ones, scales, codes. Each returns its result and the table it makes."""

import re
import unicodedata
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Any

import numpy as np

from shared.analysis.plan import (
    Cast,
    Encode,
    Impute,
    Outliers,
    Scale,
)  # fmt: skip
from shared.analysis.recompute.columns import DTYPES, CannotRecompute, Column, Table, as_text, column, of_scalars, share_words
from shared.analysis.recompute.conditions import Refs
from shared.analysis.recompute.grouping import as_varchar, everything, group, ranks
from shared.analysis.recompute.measures import sample

Result = dict[str, Any]
Made = tuple[Result, Table]


def cast(step: Cast, table: Table, refs: Refs) -> Made:
    old = table[step.column]
    new = cast_column(old, step.to, step.parse)
    lost = int((old.valid & ~new.valid).sum())
    if lost and step.on_error == "fail":
        raise CannotRecompute(f"{lost} values of {step.column!r} cannot be cast, which the step calls an error")
    return {"rows": table.rows, "lost": lost}, table.with_columns({step.column: new})


def cast_column(c: Column, to: str, parse: str | None) -> Column:
    if to == "text":
        if c.type == "TIMESTAMP":  # as SQL writes it, with a space where ISO has a T
            iso = as_varchar(c)
            assert iso.words is not None
            return Column("VARCHAR", iso.values, iso.valid, np.array([word.replace("T", " ") for word in iso.words], object))
        return c if c.words is not None else as_varchar(c)
    if c.words is not None:
        readers: dict[str, Callable[[str], Any]] = {
            "number": number_in, "integer": _integer_in, "boolean": _boolean_in,
            "date": lambda text: _date_in(text, parse), "timestamp": lambda text: _date_in(text, parse),
        }  # fmt: skip
        found = [readers[to](word) for word in c.words]
        kind = {"number": "DOUBLE", "integer": "BIGINT", "boolean": "BOOLEAN"}.get(to)
        if kind is None:
            whole = np.array([np.datetime64(day, "us") if day else np.datetime64("NaT", "us") for day in found] + [0],
                             "datetime64[us]")  # fmt: skip
            there = ~np.isnat(whole)
            values = whole.astype("datetime64[D]") if to == "date" else whole
            return column("DATE" if to == "date" else "TIMESTAMP", values[c.values], c.valid & there[c.values])
        numbers = np.array([0 if value is None else value for value in found] + [0], DTYPES[kind])
        there = np.array([value is not None for value in found] + [False])
        return Column(kind, numbers[c.values], c.valid & there[c.values])
    if to in ("date", "timestamp"):
        if c.type not in ("DATE", "TIMESTAMP"):
            if parse is None:
                raise CannotRecompute(f"numbers become dates only by a format, not from {c.type}")
            return cast_column(as_varchar(c), to, parse)
        return column(to.upper(), c.values.astype("datetime64[D]" if to == "date" else "datetime64[us]"), c.valid)
    if not c.is_number:
        raise CannotRecompute(f"{c.type} does not become {to}")
    if to == "boolean":
        return column("BOOLEAN", c.floats() != 0, c.valid)
    if to == "number" or c.type != "DOUBLE":
        return (
            Column("DOUBLE", c.floats(), c.valid, computed=c.computed) if to == "number" else column("BIGINT", c.values, c.valid)
        )
    fits = np.abs(c.values) < 2.0**63
    return column("BIGINT", np.trunc(np.where(c.valid & fits, c.values, 0)), c.valid & fits)


def number_in(text: str) -> float | int | None:
    """The number a text holds: spaces, currency signs, thousands commas and % are passed over."""
    bare = "".join(c for c in text if not c.isspace() and c not in ",%" and unicodedata.category(c) != "Sc")
    if not re.fullmatch(r"[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?", bare, re.ASCII):
        return None
    value = float(bare) if re.search("[.eE]", bare) else int(bare)
    return value if abs(value) < np.finfo("float64").max else None


def _integer_in(text: str) -> int | None:
    """What stands after the point is cut off."""
    value = number_in(text)
    whole = int(np.trunc(value)) if isinstance(value, float) else value
    return whole if whole is not None and -(2**63) <= whole < 2**63 else None


def _boolean_in(text: str) -> bool | None:
    return {"true": True, "t": True, "yes": True, "y": True, "1": True,
            "false": False, "f": False, "no": False, "n": False, "0": False}.get(text.strip().lower())  # fmt: skip


def _date_in(text: str, parse: str | None) -> datetime | None:
    try:
        return datetime.strptime(text.strip(), parse) if parse else datetime.fromisoformat(text.strip())
    except ValueError:
        return None


def outliers(step: Outliers, table: Table, refs: Refs) -> tuple[Result, Table]:
    away = np.zeros(table.rows, bool)
    found, new = {}, {}
    for name in step.columns:
        c = table[name]
        s = sample(column("DOUBLE", c.floats(), c.valid), everything(table.rows))
        with np.errstate(all="ignore"):
            if step.method == "zscore":
                std = float(np.sqrt(s.moment(2) / (s.n - step.ddof))[0])
                std = std or np.nan  # equal values have no z-scores
                lower, upper = s.mean[0] - step.k * std, s.mean[0] + step.k * std
            else:
                low, high = (q[0] for q in s.quantiles(0.25, 0.75))
                lower, upper = low - step.k * (high - low), high + step.k * (high - low)
        x = c.floats()
        below = c.valid & (x < lower) & (step.side != "upper")
        above = c.valid & (x > upper) & (step.side != "lower")
        away |= below | above
        bounds = [float(bound) if np.isfinite(bound) else None for bound in (lower, upper)]
        found[name] = {"outliers": int((below | above).sum()), "lower": bounds[0], "upper": bounds[1]}
        if step.action == "clip":
            clipped = column("DOUBLE", np.where(below, lower, np.where(above, upper, x)), c.valid)
            new[name] = replace(clipped, computed=c.computed)
        elif step.action == "null":
            new[name] = c.with_values(c.values, c.valid & ~below & ~above)
    made = table.take(~away) if step.action == "remove" else table.with_columns(new)
    counts = {"rows_before": table.rows, "rows": made.rows, "outliers": int(away.sum())}
    return {**counts, "columns": found}, made


def impute(step: Impute, table: Table, refs: Refs) -> Made:
    groups = group(table, step.by)
    new, filled = {}, {}
    used: dict[str, Any] = {}
    for name in step.columns:
        c = table[name]
        if step.method == "constant":
            filler = of_scalars([step.value] * table.rows)
            used[name] = step.value
        elif step.method == "ffill":
            last = np.full(table.rows, -1)
            order = np.argsort(groups.of_row, kind="stable")
            inside = groups.of_row[order] >= 0
            seen = np.where(c.valid[order], np.arange(table.rows), -1)
            start = np.searchsorted(groups.of_row[order], groups.of_row[order])
            latest = np.maximum.accumulate(seen) if table.rows else seen
            last[order] = np.where(inside & (latest >= start), order[latest], -1)
            filler = c.with_values(c.values[last], last >= 0) if table.rows else c
            used[name] = None
        else:
            per_group = _middle(step.method, c, groups)
            of_row = groups.of_row
            there = (of_row >= 0) & (per_group.valid[of_row] if groups.count else False)
            values = per_group.values[of_row] if groups.count else c.values
            filler = per_group.with_values(values, there)
            values_used = [per_group.scalar(k) for k in range(groups.count)]
            used[name] = dict(zip(groups.names(), values_used, strict=True)) if step.by else values_used[0]
        new[name] = _filled(c, filler)
        filled[name] = int((~c.valid & filler.valid).sum())
    return {"rows": table.rows, "filled": filled, "values": used}, table.with_columns(new)


def _middle(method: str, c: Column, groups: Any) -> Column:
    from shared.analysis.plan import Measure
    from shared.analysis.recompute.columns import table_of
    from shared.analysis.recompute.measures import measure

    asked = Measure.model_validate({"name": "x", "function": method, "column": "x"})
    return measure(asked, table_of({"x": c}), groups, lambda ref: None)[0]


def _filled(c: Column, filler: Column) -> Column:
    if {c.type, filler.type} == {"BIGINT", "DOUBLE"}:
        c, filler = (Column("DOUBLE", one.floats(), one.valid, computed=one.computed) for one in (c, filler))
    elif c.type in ("DATE", "TIMESTAMP") and filler.words is not None:
        filler = cast_column(filler, "date" if c.type == "DATE" else "timestamp", None)
    elif c.type == "VARCHAR" and filler.words is None:
        filler = as_varchar(filler)
    if c.type != filler.type:
        raise CannotRecompute(f"{filler.type} does not fill {c.type}")
    if c.words is not None:
        c, filler = share_words([c, filler])
    values = np.where(c.valid, c.values, filler.values)
    return Column(c.type, values, c.valid | filler.valid, c.words, c.computed)  # what is filled is equal in both engines


def scale(step: Scale, table: Table, refs: Refs) -> Made:
    one = everything(table.rows)
    new, told = {}, {}
    for name in step.columns:
        c = table[name]
        x = c.floats()
        s = sample(column("DOUBLE", x, c.valid), one)
        low, high = (bound.astype("float64")[0] for bound in s.extremes)
        with np.errstate(all="ignore"):
            if step.method == "zscore":
                scaled = (x - s.mean[0]) / np.sqrt(s.moment(2) / (s.n - step.ddof))[0]
            elif step.method == "minmax":
                scaled = (x - low) / (high - low)
            else:
                q25, median, q75 = (q[0] for q in s.quantiles(0.25, 0.5, 0.75))
                scaled = (x - median) / (q75 - q25)
            fresh = replace(column("DOUBLE", scaled, c.valid), computed=c.computed)  # equal values stay equal
            t = sample(fresh, one)
            low, high = (bound[0] for bound in t.extremes)
            numbers = [
                t.mean[0],
                (np.sqrt(t.moment(2) / (t.n - 1))[0] if t.n[0] > 1 else np.nan),
                *((low, high) if t.n[0] else (np.nan, np.nan)),
            ]
        told[name + step.suffix] = {
            key: float(value) if np.isfinite(value) else None
            for key, value in zip(("mean", "std", "min", "max"), numbers, strict=True)
        }
        new[name + step.suffix] = fresh
    return {"rows": table.rows, "columns": told}, table.with_columns(new)


def encode(step: Encode, table: Table, refs: Refs) -> Made:
    c = table[step.column]
    codes, count = ranks(c)
    first = np.zeros(count, "int64")
    first[codes[codes >= 0]] = np.flatnonzero(codes >= 0)
    words = [str(text) for text in c.take(first).texts()]
    if step.order is not None:
        wanted = [as_text(value) for value in step.order]
        to_wanted = np.array([wanted.index(word) if word in wanted else -1 for word in words] + [-1])
        codes, words = to_wanted[codes], wanted
    if step.method == "label":
        new = column("BIGINT", codes, codes >= 0)
        mapping = {word: code for code, word in enumerate(words)}
        return {"rows": table.rows, "columns": [step.column], "mapping": mapping}, table.with_columns({step.column: new})
    made = {f"{step.column}_{word}": column("BIGINT", codes == code) for code, word in enumerate(words)}
    return {"rows": table.rows, "columns": list(made)}, table.without(step.column).with_columns(made)
