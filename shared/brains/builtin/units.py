"""Units people say and units columns are kept in: 5 kg in a column of grams is 5000."""

_SIZE: dict[str, tuple[str, float]] = {}
for _dimension, _units in {
    "length": {"mm millimeter millimetre": 0.001, "cm centimeter centimetre": 0.01, "m meter metre": 1.0, "km kilometer kilometre": 1000.0, "in inch inche": 0.0254, "ft foot feet": 0.3048, "mi mile": 1609.344},
    "mass": {"mg milligram": 0.001, "g gram gr": 1.0, "kg kilogram kilo": 1000.0, "tonne": 1_000_000.0, "lb pound": 453.59237, "oz ounce": 28.349523125},
    "time": {"ms millisecond": 0.001, "s sec second": 1.0, "min minute": 60.0, "h hr hour": 3600.0},
}.items():
    for _names, _factor in _units.items():
        for _name in _names.split():
            _SIZE[_name] = (_dimension, _factor)

# What may stand behind a number as its unit; the shortest ones are also plain words.
NAMES = frozenset(n + plural for n in _SIZE if n not in ("in", "s", "h", "gr", "mi", "ms", "min", "t") for plural in (("", "s") if len(n) > 3 else ("",)))


def size(unit: str | None) -> tuple[str, float] | None:
    """(dimension, size in the dimension's base unit) of a unit's name or sign; None for what is none."""
    return (_SIZE.get(unit) or _SIZE.get(unit.removesuffix("s"))) if unit else None


def kept_in(name_words: list[str]) -> tuple[str, float] | None:
    """The unit a column's name ends in: body_mass_g, Weight_in_lbs."""
    return size(name_words[-1]) if len(name_words) > 1 or name_words and len(name_words[0]) > 4 else None


def converted(value: float, said: str | None, name_words: list[str]) -> float:
    """A number said in one unit, in the unit of the column; as it is where either is unknown or they measure different things."""
    spoken, kept = size(said), kept_in(name_words)
    if spoken is None or kept is None or spoken[0] != kept[0] or spoken[1] == kept[1]:
        return value
    made = round(value * spoken[1] / kept[1], 9)
    return int(made) if made == int(made) else made
