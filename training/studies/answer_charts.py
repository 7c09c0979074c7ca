"""A comparison and a calibration as charts, with what they show in words. Computes nothing.

Importing it imports matplotlib.
"""

from typing import Final

from training.studies.calibrate import Calibration, CalibrationStudy
from training.studies.charts import Chart
from training.studies.compare import ComparisonStudy
from weights_registry.inference.intervals import wilson_interval
from weights_registry.plots import Bars, Reliability, bar_chart, reliability_chart

_MAX_CATEGORIES: Final = 15


def comparison_charts(study: ComparisonStudy, *, on: str) -> list[Chart]:
    """Of the categories in which most pictures are right by one alone, how many are A's and how many are B's."""
    ranked = sorted(study.categories, key=lambda row: (-row.only_a - row.only_b, row.category))
    rows = [row for row in ranked if row.only_a + row.only_b][:_MAX_CATEGORIES] or ranked[:1]
    left_out = len(ranked) - len(rows)
    gain = study.gain1
    figure = bar_chart(
        {
            "only A has right": Bars([float(row.only_a) for row in rows]),
            "only B has right": Bars([float(row.only_b) for row in rows]),
        },
        [row.category for row in rows],
        title="Pictures that only one of two checkpoints has right",
        subtitle=(
            f"A: {study.a}, {study.acc1_a:.2f} %. B: {study.b}, {study.acc1_b:.2f} %. On {on}, {study.num_images:,} "
            f"pictures: {gain.difference:+.2f} points ({gain.low:+.2f} to {gain.high:+.2f}), p = {gain.p_value:.2g}"
        ),
        x_label=f"pictures; the other {left_out:,} categories have no more" if left_out else "pictures",
        value_format="{:.0f}",
    )
    return [Chart("compare", figure, f"A is {study.a}, B is {study.b}. {study.sentence}")]


def calibration_charts(study: CalibrationStudy, *, of: str, on: str) -> list[Chart]:
    """Accuracy against confidence, as it is and at the temperature, with 95 % intervals of each bin."""
    figure = reliability_chart(
        {
            "as it is": _reliability(study.before),
            f"at temperature {study.temperature:.2f}": _reliability(study.after),
        },
        title="How sure it is, and how often it is right",
        subtitle=(
            f"{of} on one half of {on}, {study.num_measured:,} pictures; the temperature was fitted on the other half. "
            f"Calibration error {study.before.calibration_error:.2f} and {study.after.calibration_error:.2f} points"
        ),
    )
    return [Chart("calibration", figure, f"Reliability diagram of {of}. {study.sentence}")]


def _reliability(found: Calibration) -> Reliability:
    shares = [
        wilson_interval(round(each.accuracy * each.num_images / 100), each.num_images)
        if each.accuracy is not None
        else (0.0, 0.0)
        for each in found.bins
    ]
    return Reliability(
        confidence=[(each.mean_confidence or 0.0) / 100 for each in found.bins],
        accuracy=[(each.accuracy or 0.0) / 100 for each in found.bins],
        counts=[each.num_images for each in found.bins],
        interval=[(low / 100, high / 100) for low, high in shares],
    )
