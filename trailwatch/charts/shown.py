"""The charts of one identity as an object that shows itself in a notebook."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from trailwatch.charts.look import LOOKS
from trailwatch.charts.material import Material
from trailwatch.errors import ConfigError

if TYPE_CHECKING:
    import altair as alt

    from trailwatch.charts.definitions import Drawn


class Charts:
    """The charts of one identity up to a day; each is an Altair chart, interactive in a notebook.

    `charts.draw("week")` is one of them; the names are `activity`, `week`, `first_seen` and `sessions`.
    """

    def __init__(self, material: Material, *, theme: str = "light") -> None:
        if theme not in LOOKS:
            raise ConfigError(f"{theme!r} is no theme of a chart", where="theme", hint=", ".join(LOOKS))
        self.material = material
        self.theme = theme

    def __repr__(self) -> str:
        return f"Charts({self.material.name!r}, {self.material.day}: {', '.join(self.names) or 'no activity'})"

    @property
    def names(self) -> list[str]:
        """The charts that have something to show."""
        from trailwatch.charts.definitions import drawn  # noqa: PLC0415 — loads the library of charts

        return drawn(self.material)

    def draw(self, name: str) -> Drawn:
        """Return one chart by its name."""
        from trailwatch.charts.definitions import CHARTS, draw  # noqa: PLC0415

        if name not in CHARTS:
            raise ConfigError(f"{name!r} is no chart", where="name", hint=", ".join(CHARTS))
        return draw(name, self.material, look=LOOKS[self.theme])

    def words(self, name: str) -> str:
        """Return what a chart shows, in words."""
        from trailwatch.charts.words import WORDS  # noqa: PLC0415

        return WORDS[name](self.material)

    def all(self) -> alt.VConcatChart | None:
        """Return every chart that has something to show under the other, None where there is none."""
        import altair as alt  # noqa: PLC0415

        from trailwatch.charts.definitions import CHARTS  # noqa: PLC0415
        from trailwatch.charts.look import dressed  # noqa: PLC0415

        look = LOOKS[self.theme]
        found = [CHARTS[name](self.material, look=look) for name in self.names]
        return dressed(alt.vconcat(*found), look) if found else None

    def _repr_mimebundle_(self, *args: Any, **kwargs: Any) -> Any:
        chart = self.all()
        text = {"text/plain": repr(self)}
        shown = chart._repr_mimebundle_(*args, **kwargs) if chart is not None else None
        return text if shown is None else shown
