"""SVG charts."""

from html.parser import HTMLParser

import pytest

from sources.admin.charts import Bar, bars

WEEKS = [Bar("2 March", [30, 5], "/weeks/1"), Bar("9 March", [0, 0], "/weeks/2")]


def drawn(chart: str) -> list[dict]:
    """The bars of a chart: the attributes of its coloured rectangles."""
    found = []

    class Reader(HTMLParser):
        def handle_starttag(self, tag, attrs):
            attrs = dict(attrs)
            if tag == "rect" and "height" in attrs and attrs["class"] not in ("bar-room",):
                found.append(attrs)

    Reader().feed(chart.split("</ul>")[-1])
    return found


def test_numbers_are_in_a_table_with_links():
    chart = bars(WEEKS, "Quotes a week", series=("published", "proposed"), of="week")
    assert '<caption class="visually-hidden">Quotes a week</caption>' in chart
    assert '<a href="/weeks/1"><bdi>2 March</bdi></a></th><td>30</td><td>5</td>' in chart
    assert "2 bars, total 35, largest 35." in chart
    assert "<title>2 March: 30 published, 5 proposed</title>" in chart
    assert "<title>9 March: none</title>" in chart


def test_stacked_bars_are_as_long_as_their_total():
    first, second = drawn(bars(WEEKS, "Quotes a week", series=("published", "proposed")))
    assert (first["class"], second["class"]) == ("bar-1", "bar-2")
    assert float(first["height"]) == pytest.approx(6 * float(second["height"]), rel=0.01)
    assert float(second["y"]) == 16.0
    assert float(first["y"]) + float(first["height"]) == 176.0


def test_horizontal_bars_are_in_proportion():
    rows = [Bar("Mara Quill", [40], "/1"), Bar("Bo Ek", [10], "/2")]
    first, second = drawn(bars(rows, "Busiest speakers", horizontal=True))
    assert float(first["width"]) == 4 * float(second["width"])


def test_a_chart_without_data_says_so():
    for rows in ([], [Bar("2 March", [0])]):
        chart = bars(rows, "Quotes a week")
        assert "No data." in chart
        assert "<table" not in chart


def test_other_peoples_words_are_inert():
    chart = bars(
        [Bar("<script>alert(1)</script>\u202e", [1], "/?a=1&b=2")], "Busiest", horizontal=True
    )
    assert "<script" not in chart
    assert "\u202e" not in chart
    assert "/?a=1&amp;b=2" in chart


def test_a_chart_complies_with_the_csp():
    chart = bars(WEEKS, "Quotes a week", series=("published", "proposed"))
    assert "style=" not in chart
    assert "<style" not in chart
