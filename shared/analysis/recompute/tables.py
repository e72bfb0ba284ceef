"""Steps that change which rows and columns a table has: each function returns the step's result and the table it makes."""

from collections.abc import Callable
from typing import Any

import numpy as np

from shared.analysis.plan import (
    Derive,
    DropDuplicates,
    DropMissing,
    Filter,
    Join,
    Unpivot,
)  # fmt: skip
from shared.analysis.recompute.columns import Array, Column, Table, nulls, text_column
from shared.analysis.recompute.conditions import Refs, matches
from shared.analysis.recompute.derive import derived
from shared.analysis.recompute.grouping import combine, concatenate, ranks

Result = dict[str, Any]
Made = tuple[Result, Table]


def filter_rows(step: Filter, table: Table, refs: Refs) -> Made:
    kept = table.take(matches(step.where, table, refs))
    return {"rows_before": table.rows, "rows": kept.rows}, kept


def derive(step: Derive, table: Table, refs: Refs) -> Made:
    new = derived(step, table, refs)
    return {"rows": table.rows, "nulls": int((~new.valid).sum())}, table.with_columns({step.name: new})


def drop_missing(step: DropMissing, table: Table, refs: Refs) -> Made:
    there = [table[name].valid for name in step.columns or table.names]
    kept = table.take(np.logical_and.reduce(there) if step.how == "any" else np.logical_or.reduce(there))
    return {"rows_before": table.rows, "rows": kept.rows}, kept


def drop_duplicates(step: DropDuplicates, table: Table, refs: Refs) -> Made:
    codes, count = combine([ranks(table[name], with_nulls=True) for name in step.columns or table.names])
    first = np.full(count, 0)
    first[codes[::-1]] = np.arange(table.rows)[::-1]
    kept = table.take(np.sort(first))
    return {"rows_before": table.rows, "rows": kept.rows, "duplicates": table.rows - kept.rows}, kept


def unpivot(step: Unpivot, table: Table, charge: Callable[[int], None]) -> Made:
    width = len(step.columns)
    rows = np.repeat(np.arange(table.rows), width)
    charge(len(rows))
    under = table.without(*step.columns).take(rows)
    stacked = concatenate([table[name] for name in step.columns])
    across = np.arange(table.rows * width).reshape(width, table.rows).T.ravel()  # row by row, not column by column
    names = text_column(step.columns, np.tile(np.arange(width), table.rows))
    made = under.with_columns({step.names_to: names, step.values_to: stacked.take(across)})
    return {"rows": made.rows}, made


def join(step: Join, left: Table, right: Table, charge: Callable[[int], None]) -> Made:
    """Rows in the left's order, each with its matches in the right's order. Null keys match nothing."""
    keys = [concatenate([left[name], right[name]]) for name in step.on]
    codes, count = combine([ranks(key) for key in keys])
    ours, theirs = codes[: left.rows], codes[left.rows :]
    order = np.argsort(theirs, kind="stable")
    order = order[theirs[order] >= 0]
    there = np.bincount(theirs[order], minlength=count)
    start = np.cumsum(there) - there
    matched = np.where(ours >= 0, there[ours], 0) if count else np.zeros(left.rows, "int64")
    copies = np.maximum(matched, 1) if step.how == "left" else matched
    charge(int(copies.sum()))
    left_rows = np.repeat(np.arange(left.rows), copies)
    nth = np.arange(len(left_rows)) - np.repeat(np.cumsum(copies) - copies, copies)
    found = np.repeat(matched, copies) > 0
    right_rows: Array = np.zeros(len(left_rows), "int64")
    right_rows[found] = order[(start[ours[left_rows[found]]] + nth[found])]
    taken = [name for name in right.names if name not in left.names]

    def make(name: str) -> Column:
        if name in left.names:
            return left[name].take(left_rows)
        c = right[name]
        if right.rows == 0:
            return nulls(c.type, len(left_rows))
        picked = c.take(right_rows)
        return c.with_values(picked.values, picked.valid & found)

    made = Table(len(left_rows), [*left.names, *taken], make)
    return {"rows_before": left.rows, "rows": made.rows, "unmatched": int((matched == 0).sum())}, made
