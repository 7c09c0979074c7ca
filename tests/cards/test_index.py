"""The index ranks like with like, and its chart says which none beats for their cost."""

import re
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from tests.small_checkpoints import measured, record
from weights_registry import Checkpoint
from weights_registry.card.index import draw_ranking, index_page, rankings


def net(name: str, acc1: float, gmacs: float | None, **figure: object) -> Checkpoint:
    return replace(record(metrics=(measured(acc1, 100, **figure),)), id=f"{name}_Weights.Colours_V1", gmacs=gmacs)


FIGURES = st.lists(st.tuples(st.integers(1, 9), st.integers(1, 9)), min_size=1, max_size=12)


@given(FIGURES)
def test_on_the_frontier_are_exactly_those_that_no_other_beats(figures: list[tuple[int, int]]) -> None:
    nets = [net(f"Net{place}", acc1, gmacs) for place, (gmacs, acc1) in enumerate(figures)]
    (ranking,) = rankings(nets)
    best = {(each.gmacs, each.metrics[0].acc1) for each in ranking.best_for_their_cost}
    assert best == {
        (gmacs, acc1)
        for gmacs, acc1 in figures
        if not any(g <= gmacs and a >= acc1 and (g, a) != (gmacs, acc1) for g, a in figures)
    }


def test_published_and_measured_are_ranked_apart() -> None:
    nets = [net("A1", 50, 1), net("A2", 60, 1, kind="measured"), net("A3", 70, 1), net("A4", 80, 1, dataset="Shapes")]
    found = {ranking.subject: [each.id[:2] for each in ranking.checkpoints] for ranking in rankings(nets)}
    assert found == {
        "Colours, as published": ["A3", "A1"],
        "Colours, as measured here": ["A2"],
        "Shapes, as published": ["A4"],
    }
    assert len({ranking.chart_name for ranking in rankings(nets)}) == 3


def test_a_checkpoint_of_unknown_cost_is_listed_and_not_drawn() -> None:
    nets = [net("A1", 50, 1), net("A2", 60, None), net("A3", 70, 2)]
    (ranking,) = rankings(nets)
    assert not ranking.has_chart
    page = index_page([ranking], cards={each.id: f"{each.id}.md" for each in nets}, charts={})
    rows = re.findall(r"^\| \[(A\d)_Weights.*$", page, re.MULTILINE)
    assert rows == ["A3", "A2", "A1"]
    assert "![" not in page
    assert page.count(" ●") == 2


def test_more_kinds_of_network_than_colours_are_drawn_in_one() -> None:
    (ranking,) = rankings([net(f"{kind}1", 50 + place, 1 + place) for place, kind in enumerate("ABCDEFGH")])
    assert {point.group for point in ranking.points} == {""}
    assert ranking.points[0].label == "H1 V1"
    draw_ranking(ranking)
