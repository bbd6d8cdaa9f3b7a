"""A chart as SVG that stands in a page: no script, no style, nothing from outside, few bytes, colours of the page."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any
from xml.etree.ElementTree import Element, fromstring

from markupsafe import Markup

from trailwatch.charts.look import LIGHT, Look

# All that a drawing needs. What is not named here does not reach a page, whatever a label or a library brought.
_TAGS = frozenset({"g", "path", "line", "rect", "circle", "text", "tspan"})
_KEPT = frozenset({
    "d", "transform", "x", "y", "x1", "x2", "y1", "y2", "cx", "cy", "r", "width", "height", "fill", "stroke",
    "stroke-width", "text-anchor", "font-size", "opacity", "dx", "dy",
})  # fmt: skip
_NOTHING = frozenset({"M0,0h0v0h0Z", ""})
_VARIABLES = {name: f"var(--{name})" for name in ("ink", "soft", "line", "bar", "mark")}
_LONG = re.compile(r"-?\d+\.\d+(?:e-?\d+)?")


@dataclass(frozen=True)
class Svg:
    """A drawing with its size; as markup it is told by the element whose id is its own with `-t`."""

    id: str
    width: str
    height: str
    box: str
    inner: Markup

    def __html__(self) -> str:
        return Markup(
            '<svg class="chart" id="{0}" viewBox="{1}" width="{2}" height="{3}" role="img" aria-labelledby="{0}-t">{4}</svg>'
        ).format(self.id, self.box, self.width, self.height, self.inner)

    def again(self) -> Markup:
        """Return markup that shows the same drawing in another place of the same page."""
        return Markup(
            '<svg class="chart" viewBox="{1}" width="{2}" height="{3}" role="img" aria-labelledby="{0}-t"><use href="#{0}"/></svg>'
        ).format(self.id, self.box, self.width, self.height)


def svg(chart: Any, *, id: str, look: Look = LIGHT) -> Svg:
    """Return a chart as inline SVG with an id of its own."""
    import vl_convert  # noqa: PLC0415 — it brings an engine of its own, for pages with charts alone

    root = fromstring(vl_convert.vegalite_to_svg(chart.to_dict(validate=False)))  # noqa: S314 — made by the line itself
    colours = {getattr(look, key): value for key, value in _VARIABLES.items()}
    inner = Markup("").join(_told(one, colours) for one in root)
    box = " ".join(_short(one) for one in root.attrib["viewBox"].split())
    return Svg(id, _short(root.attrib["width"]), _short(root.attrib["height"]), box, inner)


def _told(element: Element, colours: dict[str, str]) -> Markup:
    tag = element.tag.rpartition("}")[2]
    if tag not in _TAGS or element.get("display") == "none":
        return Markup("")
    kept = {key: value for key, value in element.attrib.items() if key in _KEPT}
    if tag == "path" and (kept.get("d", "") in _NOTHING or "background" in element.get("class", "")):
        return Markup("")
    if tag == "rect" and kept.get("fill") == colours.get("page", LIGHT.page):
        return Markup("")
    kept = {key: _value(key, value, colours) for key, value in kept.items()}
    kept = {key: value for key, value in kept.items() if (key, value) not in _DEFAULTS}
    inner = Markup("").join([Markup("{}").format(element.text or ""), *(_told(one, colours) for one in element)])
    if tag == "g":
        if not inner:
            return Markup("")
        if not kept:
            return inner
    attributes = Markup("").join(Markup(' {}="{}"').format(key, value) for key, value in kept.items())
    # The names of tags and attributes come from the lists above.
    return (
        Markup("<{0}{1}>{2}</{0}>").format(tag, attributes, inner)
        if inner
        else Markup("<{}{}/>").format(tag, attributes)
    )


def _value(key: str, value: str, colours: dict[str, str]) -> str:
    if key in ("fill", "stroke"):
        return colours.get(value, value)
    if key == "font-size":
        return value.removesuffix("px")
    return _LONG.sub(lambda found: _short(found[0]), value)


def _short(number: str) -> str:
    return f"{round(float(number), 1) + 0.0:g}"


_DEFAULTS = {
    ("opacity", "1"), ("transform", "translate(0,0)"), ("stroke-width", "1"), ("x2", "0"), ("y2", "0"),
    ("text-anchor", "start"),
}  # fmt: skip
