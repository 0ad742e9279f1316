"""The terminal report fits its width and says what the page says."""

import io
from collections.abc import Callable

import pytest
from rich.cells import cell_len
from rich.console import Console

from rightsizer.cli.show_report import print_report
from rightsizer.economics.report_types import Report


def shown(report: Report, width: int) -> str:
    out = io.StringIO()
    print_report(report, Console(file=out, width=width, force_terminal=False))
    return out.getvalue()


@pytest.mark.parametrize("width", [60, 80, 100, 140])
@pytest.mark.parametrize("n", [0, 1, 8, 60])
def test_no_line_is_wider_than_the_terminal(sample: Callable[..., Report], n: int, width: int) -> None:
    for line in shown(sample(n), width).splitlines():
        assert cell_len(line) <= width


def test_says_the_finding_the_verdicts_and_the_reasons(sample: Callable[..., Report]) -> None:
    report = sample(8)
    flat = " ".join(shown(report, 100).replace("│", " ").split())
    assert report.title in flat
    for words in ("replace", "keep", "more data", "客服意图分类", "not correctness", "no known price"):
        assert words in flat
    for row in report.tasks:
        assert row.reason in flat


def test_figures_of_a_passing_task_are_in_its_row(sample: Callable[..., Report]) -> None:
    line = next(row for row in shown(sample(8), 100).splitlines() if row.strip().startswith("客服意图分类"))
    assert "● replace" in line
    assert "95.5 %" in line


def test_many_tasks_are_cut_and_the_rest_is_counted(sample: Callable[..., Report]) -> None:
    text = shown(sample(60), 100)
    assert "and 36 more" in text


def test_markup_in_a_name_is_text(sample: Callable[..., Report]) -> None:
    report = sample(1)
    row = report.tasks[0].model_copy(update={"name": "[red]x[/]"})
    assert "[red]x[/]" in shown(report.model_copy(update={"tasks": (row,)}), 100)


def test_unknown_prices_show_a_question_mark_not_zero(sample: Callable[..., Report]) -> None:
    text = shown(sample(0), 100)
    assert "?" in text
    assert "$0" not in text


def test_without_tasks_says_what_to_do(sample: Callable[..., Report]) -> None:
    assert "rightsizer run --all" in shown(sample(0), 80)
