"""Charts in one style, each with its data and its words beside it; this page names all that is public.

Importing it imports matplotlib and numpy. Nothing here keeps state: no pyplot, no current figure.
"""

from weights_registry.plots.bars import Bars, bar_chart
from weights_registry.plots.heat import heat_map
from weights_registry.plots.lines import Series, line_chart
from weights_registry.plots.reliability import Reliability, reliability_chart
from weights_registry.plots.scatter import Point, frontier_of, scatter_chart
from weights_registry.plots.stack import Panel, stacked_chart
from weights_registry.plots.waterfall import waterfall_chart
from weights_registry.plots.writing import write_chart

__all__ = [
    "Bars",
    "Panel",
    "Point",
    "Reliability",
    "Series",
    "bar_chart",
    "frontier_of",
    "heat_map",
    "line_chart",
    "reliability_chart",
    "scatter_chart",
    "stacked_chart",
    "waterfall_chart",
    "write_chart",
]
