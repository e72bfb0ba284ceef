"""Write us_economy_export.csv: a real table the way office software hands it on.

    python examples/make_messy.py

The numbers are those of `statsmodels.datasets.macrodata`, none is changed or left out. The mess is made here: title lines and
an empty line above the header, `;` between fields, decimal commas and thousands points, percent signs and minus as parentheses,
Windows encoding, two lines with a remark too many, and a line of averages at the end.
"""

from pathlib import Path

COLUMNS = {
    "year": "Year", "quarter": "Quarter", "realgdp": "Real GDP ($ bn)", "realcons": "Consumption ($ bn)",
    "realinv": "Investment ($ bn)", "realgovt": "Government ($ bn)", "tbilrate": "T-bill rate", "unemp": "Unemployment",
    "infl": "Inflation",
}  # fmt: skip
PERCENT = ("tbilrate", "unemp", "infl")
REMARKS = {(1975, 1): "see note 3", (2008, 4): "provisional"}


def number(value: float, percent: bool) -> str:
    """2710.349 → 2.710,349; -0.5 percent → (0,5 %)."""
    text = f"{abs(value):,.3f}".rstrip("0").rstrip(".").translate(str.maketrans(",.", ".,")) + " %" * percent
    return f"({text})" if value < 0 else text


def main() -> None:
    from statsmodels.datasets import macrodata

    table = macrodata.load_pandas().data
    lines = ["United States – main economic series", "Source: FRED, BLS; exported 15.12.2009", "", ";".join(COLUMNS.values())]
    for row in table.to_dict("records"):
        when = (int(row["year"]), int(row["quarter"]))
        fields = [str(when[0]), str(when[1])]
        fields += [number(row[name], name in PERCENT) for name in list(COLUMNS)[2:]]
        lines.append(";".join(fields + ([REMARKS[when]] if when in REMARKS else [])))
    lines.append(";".join(["Average", "", *(number(table[name].mean(), name in PERCENT) for name in list(COLUMNS)[2:])]))
    target = Path(__file__).with_name("us_economy_export.csv")
    target.write_bytes("\r\n".join([*lines, ""]).encode("cp1252"))


if __name__ == "__main__":
    main()
