"""What a profile says, without what makes one: profile.py."""

from typing import Literal

from pydantic import BaseModel

Value = str | int | float | bool
Kind = Literal["number", "category", "boolean", "date", "text", "id", "constant", "empty"]


class ColumnProfile(BaseModel):
    """One column. `count` values and `nulls` make the rows.

    `kind`: `id` is (nearly) all distinct text or an integer key by name, `text` long free text, `constant` one value in
    several rows, `empty` no value at all. `min` and `max` of dates are ISO text. `mean` to `q75` are for numbers only:
    `std` has ddof 1, quantiles are linear.
    """

    name: str
    type: str
    unit: str | None
    kind: Kind
    count: int
    nulls: int
    distinct: int
    distinct_exact: bool
    min: float | int | str | None = None
    max: float | int | str | None = None
    mean: float | None = None
    std: float | None = None
    q25: float | None = None
    median: float | None = None
    q75: float | None = None
    top: list[tuple[Value, int]] = []  # at most 20, most frequent first, ties by value


class TableProfile(BaseModel):
    name: str
    rows: int
    columns: list[ColumnProfile]
    duplicate_rows: int | None  # None above `EXACT` rows


class Profile(BaseModel):
    tables: list[TableProfile]
