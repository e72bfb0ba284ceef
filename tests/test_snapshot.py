"""Any table in, typed Parquet out: every value kept, or its loss told."""

import codecs
import csv
import gzip
import io
import json
from concurrent.futures import ThreadPoolExecutor
from datetime import date, datetime, time
from pathlib import Path
from typing import Any

import duckdb
import openpyxl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shared.analysis.snapshot import Snapshot, take_snapshot
from shared.errors import AgentForgeError, BadInput, NotFound, UnreadableTable


def snap(folder: Path, content: bytes | str, name: str = "table.csv") -> Snapshot:
    source = folder / name
    source.write_bytes(content.encode() if isinstance(content, str) else content)
    return take_snapshot([source], folder / "out")


def rows(snapshot: Snapshot, folder: Path, table: int = 0) -> list[tuple[Any, ...]]:
    file = folder / "out" / snapshot.tables[table].file
    return duckdb.connect().execute("SELECT * FROM read_parquet(?)", [str(file)]).fetchall()


def types(snapshot: Snapshot) -> list[str]:
    return [column.type for column in snapshot.tables[0].columns]


def names(snapshot: Snapshot) -> list[str]:
    return [column.name for column in snapshot.tables[0].columns]


def told(snapshot: Snapshot, kind: str) -> list[int]:
    return [note.count for note in snapshot.notes if note.kind == kind]


# --- what a plain file becomes ------------------------------------------------------------------------------------


def test_a_plain_file(tmp_path: Path) -> None:
    text = "city,n,share,day,ok,at\nRome,1,0.5,2020-01-31,true,2020-01-31 10:30:00\nOslo,2,,2020-02-29,FALSE,\n"
    snapshot = snap(tmp_path, text)
    table = snapshot.tables[0]
    assert (table.name, table.file, table.rows, table.source) == ("data", "data.parquet", 2, "table.csv")
    assert types(snapshot) == ["VARCHAR", "BIGINT", "DOUBLE", "DATE", "BOOLEAN", "TIMESTAMP"]
    assert rows(snapshot, tmp_path) == [
        ("Rome", 1, 0.5, date(2020, 1, 31), True, datetime(2020, 1, 31, 10, 30)),
        ("Oslo", 2, None, date(2020, 2, 29), False, None),
    ]
    assert snapshot.notes == []
    assert table.source_bytes == len(text) and len(table.source_sha256) == len(table.sha256) == 64
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["data.parquet"]


def test_same_input_same_bytes(tmp_path: Path) -> None:
    text = "a,b\n" + "".join(f"{i},{'xyz'[i % 3]}\n" for i in range(300_000))
    first, second = snap(tmp_path, text).tables[0].sha256, snap(tmp_path, text).tables[0].sha256
    assert first == second


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a;b\n1;x\n2;y\n", [(1, "x"), (2, "y")]),
        ("a\tb\n1\tx,y\n2\tz\n", [(1, "x,y"), (2, "z")]),
        ("a|b\n1|x\n2|z\n", [(1, "x"), (2, "z")]),
        ("title,genre\nA,x|y\nB,y|z\n", [("A", "x|y"), ("B", "y|z")]),
        ("sep=;\na;b\n1;2\n", [(1, 2)]),
        ("a,b\r\n1,x\r\n2,y\r\n", [(1, "x"), (2, "y")]),
        ("a,b\r1,x\r2,y\r", [(1, "x"), (2, "y")]),
        ('a,b\n"line1\nline2",1\n"say ""hi""",2\n', [("line1\nline2", 1), ('say "hi"', 2)]),
        ('a,b\n"say \\"hi\\" twice",1\n', [('say "hi" twice', 1)]),
        ('a,b\n5" pipe,1\n6" pipe,2\n', [('5" pipe', 1), ('6" pipe', 2)]),
        ('"first\nname",b\nx,1\ny,2\n', [("x", 1), ("y", 2)]),
        ("a\n1\n\n3\n", [(1,), (3,)]),
        ('a\n1\n""\n3\n', [(1,), (None,), (3,)]),
        ("a,b\n   \n1,2\n\t\n3,4\n\x1a", [(1, 2), (3, 4)]),
        ('a, "b"\n1, "x, y"\n2, "z"\n', [(1, "x, y"), (2, "z")]),
        ("a,b\n1,x\0y\n2,z\n", [(1, "xy"), (2, "z")]),
    ],
)
def test_dialects(tmp_path: Path, text: str, expected: list[tuple[Any, ...]]) -> None:
    assert rows(snap(tmp_path, text), tmp_path) == expected


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1252", "latin-1"])
def test_encodings(tmp_path: Path, encoding: str) -> None:
    snapshot = snap(tmp_path, "naïve;b\ncafé;1,5\nnoël;2,5\n".encode(encoding))
    assert names(snapshot) == ["naïve", "b"]
    assert rows(snapshot, tmp_path) == [("café", 1.5), ("noël", 2.5)]


def test_one_byte_of_another_encoding_far_down(tmp_path: Path) -> None:
    snapshot = snap(tmp_path, ("é,b\n" + "abc,1\n" * 100_000).encode() + b"caf\xe9,2\n")
    assert names(snapshot)[0] == "é"
    assert rows(snapshot, tmp_path)[-1] == ("café", 2)
    assert told(snapshot, "repaired") == [1]


# --- numbers ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("values", "expected", "unit"),
    [
        (["1,234", "12,345,678", "999"], [1234, 12345678, 999], None),
        (["1,234.50", "2,000.00"], [1234.5, 2000.0], None),
        (["3,14", "2,5"], [3.14, 2.5], None),
        (["1.234,56", "10,00"], [1234.56, 10.0], None),
        (["1 234,5", "12 345,0"], [1234.5, 12345.0], None),
        (["$1,234.50", "-$5", "$-6", "($7)", "8"], [1234.5, -5.0, -6.0, -7.0, 8.0], "$"),
        (["3,00 €", "1.234,50 €"], [3.0, 1234.5], "€"),
        (["EUR 3", "EUR 4"], [3, 4], "EUR"),
        (["45%", "3.5%", "0"], [45.0, 3.5, 0.0], "%"),
        (["(1,200)", "300"], [-1200, 300], None),
        (["5 kg", "6.5kg"], [5.0, 6.5], "kg"),
        (["−5", "+6"], [-5, 6], None),
        (["1e5", "2.5E-3", ".5", "5."], [1e5, 0.0025, 0.5, 5.0], None),
        ([" 1 ", "2\u00a0"], [1, 2], None),
        (["-0.0", "1e-320"], [0.0, 1e-320], None),
        (["9223372036854775807", "-1"], ["9223372036854775807", "-1"], None),  # too long to be sure of
    ],
)
def test_numbers(tmp_path: Path, values: list[str], expected: list[Any], unit: str | None) -> None:
    file = io.StringIO()
    csv.writer(file).writerows([["v", "w"], *([value, "x"] for value in values)])
    snapshot = snap(tmp_path, file.getvalue())
    assert [row[0] for row in rows(snapshot, tmp_path)] == expected
    assert snapshot.tables[0].columns[0].unit == unit


@pytest.mark.parametrize(
    "values",
    [
        ["02134", "90210"],
        ["007", "1"],
        ["+4915112345678", "+4915112345679"],
        ["555-1234", "555-9999"],
        ["12345678901234567890", "1"],
        ["1.2.3", "1.2.4"],
        ["10.0.0.1", "10.0.0.2"],
        ["1,2,3", "4,5,6"],
        ["5 kg", "6 g"],
        ["$5", "€6"],
        ["1_000", "2_000"],
        ["0x1F", "0x2A"],
        ["yes", "no"],
        ["2020-01-01", "01/02/2020"],
        ["2020Q1", "2020Q2"],
        ["20200131", "x"],
        ["25:99", "10:30"],
        ["31/31/2020", "01/02/2020"],
    ],
)
def test_text_stays_text(tmp_path: Path, values: list[str]) -> None:
    file = io.StringIO()
    csv.writer(file).writerows([["v", "w"], *([value, "x"] for value in values)])
    assert [row[0] for row in rows(snap(tmp_path, file.getvalue()), tmp_path)] == values


def test_numbers_that_can_be_read_in_two_ways(tmp_path: Path) -> None:
    def value(text: str) -> Any:
        snapshot = snap(tmp_path, text)
        assert any("two ways" in note.text for note in snapshot.notes)
        return rows(snapshot, tmp_path)[0][0]

    assert value('a,b\n"1,500",x\n"2,250",y\n') == 1500  # commas separate values: groups
    assert value("a;b\n1,500;x\n2,250;y\n") == 1.5  # semicolons do: a decimal comma
    assert value("a;b\n1.500;2,5\n2.250;3,5\n") == 1500  # another column has decimal commas


def test_a_year_is_a_number(tmp_path: Path) -> None:
    assert types(snap(tmp_path, "year,v\n1999,1\n2000,2\n")) == ["BIGINT", "BIGINT"]


def test_units_in_headers(tmp_path: Path) -> None:
    snapshot = snap(tmp_path, "weight (kg),temp [°C],Weight_in_lbs,size (large),Price ($)\n1,2,3,4,5\n")
    assert [column.unit for column in snapshot.tables[0].columns] == ["kg", "°C", "lbs", None, "$"]


# --- dates --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (["2012/01/31", "2012/2/1"], [date(2012, 1, 31), date(2012, 2, 1)]),
        (["Jan 1 2000", "Feb 1 2000"], [date(2000, 1, 1), date(2000, 2, 1)]),
        (["January 31, 2000", "May 1, 2000"], [date(2000, 1, 31), date(2000, 5, 1)]),
        (["31.12.2020", "01.02.2021"], [date(2020, 12, 31), date(2021, 2, 1)]),
        (["31/12/99", "01/02/05"], [date(1999, 12, 31), date(2005, 2, 1)]),
        (["05-Jan-20", "06-feb-20"], [date(2020, 1, 5), date(2020, 2, 6)]),
        (["2020-01", "2020-02"], [date(2020, 1, 1), date(2020, 2, 1)]),
        (["Jan 2020", "Feb 2020"], [date(2020, 1, 1), date(2020, 2, 1)]),
        (["1/2/2020 3:05 PM", "12/31/2020 11:05 am"], [datetime(2020, 1, 2, 15, 5), datetime(2020, 12, 31, 11, 5)]),
        (["2020-01-01T10:00:00Z", "2020-01-01T10:00:00+02:00"], [datetime(2020, 1, 1, 10), datetime(2020, 1, 1, 8)]),
        (["2020-01-01", "2020-01-01 12:30"], [datetime(2020, 1, 1), datetime(2020, 1, 1, 12, 30)]),
        (["10:30", "9:05:30"], [time(10, 30), time(9, 5, 30)]),
    ],
)
def test_dates(tmp_path: Path, values: list[str], expected: list[Any]) -> None:
    file = io.StringIO()
    csv.writer(file).writerows([["v", "w"], *([value, "x"] for value in values)])
    assert [row[0] for row in rows(snap(tmp_path, file.getvalue()), tmp_path)] == expected


def test_day_or_month_first(tmp_path: Path) -> None:
    either = snap(tmp_path, "d,v\n01/02/2020,1\n03/04/2020,2\n")
    assert rows(either, tmp_path)[0][0] == date(2020, 1, 2)
    assert any("swapped" in note.text for note in either.notes)
    late = snap(tmp_path, "d,v\n" + "01/02/2020,1\n" * 1000 + "25/02/2020,2\n")  # one value far down decides
    assert rows(late, tmp_path)[0][0] == date(2020, 2, 1)
    assert not any("swapped" in note.text for note in late.notes)


def test_eight_digits_are_a_date_only_by_name(tmp_path: Path) -> None:
    snapshot = snap(tmp_path, "date,amount\n20200131,20200131\n20200229,20200229\n")
    assert rows(snapshot, tmp_path)[0] == (date(2020, 1, 31), 20200131)


# --- what the top of the file does not show -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("usual", "late", "type", "value"),
    [
        ("1", "2.5", "DOUBLE", 2.5),
        ("1", "1,234", "BIGINT", 1234),
        ("1", "oops", "BIGINT", None),
        ("12345", "02134", "VARCHAR", "02134"),
        ("1.5", "inf", "DOUBLE", None),
        ("1.5", "$2", "DOUBLE", 2.0),
        ("1.5", "1e400", "DOUBLE", None),
        ("2020-01-01", "2020-01-01 12:30", "TIMESTAMP", datetime(2020, 1, 1, 12, 30)),
        ("2020-01-01", "soon", "DATE", None),
        ("true", "maybe", "BOOLEAN", None),
        ("", "3.5", "DOUBLE", 3.5),
        ("", "2020-01-01", "DATE", date(2020, 1, 1)),
        ("", "abc", "VARCHAR", "abc"),
        ("x", "NA", "VARCHAR", None),
        ("x", " y ", "VARCHAR", "y"),
        ("x", "7", "VARCHAR", "7"),
    ],
)
def test_late_surprises(tmp_path: Path, usual: str, late: str, type: str, value: Any) -> None:
    file = io.StringIO()
    csv.writer(file).writerows([["v", "w"], *[[usual, "a"]] * 2000, [late, "b"]])
    snapshot = snap(tmp_path, file.getvalue())
    assert types(snapshot) == [type, "VARCHAR"]
    assert rows(snapshot, tmp_path)[-1] == (value, "b")
    assert snapshot.tables[0].rows == 2001
    assert value is not None or late in "".join(note.text for note in snapshot.notes)


def test_few_bad_values_are_lost_and_told(tmp_path: Path) -> None:
    snapshot = snap(tmp_path, "v,w\n" + "1.5,x\n" * 98 + f"{'bad' * 30},y\nworse,z\n")
    assert types(snapshot)[0] == "DOUBLE"
    (note,) = snapshot.notes
    assert (note.kind, note.column, note.count) == ("lost", "v", 2)
    assert "'worse'" in note.text and "bad" * 11 not in note.text


def test_many_bad_values_keep_a_column_as_it_is(tmp_path: Path) -> None:
    snapshot = snap(tmp_path, "v,w\n" + "1.5,x\n" * 90 + "bad,y\n" * 10)
    assert types(snapshot)[0] == "VARCHAR" and rows(snapshot, tmp_path)[-1][0] == "bad"
    assert "10 of 100" in snapshot.notes[0].text
    few = snap(tmp_path, "v,w\n" + "1.5,x\n" * 10 + "bad,y\n")  # under twenty values nothing is given up
    assert types(few)[0] == "VARCHAR"


def test_what_means_missing(tmp_path: Path) -> None:
    everywhere = ["", "NA", "N/A", "n/a", "NaN", "nan", "null", "NULL", "None", "#N/A", "<NA>", "-nan"]
    in_numbers = [*everywhere, "-", "--", "?", ".", "missing", "Unknown"]
    lines = [f"{number},{everywhere[i % 12]}" for i, number in enumerate(in_numbers)]
    snapshot = snap(tmp_path, "n,t\n" + "1,x\n" * 30 + "\n".join(lines) + "\n2,-\n3,?\n4,none\n")
    assert types(snapshot) == ["BIGINT", "VARCHAR"]
    values = rows(snapshot, tmp_path)
    assert all(row == (None, None) for row in values[30:48])
    assert [row[1] for row in values[48:]] == ["-", "?", "none"]
    assert told(snapshot, "cast") == [17, 16]


# --- headers ------------------------------------------------------------------------------------------------------


def test_names(tmp_path: Path) -> None:
    snapshot = snap(tmp_path, '" a  b ",,x,X,x,"say ""hi""; DROP TABLE data; --"\n1,2,3,4,5,6\n')
    assert names(snapshot) == ["a b", "column_2", "x", "X_2", "x_3", 'say "hi"; DROP TABLE data; --']
    assert [column.source_name for column in snapshot.tables[0].columns[:5]] == [" a  b ", "", "x", "X", "x"]
    assert rows(snapshot, tmp_path) == [(1, 2, 3, 4, 5, 6)]


@pytest.mark.parametrize(
    ("text", "header", "first"),
    [
        ("Sales report\nmade 2020-01-01\n\nregion,amount,n\nN,1,2\nS,3,4\n", ["region", "amount", "n"], ("N", 1, 2)),
        ("Report,,\n,,\nregion,amount,n\nN,1,2\nS,3,4\n", ["region", "amount", "n"], ("N", 1, 2)),
        ("# made by x\n# y\na,b\n1,2\n3,4\n", ["a", "b"], (1, 2)),
        ("#id,name\n1,x\n2,y\n", ["#id", "name"], (1, "x")),
        ("1,2,3\n4,5,6\n", ["column_1", "column_2", "column_3"], (1, 2, 3)),
        ("bob,25,1.5\namy,31,2.5\njoe,44,1.1\n", ["column_1", "column_2", "column_3"], ("bob", 25, 1.5)),
        ("country,2001,2002\nUS,5,6\nFR,7,8\n", ["country", "2001", "2002"], ("US", 5, 6)),
        ("a,b\nr1,1,2\nr2,3,4\n", ["column_1", "a", "b"], ("r1", 1, 2)),
        ("a,b\n1,2,\n3,4,\n", ["a", "b", "column_3"], (1, 2, None)),
        ("5\n", ["column_1"], (5,)),
    ],
)
def test_where_the_header_is(tmp_path: Path, text: str, header: list[str], first: tuple[Any, ...]) -> None:
    snapshot = snap(tmp_path, text)
    assert names(snapshot) == header
    assert rows(snapshot, tmp_path)[0] == first


@pytest.mark.parametrize("text", ["a,b,c\n", "a,b,c"])
def test_header_only(tmp_path: Path, text: str) -> None:
    snapshot = snap(tmp_path, text)
    assert names(snapshot) == ["a", "b", "c"] and snapshot.tables[0].rows == 0


# --- bad lines ----------------------------------------------------------------------------------------------------


def test_lines_with_too_few_and_too_many_values(tmp_path: Path) -> None:
    snapshot = snap(tmp_path, "a,b,c\n1,2,3\n4,5\n6,7,8,9\n10,11,12\n")
    assert rows(snapshot, tmp_path) == [(1, 2, 3), (4, 5, None), (10, 11, 12)]
    assert [(note.kind, note.count) for note in snapshot.notes] == [("repaired", 1), ("lost", 1)]
    assert "line 3" in snapshot.notes[0].text and "line 4" in snapshot.notes[1].text


def test_a_bad_line_far_down(tmp_path: Path) -> None:
    snapshot = snap(tmp_path, "a,b\n" + "1,2\n" * 50_000 + "3,4,5\n" + "1,2\n")
    assert snapshot.tables[0].rows == 50_001 and told(snapshot, "lost") == [1]
    assert "line 50002" in snapshot.notes[0].text


def test_a_quote_that_never_closes(tmp_path: Path) -> None:
    snapshot = snap(tmp_path, 'a,b\n"abc,1\n' + "def,2\n" * 500)
    assert snapshot.tables[0].rows == 501 and rows(snapshot, tmp_path)[0] == ('"abc', 1)


def test_remarks_and_totals_below(tmp_path: Path) -> None:
    remarks = snap(tmp_path, "a,b,c\n1,2,3\n4,5,6\n\nSource: someone\n")
    assert types(remarks) == ["BIGINT"] * 3 and remarks.tables[0].rows == 2 and told(remarks, "lost") == [1]
    total = snap(tmp_path, "a,b\nx,1\ny,2\nTotal,3\n")
    assert total.tables[0].rows == 3 and "total" in total.notes[0].text


# --- other formats ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('[{"a":1,"b":"x","n":{"c":1.5}},{"a":2,"b":null,"n":{"c":2}}]', {"a": [1, 2], "b": ["x", None], "n.c": [1.5, 2.0]}),
        ('{"status":"ok","data":[{"a":1},{"a":2}]}', {"a": [1, 2]}),
        ('{"a":[1,2],"b":["x","y"]}', {"a": [1, 2], "b": ["x", "y"]}),
        ('{"a":{"0":1,"1":2},"b":{"0":"x","1":"y"}}', {"a": [1, 2], "b": ["x", "y"]}),
        ('{"r1":{"a":1},"r2":{"a":3}}', {"key": ["r1", "r2"], "a": [1, 3]}),
        ('{"columns":["a","b"],"index":[0,1],"data":[[1,"x"],[2,"y"]]}', {"a": [1, 2], "b": ["x", "y"]}),
        ('[["a","b"],[1,2],[3,4]]', {"a": [1, 3], "b": [2, 4]}),
        ('[{"a":NaN},{"a":1.5}]', {"a": [None, 1.5]}),
        ('{"a":1,"d":"2020-01-01","l":[1,2]}\n{"a":2.5,"d":"2020-01-02"}\n',
         {"a": [1.0, 2.5], "d": [date(2020, 1, 1), date(2020, 1, 2)], "l": ["[1,2]", None]}),
        ('{"t":"1,234","z":"007"}\n{"t":"5","z":"008"}\n', {"t": [1234, 5], "z": ["007", "008"]}),
        ('{"a":1}\n{"a":"x"}\n', {"a": ["1", "x"]}),
        ('{"a":1}\n{"a":2}\n{"a":', {"a": [1, 2]}),
        ('{"A":1,"a":2}\n{"A":3,"a":4}\n', {"A": [1, 3], "a_1": [2, 4]}),
        ('{"a":1,"a":2}\n{"a":3}\n', {"a": [2, 3]}),
        ('{"a":1,"b":"x"}', {"a": [1], "b": ["x"]}),
        ('{"result":{"items":[{"a":1},{"a":2}]}}', {"a": [1, 2]}),
        ('{\n"a": 1\n}\n{\n"a": 2\n}\n', {"a": [1, 2]}),
        ("[1,2]\n[3,4]\n", {"column_1": [1, 3], "column_2": [2, 4]}),
    ],
)  # fmt: skip
def test_json(tmp_path: Path, text: str, expected: dict[str, list[Any]]) -> None:
    snapshot = snap(tmp_path, text, "table.json")
    assert dict(zip(names(snapshot), map(list, zip(*rows(snapshot, tmp_path), strict=True)), strict=True)) == expected


def test_parquet(tmp_path: Path) -> None:
    source = tmp_path / "in.parquet"
    duckdb.connect().execute(
        "COPY (SELECT 1::TINYINT AS i, 'nan'::FLOAT AS n, 'inf'::DOUBLE AS f, 1.25::DECIMAL(5,2) AS d, {'x': 1, 'y': 'a'} AS s, "
        "[1, 2] AS l, '2020-01-01 10:00:00+02'::TIMESTAMPTZ AS t, 12345678901234567890::HUGEINT AS h, '007' AS z) "
        f"TO '{source}'"
    )
    snapshot = take_snapshot([source], tmp_path / "out")
    assert names(snapshot) == ["i", "n", "f", "d", "s.x", "s.y", "l", "t", "h", "z"]
    assert types(snapshot)[:4] == ["BIGINT", "DOUBLE", "DOUBLE", "DOUBLE"]
    values = rows(snapshot, tmp_path)[0]
    assert values[:7] == (1, None, None, 1.25, 1, "a", "[1,2]")
    assert values[7] == datetime(2020, 1, 1, 8) and values[9] == "007"
    assert told(snapshot, "lost") == [1]


def test_xlsx(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    book.active.title = "Empty"
    sheet = book.create_sheet("Sales")
    for row in [
        ["Report"],
        [],
        ["zip", "day", "n", "ok"],
        ["02134", date(2020, 1, 31), 1.5, True],
        ["90210", date(2020, 2, 1), 2, False],
    ]:
        sheet.append(row)
    book.create_sheet("Other").append(["x"])
    book.save(tmp_path / "book.xlsx")
    snapshot = take_snapshot([tmp_path / "book.xlsx"], tmp_path / "out")
    assert names(snapshot) == ["zip", "day", "n", "ok"]
    assert rows(snapshot, tmp_path) == [("02134", date(2020, 1, 31), 1.5, True), ("90210", date(2020, 2, 1), 2.0, False)]
    assert any("'Sales'" in note.text and "'Other'" in note.text for note in snapshot.notes)


def test_gzip(tmp_path: Path) -> None:
    assert rows(snap(tmp_path, gzip.compress(b"a,b\n1,2\n"), "table.csv.gz"), tmp_path) == [(1, 2)]


# --- several sources, streams, odd names --------------------------------------------------------------------------


def test_files_with_the_same_columns_are_stacked(tmp_path: Path) -> None:
    (tmp_path / "north.csv").write_text("a,b\n1,x\n")
    (tmp_path / "south.csv").write_text("b;a\ny;2.5\n")
    snapshot = take_snapshot([tmp_path / "north.csv", tmp_path / "south.csv"], tmp_path / "out")
    assert names(snapshot) == ["a", "b", "source_file"]
    assert rows(snapshot, tmp_path) == [(1.0, "x", "north.csv"), (2.5, "y", "south.csv")]
    assert snapshot.tables[0].source == "north.csv, south.csv"


def test_other_files_are_tables_of_their_own(tmp_path: Path) -> None:
    (tmp_path / "2020 Sales!.csv").write_text("a,b\n1,x\n")
    (tmp_path / "2020-sales.json").write_text('[{"c": 3}]')
    snapshot = take_snapshot([tmp_path / "2020 Sales!.csv", tmp_path / "2020-sales.json"], tmp_path / "out")
    assert [(table.name, table.rows) for table in snapshot.tables] == [("t_2020_sales", 1), ("t_2020_sales_2", 1)]
    assert rows(snapshot, tmp_path, 1) == [(3,)]


def test_streams(tmp_path: Path) -> None:
    for content in (b"a,b\n1,2\n", b'{"a":1,"b":2}\n', b'[{"a":1,"b":2}]', gzip.compress(b"a,b\n1,2\n")):
        snapshot = take_snapshot([io.BytesIO(content)], tmp_path / "out")
        assert rows(snapshot, tmp_path) == [(1, 2)] and snapshot.tables[0].source == "stdin"
        assert [path.name for path in (tmp_path / "out").iterdir()] == ["data.parquet"]


def test_file_names_are_not_code(tmp_path: Path) -> None:
    for name in ('we\'ird "name" [1]*.csv', "a;b--.csv", "{x}?.json", "s3:.csv"):
        content = '[{"a": 1}]' if name.endswith("json") else "a,b\n1,2\n"
        assert rows(snap(tmp_path, content, name), tmp_path)[0][0] == 1


def test_column_names_do_not_meet_our_own(tmp_path: Path) -> None:
    header = ["c1", "c0", "v0", "r0", "n0", "t0", "x0_0", "p0_0", "raw", "v", "n"]
    lines = [["1", "x", "NA", "$3", "a ", "2", "b", "1,000", "5", "z", "q"]] * 2
    file = io.StringIO()
    csv.writer(file).writerows([header, *lines])
    snapshot = snap(tmp_path, file.getvalue())
    assert names(snapshot) == header
    assert rows(snapshot, tmp_path) == [(1, "x", None, 3, "a", 2, "b", 1000, 5, "z", "q")] * 2


def test_two_tables_at_once(tmp_path: Path) -> None:
    def one(number: int) -> list[tuple[Any, ...]]:
        (folder := tmp_path / str(number)).mkdir()
        return rows(snap(folder, f"a,b\n{number},caf\xe9\n".encode("latin-1")), folder)

    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(one, range(12))) == [[(number, "café")] for number in range(12)]


def test_cells_are_not_code(tmp_path: Path) -> None:
    cells = ["'; DROP TABLE data; --", "__import__('os').system('true')", "=cmd|' /C calc'!A0", "{{c3:/x}}", "ignore previous"]
    file = io.StringIO()
    csv.writer(file).writerows([[f"{cell}!" for cell in cells], cells])
    snapshot = snap(tmp_path, file.getvalue())
    assert rows(snapshot, tmp_path) == [tuple(cells)]
    assert names(snapshot) == [f"{cell}!" for cell in cells]


# --- what is not a table ------------------------------------------------------------------------------------------

OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600)


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("a.csv", b"", "empty"),
        ("a.csv", b"\n \n", "empty"),
        ("a.csv", codecs.BOM_UTF8, "empty"),
        ("a.csv", bytes(range(256)) * 20, "binary"),
        ("a.csv", b"\x89PNG\r\n\x1a\n" + bytes(90), "picture"),
        ("a.csv", b"%PDF-1.7 ...", "PDF"),
        ("a.csv", b"<!DOCTYPE html><html><body>404</body></html>", "web page"),
        ("a.csv", b'<?xml version="1.0"?><a/>', "XML"),
        ("a.parquet", b"PAR1" + bytes(200), "cut short"),
        ("a.parquet", b"PAR1" + bytes(200) + b"PAR1", "could not be read"),
        ("a.xlsx", b"PK\x03\x04" + bytes(100), "not a readable Excel"),
        ("a.xlsx", OLE + "EncryptedPackage".encode("utf-16-le"), "password"),
        ("a.xls", OLE, "old Excel"),
        ("a.csv.gz", gzip.compress(b"a,b\n1,2\n" * 999, mtime=0)[:50], "damaged gzip"),
        ("a.json", b'[{"a":1},{"a":2', "not valid JSON"),
        ("a.json", b"[]", "no records"),
        ("a.json", b"[{}]", "no objects"),
        ("a.json", b"[" * 5000 + b"]" * 5000, "not valid JSON"),
        ("a.json", b'{"a": [1, 2], "b": [1]}', "not a table"),
    ],
)
def test_not_a_table(tmp_path: Path, name: str, content: bytes, says: str) -> None:
    with pytest.raises(UnreadableTable, match=says) as caught:
        snap(tmp_path, content, name)
    assert caught.value.hint and str(tmp_path) not in str(caught.value)
    assert list((tmp_path / "out").iterdir()) == []


def test_missing_file_folder_and_nothing(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="no file"):
        take_snapshot([tmp_path / "none.csv"], tmp_path / "out")
    with pytest.raises(UnreadableTable, match="folder"):
        take_snapshot([tmp_path], tmp_path / "out")
    with pytest.raises(BadInput, match="No data"):
        take_snapshot([], tmp_path / "out")


# --- anything at all ----------------------------------------------------------------------------------------------

TEXT = st.text(
    st.characters(exclude_categories=["Cs", "Cc"]) | st.sampled_from(['"', "'", ",", ";", "|", "\t", "\n", "\\"]), max_size=12
)
CELLS = st.tuples(
    TEXT.map(lambda text: f"x{text}x"),
    st.none() | st.integers(-(10**17), 10**17),
    st.none() | st.floats(allow_nan=False, allow_infinity=False, min_value=-1e90, max_value=1e90),
    st.none() | st.dates(date(1000, 1, 1)),
    st.booleans(),
)


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(table=st.lists(CELLS, min_size=1, max_size=8), delimiter=st.sampled_from(",;\t|"), quoting=st.sampled_from([0, 1, 2]), end=st.sampled_from(["\n", "\r\n"]))  # fmt: skip
def test_what_is_written_is_read(tmp_path: Path, table: list[tuple[Any, ...]], delimiter: str, quoting: Any, end: str) -> None:
    file = io.StringIO(newline="")
    writer = csv.writer(file, delimiter=delimiter, quoting=quoting, lineterminator=end)
    writer.writerows([["text", "whole", "real", "day", "flag"], *table])
    snapshot = snap(tmp_path, file.getvalue())
    for index in (1, 2, 3):
        if any(row[index] is not None for row in table):
            assert types(snapshot)[index] in {1: ["BIGINT"], 2: ["DOUBLE", "BIGINT"], 3: ["DATE"]}[index]
    assert rows(snapshot, tmp_path) == table


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(content=st.binary(max_size=60) | st.text("ab1,;\t|\"'\n\r 0.{}[]:-", max_size=60).map(str.encode), name=st.sampled_from(["a.csv", "a.json"]))  # fmt: skip
def test_anything_is_a_table_or_a_clear_error(tmp_path: Path, content: bytes, name: str) -> None:
    try:
        assert snap(tmp_path, content, name).tables[0].columns
    except AgentForgeError as error:
        assert error.hint


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.dictionaries(TEXT.filter(str.strip), st.none() | st.integers(-(10**15), 10**15) | TEXT, min_size=1, max_size=4), min_size=1, max_size=4))  # fmt: skip
def test_json_of_any_names_is_read(tmp_path: Path, records: list[dict[str, Any]]) -> None:
    assert snap(tmp_path, json.dumps(records), "a.json").tables[0].rows == len(records)
