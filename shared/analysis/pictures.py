"""A Vega-Lite spec as an SVG that is safe inside a page, as PNG, and as the table behind it.

vl-convert runs Vega in its own engine, without network here; the first picture of a process costs about 0.4 s, later ones
0.03 s. The PNG is drawn from the same SVG.
"""

import json
import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Any
from xml.etree import ElementTree

from shared.analysis.references import is_year, shown

SVG = "http://www.w3.org/2000/svg"
ALLOWED = frozenset(
    [
        "svg",
        "g",
        "path",
        "text",
        "tspan",
        "line",
        "rect",
        "circle",
        "defs",
        "clipPath",
        "linearGradient",
        "radialGradient",
        "stop",
        "title",
        "desc",
    ]
)
TABLE_ROWS = 100  # rows of a chart's data shown in a page


@lru_cache(maxsize=16)
def _drawn(spec: str) -> str:
    import vl_convert

    return str(vl_convert.vegalite_to_svg(spec, allowed_base_urls=[]))


def prewarm() -> None:
    """Start Vega's engine, for instance in a thread while cells run, so that the first chart does not wait for it."""
    _drawn('{"$schema": "https://vega.github.io/schema/vega-lite/v6.json", "data": {"values": []}, "mark": "point"}')


def render_png(spec: dict[str, Any], scale: float = 2.0) -> bytes:
    """The chart as a PNG, `scale` pixels for each unit of the spec."""
    import vl_convert

    return bytes(vl_convert.svg_to_png(_drawn(_canonical(spec)), scale=scale))


def svg(spec: dict[str, Any], name: str) -> str:
    """The chart as SVG markup for a page: only shapes and text, no scripts or outside references, ids prefixed by `name`."""
    ElementTree.register_namespace("", SVG)
    root = ElementTree.fromstring(_drawn(_canonical(spec)))
    for element in root.iter():
        for child in list(element):
            if child.tag.removeprefix(f"{{{SVG}}}") not in ALLOWED:
                element.remove(child)
        for attribute, value in list(element.attrib.items()):
            if attribute.startswith(("on", "{")) or attribute in ("href", "style") or re.search(r"url\((?!#)", value):
                del element.attrib[attribute]
            elif attribute == "id":
                element.set("id", f"{name}-{value}")
            elif "url(#" in value:
                element.set(attribute, value.replace("url(#", f"url(#{name}-"))
        # The page's heading and the <figure>'s label speak for the marks: hundreds of them only tire a screen reader.
        for attribute in ("role", "aria-label", "aria-roledescription"):
            element.attrib.pop(attribute, None)
    _crop_title(root)
    for background in root.findall(f"{{{SVG}}}rect"):
        background.set("fill", "none")  # the page's own, light or dark
    return ElementTree.tostring(root, encoding="unicode")


def _crop_title(root: ElementTree.Element) -> None:
    """Cut off the title at the top, which the page writes as text that wraps and scales."""
    frame = root.find(f"{{{SVG}}}g")
    for parent in root.iter():
        for title in [child for child in parent if "role-title" in child.get("class", "").split()]:
            parent.remove(title)
            place, texts = title.find(f"{{{SVG}}}g"), list(title.iter(f"{{{SVG}}}text"))
            if frame is not None and place is not None and texts and _y(place) < 0:
                top = _y(frame) + _y(place) + max(_y(text) for text in texts) + 4
                left, up, width, height = (float(part) for part in root.get("viewBox", "0 0 0 0").split())
                root.set("viewBox", f"{left:g} {up + top:g} {width:g} {height - top:g}")
                root.set("height", f"{height - top:g}")


def _y(element: ElementTree.Element) -> float:
    """How far an element is moved down."""
    found = re.search(r"translate\([-\d.]+,\s*([-\d.]+)\)", element.get("transform", ""))
    return float(found[1]) if found else 0.0


def subtitle(spec: dict[str, Any]) -> str:
    """What a chart says under its title."""
    title = spec.get("title")
    below = title.get("subtitle", "") if isinstance(title, dict) else ""
    return " ".join(below) if isinstance(below, list) else str(below)


_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def _canonical(spec: dict[str, Any]) -> str:
    """The spec as text, without the characters XML cannot hold: one of them in the data makes vl-convert abort the process."""

    def clean(value: Any) -> Any:
        if isinstance(value, str):
            return _NOT_XML.sub("\ufffd", value)
        if isinstance(value, dict):
            return {clean(str(key)): clean(item) for key, item in value.items()}
        return [clean(item) for item in value] if isinstance(value, list) else value

    return json.dumps(clean(spec), sort_keys=True, ensure_ascii=False)


def data_table(spec: dict[str, Any]) -> tuple[list[str], list[list[str]], int]:
    """The data behind a chart: column titles, rows as text (at most `TABLE_ROWS`), and how many there are."""
    data: dict[str, Any] = next((part["data"] for part in _parts(spec) if part.get("data")), {})
    values = data.get("values")
    if values is None:
        values = spec.get("datasets", {}).get(data.get("name"), [])
    if not isinstance(values, list) or not values or not all(isinstance(row, dict) for row in values):
        return [], [], 0
    titles: dict[str, str] = {}
    years: set[str] = set()
    for part in _parts(spec):
        for channel in (part.get("encoding") or {}).values():
            if isinstance(channel, dict) and isinstance(field := channel.get("field"), str):
                axis = channel.get("axis") if isinstance(channel.get("axis"), dict) else {}
                title = channel.get("title") or axis.get("title")  # type: ignore[union-attr]
                if isinstance(title, str):
                    titles.setdefault(field.replace("\\", ""), title)
                if axis.get("format") == "d":  # type: ignore[union-attr]
                    years.add(field)
    fields = list(dict.fromkeys(field for row in values[:TABLE_ROWS] for field in row))
    if titles:
        fields = [field for field in fields if field in titles]
    styles = {field: "name" if field in years or is_year(titles.get(field, field)) else None for field in fields}
    rows = [["" if row.get(f) is None else _text(row[f], styles[f]) for f in fields] for row in values[:TABLE_ROWS]]
    return [titles.get(field, field) for field in fields], rows, len(values)


def _text(value: Any, style: str | None) -> str:
    return json.dumps(value, ensure_ascii=False) if isinstance(value, (dict, list)) else shown(value, style)


def _parts(spec: Any) -> Iterator[dict[str, Any]]:
    """The spec and every view inside it."""
    if isinstance(spec, dict):
        yield spec
        for key in ("spec", "layer", "hconcat", "vconcat", "concat"):
            below = spec.get(key)
            for part in below if isinstance(below, list) else [below]:
                yield from _parts(part)
