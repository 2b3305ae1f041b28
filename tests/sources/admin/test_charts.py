"""Charts: columns as SVG, bars as a table."""

from html.parser import HTMLParser

import pytest

from sources.admin.charts import Bar, Series, bars, columns, scale

WEEKS = [Bar("2 March", [30, 5], "/weeks/1"), Bar("9 March", [0, 0], "/weeks/2")]
SERIES = [Series("published", "status-published"), Series("proposed", "status-proposed")]


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
    chart = columns(WEEKS, "Quotes a week", series=SERIES, of="week")
    assert '<caption class="visually-hidden">Quotes a week</caption>' in chart
    assert '<a href="/weeks/1"><bdi>2 March</bdi></a></th><td>30</td><td>5</td>' in chart
    assert "2 columns, total 35, largest 35." in chart
    assert "<title>2 March: 30 published, 5 proposed</title>" in chart
    assert "<title>9 March: none</title>" in chart


def test_stacked_columns_are_as_high_as_their_total_on_the_scale():
    chart = columns(WEEKS, "Quotes a week", series=SERIES)
    first, second = drawn(chart)
    assert (first["class"], second["class"]) == ("status-published", "status-proposed")
    assert float(first["height"]) == pytest.approx(6 * float(second["height"]), rel=0.01)
    top, floor = 10, 176  # the scale ends at 40
    assert float(second["y"]) == pytest.approx(floor - (floor - top) * 35 / 40, abs=0.1)
    assert float(first["y"]) + float(first["height"]) == pytest.approx(floor, abs=0.1)


@pytest.mark.parametrize(
    ("greatest", "ticks"),
    [
        (0, [0, 1]),
        (1, [0, 1]),
        (4, [0, 1, 2, 3, 4]),
        (5, [0, 2, 4, 6]),
        (35, [0, 10, 20, 30, 40]),
        (40, [0, 10, 20, 30, 40]),
        (1234, [0, 500, 1000, 1500]),
    ],
)
def test_the_scale_has_few_round_numbers_and_holds_the_greatest(greatest, ticks):
    assert scale(greatest) == ticks


def test_the_scale_is_labelled_and_some_columns_have_dates_the_latest_too():
    weeks = [Bar(f"{day} May", [day * 100]) for day in range(1, 27)]
    chart = columns(weeks, "Quotes a week")
    for tick in ("0", "1,000", "2,000", "3,000"):
        assert f">{tick}</text>" in chart
    dates = [part.split("<")[0] for part in chart.split('class="bar-label"')[1:]]
    assert [date.rpartition(">")[2] for date in dates] == [
        *("2 May", "8 May", "14 May", "20 May", "26 May")
    ]


def test_horizontal_bars_are_in_proportion_and_are_rows_of_a_table():
    rows = [Bar("Mara Quill", [40], "/1"), Bar("Bo Ek", [10], "/2")]
    chart = bars(rows, "Busiest speakers", of="speaker")
    first, second = drawn(chart)
    assert (first["width"], second["width"]) == ("100.0%", "25.0%")
    assert '<th scope="row"><a href="/1"><bdi>Mara Quill</bdi></a></th>' in chart
    assert '<span class="bar-figure">40</span>' in chart


def test_a_chart_without_data_says_so():
    for rows in ([], [Bar("2 March", [0])]):
        for chart in (columns(rows, "Quotes a week"), bars(rows, "Quotes a week", of="week")):
            assert "No data." in chart
            assert "<table" not in chart


def test_other_peoples_words_are_inert():
    rows = [Bar("<script>alert(1)</script>\u202e", [1], "/?a=1&b=2")]
    named = [Series("<script>\u202e")]
    for chart in (bars(rows, "Busiest", of="speaker"), columns(rows, "Busiest", series=named)):
        assert "<script" not in chart
        assert "\u202e" not in chart
        assert "/?a=1&amp;b=2" in chart


def test_a_chart_complies_with_the_csp():
    for chart in (columns(WEEKS, "Quotes a week", series=SERIES), bars(WEEKS, "W", of="week")):
        assert "style=" not in chart
        assert "<style" not in chart
