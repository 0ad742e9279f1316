"""Charts are well-formed SVG with a text alternative, and draw the report's own figures."""

import re
from collections.abc import Callable
from xml.etree import ElementTree

import pytest

from rightsizer.economics.report_types import GridPoint, Proof, Report
from rightsizer.economics.savings import Range
from rightsizer.web import charts

GRID = tuple(
    GridPoint(coverage=c / 10, risk=0.002 * c, risk_high=0.004 * c, threshold=1 - c / 10)
    for c in range(1, 11)
)
PROOF = Proof(
    student_id="s",
    evaluation_id="e",
    alpha=0.02,
    delta=0.05,
    threshold=0.5,
    coverage=0.6,
    agreement=0.99,
    agreement_low=0.98,
    grid=GRID,
)


def parse(svg: str) -> ElementTree.Element:
    return ElementTree.fromstring(svg)


def test_proof_plot_draws_both_curves_the_tolerated_line_and_the_chosen_point() -> None:
    svg = charts.proof_plot(PROOF)
    assert svg is not None
    root = parse(svg)
    classes = [e.get("class") for e in root.iter()]
    for name in ("risk", "bound", "alpha", "chosen"):
        assert name in classes
    dot = root.find("circle")
    assert dot is not None
    assert float(dot.get("cx", "0")) == pytest.approx(
        charts.LEFT + 0.6 * (charts.WIDTH - charts.LEFT - charts.RIGHT), abs=0.1
    )
    assert "60 %" in (root.get("aria-label") or "")


def test_every_point_of_the_plot_is_inside_it() -> None:
    wild = PROOF.model_copy(update={"grid": (*GRID[:5], GridPoint(coverage=1.0, risk=0.9, risk_high=1.0))})
    svg = charts.proof_plot(wild)
    assert svg is not None
    for line in parse(svg).iter("polyline"):
        for pair in (line.get("points") or "").split():
            x, y = map(float, pair.split(","))
            assert charts.LEFT - 0.1 <= x <= charts.WIDTH - charts.RIGHT + 0.1
            assert charts.TOP - 0.1 <= y <= charts.HEIGHT - charts.BOTTOM + 0.1


def test_no_plot_without_thresholds_and_no_point_without_a_choice() -> None:
    assert charts.proof_plot(PROOF.model_copy(update={"grid": ()})) is None
    failed = charts.proof_plot(PROOF.model_copy(update={"threshold": None, "agreement": None}))
    assert failed is not None
    assert "circle" not in failed


def test_no_disagreement_at_all_still_has_an_axis() -> None:
    perfect = tuple(GridPoint(coverage=c / 4, risk=0.0) for c in range(1, 5))
    assert charts.proof_plot(PROOF.model_copy(update={"grid": perfect, "agreement": 1.0})) is not None


@pytest.mark.parametrize(
    "usd", [Range(low=1, point=2, high=3), Range(low=0, point=0, high=0), Range(low=-4, point=-1, high=9)]
)
def test_range_bar_stays_on_its_track(usd: Range) -> None:
    root = parse(charts.range_bar(usd, 3.0, "student"))
    for element in root.iter():
        for name in ("x", "x1", "x2", "width"):
            value = element.get(name, "0")
            assert 0 <= float(value.rstrip("%")) <= 100
    assert root.get("aria-label")


def test_verdict_bar_covers_all_calls(sample: Callable[..., Report]) -> None:
    bar = str(charts.verdict_bar(sample(8)))
    widths = [float(w) for w in re.findall(r'width="([\d.]+)%" height="22"><title>', bar)]
    assert sum(widths) == pytest.approx(100, abs=0.5)


def test_money_map_has_a_place_for_every_tile_and_merges_what_cannot_be_seen(
    sample: Callable[..., Report],
) -> None:
    for n in (1, 8, 60):
        report = sample(n)
        tiles, css = charts.money_map(report)
        assert css.count("{") == len(tiles)
        total = sum(float(str(t["value"])) for t in tiles)
        assert total == pytest.approx(report.headline.cost.point)
        assert len(tiles) <= charts.MOST_TILES + 2
