"""`quotes/facets/` and `quotes/timeline/`: counts that add up, against the list of quotes."""

import time
from collections import Counter
from datetime import date, timedelta
from itertools import pairwise
from uuid import uuid4

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from quotes.api.filters import QuoteFilters
from quotes.models import Quote
from quotes.statistics.sql import DIMENSIONS, SINGLE
from quotes.statistics.views import MAX_BUCKETS, MAX_VALUES
from sources.dates import PartialDate
from tests.conftest import API, make_client, ok, problem
from tests.records import (
    make_affiliation,
    make_article,
    make_organisation,
    make_outlet,
    make_quote,
    make_quotes,
    make_speaker,
)

pytestmark = pytest.mark.django_db

FACETS, TIMELINE, QUOTES = f"{API}quotes/facets/", f"{API}quotes/timeline/", f"{API}quotes/"


def facets(client, by: str, **asked) -> dict:
    return ok(client.get(FACETS, {"by": by, **asked}))


def facet(client, by: str, **asked) -> dict:
    return facets(client, by, **asked)["facets"][by]


def counts(client, by: str, **asked) -> list[tuple]:
    """(name or word, count) of each value."""
    values = facet(client, by, **asked)["values"]
    return [(v["value"]["name"] if by in NAMED else v["value"], v["count"]) for v in values]


NAMED = ("speaker", "organisation", "outlet")


def timeline(client, **asked) -> dict:
    return ok(client.get(TIMELINE, asked))


def buckets(client, **asked) -> dict[str, int]:
    return {one["bucket"]: one["count"] for one in timeline(client, **asked)["buckets"]}


def refused(client, path: str, **asked) -> dict[str, str]:
    errors = problem(client.get(path, asked), 400)["errors"]
    return {error["parameter"]: error["message"] for error in errors}


# Facets


def test_a_facet_counts_each_value_and_tells_it_as_a_quote_does(reader):
    mara, bo = make_speaker(), make_speaker("Bo Ek")
    post = make_outlet()
    for speaker in (mara, bo, mara):
        make_quote(speaker=speaker, outlet=post, published="2026-02")
    quote = ok(reader.get(QUOTES, {"speaker": mara.pk}))["results"][0]
    outlet = {name: quote["outlet"][name] for name in ("id", "name", "slug")}
    told = facets(reader, "speaker,outlet,year,kind")
    assert told == {
        "total": 3,
        "facets": {
            "speaker": {
                "values": [
                    {"value": quote["speaker"], "count": 2},
                    {"value": {"id": str(bo.pk), "name": "Bo Ek", "kind": "person"}, "count": 1},
                ],
                "other": 0,
                "unknown": 0,
            },
            "outlet": {
                "values": [{"value": outlet, "count": 3}],
                "other": 0,
                "unknown": 0,
            },
            "year": {"values": [{"value": "2026", "count": 3}], "other": 0, "unknown": 0},
            "kind": {"values": [{"value": "direct", "count": 3}], "other": 0, "unknown": 0},
        },
    }


def test_what_is_beyond_the_limit_is_other_and_what_is_not_known_is_unknown(reader):
    for number in range(4):
        speaker = make_speaker(f"Speaker {number}")
        for _ in range(4 - number):
            make_quote(speaker=speaker)
    for _ in range(5):
        make_quote()
    told = facets(reader, "speaker", limit=2)
    assert told["total"] == 15
    found = told["facets"]["speaker"]
    assert [value["count"] for value in found["values"]] == [4, 3]
    assert (found["other"], found["unknown"]) == (3, 5)


def test_values_that_are_equally_frequent_come_in_a_stable_order(reader):
    speakers = [make_speaker(f"Speaker {9 - number}") for number in range(9)]
    for speaker in reversed(speakers):
        make_quote(speaker=speaker, role=f"role of {speaker}")
    assert counts(reader, "speaker", limit=4) == [(one.name, 1) for one in speakers[:4]]
    assert counts(reader, "role") == counts(reader, "role")
    assert counts(reader, "role", limit=3) == counts(reader, "role")[:3]


def test_the_role_is_the_one_that_the_quote_shows(reader):
    held = make_affiliation(role="minister")
    whose = {"speaker": held.speaker, "organisation": held.organisation}
    make_quote(affiliation=held, attribution_role="clerk", **whose)
    make_quote(attribution_role="minister", role="clerk", speaker=make_speaker("Bo Ek"))
    other = make_affiliation(role="minister", speaker=make_speaker("Cy"))
    make_quote(affiliation=other, speaker=other.speaker, organisation=other.organisation)
    make_quote(role="clerk")
    make_quote(attribution_role="Clerk")
    make_quote()
    assert sorted(counts(reader, "role")) == [("Clerk", 1), ("clerk", 1), ("minister", 3)]
    assert facet(reader, "role")["unknown"] == 1


def test_the_role_follows_what_is_printed_and_the_affiliation(reader):
    held = make_affiliation(role="minister")
    quote = make_quote(attribution_role="clerk", speaker=held.speaker)
    quote.revise(note="As printed.", attribution_role="mistress")
    assert counts(reader, "role") == [("mistress", 1)]
    quote.revise(note="Not printed.", attribution_role=None)
    assert counts(reader, "role") == []
    quote.revise(note="The minister.", affiliation=held)
    type(held).objects.update(role="prime minister")
    assert counts(reader, "role") == [("prime minister", 1)]
    assert Quote.objects.get().version == 4


def test_the_longest_roles_are_counted(reader):
    for last in "ab":
        make_quote(attribution_role="臣" * 499 + last, role="𝔐" * 500)
    assert sorted(counts(reader, "role")) == [("臣" * 499 + last, 1) for last in "ab"]


def test_an_empty_archive_has_facets_without_values(reader):
    nothing = {"values": [], "other": 0, "unknown": 0}
    every = dict.fromkeys(DIMENSIONS, nothing)
    assert facets(reader, ",".join(DIMENSIONS)) == {"total": 0, "facets": every}
    assert facets(reader, "kind", outlet="nowhere") == {"total": 0, "facets": {"kind": nothing}}


# Timeline


def test_buckets_are_named_in_iso_form_in_order_of_time_and_none_between_is_left_out(reader):
    for day in ("2026-02-11", "2025-12-30", "2026-02-11"):
        make_quote(published=day)
    assert buckets(reader) == {"2025": 1, "2026": 2}
    assert list(buckets(reader, interval="month").items()) == [
        ("2025-12", 1),
        ("2026-01", 0),
        ("2026-02", 2),
    ]
    weeks = buckets(reader, interval="week")
    assert weeks == {"2026-W01": 1, **{f"2026-W{n:02}": 0 for n in range(2, 7)}, "2026-W07": 2}
    days = buckets(reader, interval="day")
    first = date(2025, 12, 30)
    assert list(days) == [str(first + timedelta(days=n)) for n in range(44)]
    assert (days["2025-12-30"], days["2026-02-11"], sum(days.values())) == (1, 2, 3)


@pytest.mark.parametrize(
    ("interval", "bucketed", "imprecise"),
    [
        ("year", {"2026": 3}, 0),
        ("month", {"2026-02": 2}, 1),
        ("week", {"2026-W07": 1}, 2),
        ("day", {"2026-02-11": 1}, 2),
    ],
)
def test_a_partial_date_is_counted_where_it_belongs_and_never_guessed(
    reader, interval, bucketed, imprecise
):
    for published in ("2026", "2026-02", "2026-02-11", None):
        make_quote(published=published)
    told = timeline(reader, interval=interval)
    assert {one["bucket"]: one["count"] for one in told["buckets"]} == bucketed
    assert told["imprecise"] == {"count": imprecise}
    assert told["unknown"] == {"count": 1}
    assert told["total"] == 4


def test_each_bucket_is_split_by_the_values_that_are_most_frequent_of_all_the_time(reader):
    mara, bo, cy = (make_speaker(name) for name in ("Mara", "Bo", "Cy"))
    said = [
        (mara, "2025"),
        (mara, "2026-02"),
        (bo, "2026"),
        (bo, None),
        (mara, "2026"),
        (cy, "2025"),
    ]
    for speaker, published in said:
        make_quote(speaker=speaker, published=published)
    make_quote(published="2025")
    told = timeline(reader, by="speaker", limit=2)
    assert told["by"]["dimension"] == "speaker"
    assert [(v["value"]["name"], v["count"]) for v in told["by"]["values"]] == [
        ("Mara", 3),
        ("Bo", 2),
    ]
    assert (told["by"]["other"], told["by"]["unknown"]) == (1, 1)
    assert told["buckets"] == [
        {
            "bucket": "2025",
            "count": 3,
            "split": {"values": [1, 0], "other": 1, "unknown": 1},
        },
        {
            "bucket": "2026",
            "count": 3,
            "split": {"values": [2, 1], "other": 0, "unknown": 0},
        },
    ]
    assert told["unknown"] == {
        "count": 1,
        "split": {"values": [0, 1], "other": 0, "unknown": 0},
    }


def test_more_buckets_than_can_be_told_are_refused_with_a_remedy(reader):
    for year in ("1066-10-14", "2026-02-11"):
        make_quote(published=year)
    for interval in ("day", "week", "month"):
        fault = refused(reader, TIMELINE, interval=interval)
        assert "1066" in fault["interval"]
        assert f"{MAX_BUCKETS:,}" in fault["interval"]
        assert "published_after" in fault["interval"]
    assert len(buckets(reader, interval="year")) == 2026 - 1066 + 1
    assert len(buckets(reader, interval="day", published_after="2026")) == 1


def test_a_timeline_of_nothing_has_no_buckets(reader):
    none = {"count": 0}
    empty = {"total": 0, "interval": "day", "buckets": [], "imprecise": none, "unknown": none}
    assert timeline(reader, interval="day") == empty
    assert timeline(reader, interval="day", outlet="nowhere") == empty


# Who may see what


def test_only_what_the_list_shows_is_counted(reader, curator):
    for status in Quote.Status.values:
        make_quote(status=status)
    assert facets(reader, "status")["total"] == timeline(reader)["total"] == 2
    assert facets(curator, "status")["total"] == timeline(curator)["total"] == 5
    assert counts(reader, "status", status="retracted") == [("retracted", 1)]
    assert counts(reader, "status", status="proposed") == []
    assert timeline(reader, status="proposed,rejected")["total"] == 0


def test_nobody_is_told_a_role_or_a_name_that_only_proposed_quotes_have(reader):
    make_quote(status="proposed", speaker=make_speaker("Secret"), role="secret agent")
    assert "ecret" not in reader.get(FACETS, {"by": ",".join(DIMENSIONS)}).content.decode()


# Every filter, and numbers that add up


TIMES = ("created", "updated")


def test_every_filter_is_taken_together_with_statistics(reader):
    taken = {"speaker", "organisation", "article", "utterance"}
    sample = {
        "speaker_kind": "person",
        "kind": "direct",
        "status": "published",
        "anchor": "exact",
        "url": "https://post.example/1",
        **{name: str(uuid4()) for name in taken},
        **{name: "2026" for name in QuoteFilters.base_filters if name.startswith(("said", "publ"))},
        **{name: "2026-01-01" for name in QuoteFilters.base_filters if name[:7] in TIMES},
    }
    sample["id"] = str(make_quote(published="2026").pk)
    every = ",".join(DIMENSIONS)
    for name in QuoteFilters.base_filters:
        asked = {name: sample.get(name, "words")}
        if reader.get(QUOTES, asked).status_code != 200:
            continue  # one that cannot be asked for alone
        rows = ok(reader.get(QUOTES, asked))["results"]
        assert facets(reader, every, **asked)["total"] == len(rows), name
        assert timeline(reader, by="role", interval="day", **asked)["total"] == len(rows), name


PARTIAL = st.one_of(
    st.none(),
    st.builds(PartialDate, st.integers(2024, 2026)),
    st.builds(PartialDate, st.integers(2024, 2026), st.integers(1, 12)),
    st.dates(date(2024, 12, 1), date(2026, 2, 1)).map(PartialDate.on),
)
ROWS = st.fixed_dictionaries(
    {
        "speaker": st.integers(-1, 3),
        "organisation": st.integers(-1, 2),
        "outlet": st.integers(-1, 1),
        "role": st.sampled_from([None, "minister", "clerk"]),
        "attribution_role": st.sampled_from([None, "minister", "mistress"]),
        "held": st.booleans(),
        "kind": st.sampled_from(Quote.Kind.values),
        "status": st.sampled_from(Quote.Status.values),
        "language": st.sampled_from([None, "en", "en-GB", "de"]),
        "anchor": st.sampled_from(["exact", "unanchored"]),
        "published": PARTIAL,
    }
)
ASKED = st.fixed_dictionaries(
    {},
    optional={
        "status": st.sampled_from(["published", "retracted,disputed"]),
        "language": st.sampled_from(["en", "de"]),
        "kind": st.sampled_from(["direct", "mixed,partial"]),
        "anchor": st.sampled_from(["exact", "unanchored"]),
        "outlet": st.sampled_from(["outlet-0", "outlet-1"]),
        "published_after": st.sampled_from(["2025", "2025-06-15"]),
        "role": st.sampled_from(["minister", "mistress"]),
        "speaker_name": st.sampled_from(["Speaker 0", "nobody"]),
    },
)


def shown_value(row: dict, name: str):
    """What the list of quotes shows of a dimension."""
    if name == "year":
        return row["published"] and row["published"][:4]
    return row[name]["name"] if name in NAMED and row[name] else row[name]


def bucket_of(published: str | None, interval: str) -> str:
    if published is None:
        return "unknown"
    length = {"year": 4, "month": 7}.get(interval, 10)
    if len(published) < length:
        return "imprecise"
    if interval == "week":
        year, week, _ = date.fromisoformat(published).isocalendar()
        return f"{year}-W{week:02}"
    return published[:length]


def every_row(client, asked: dict) -> list[dict]:
    answer = ok(client.get(QUOTES, {**asked, "limit": 200}))
    assert answer["next"] is None
    return answer["results"]


def check_facets(answer: dict, rows: list[dict], limit: int) -> None:
    assert answer["total"] == len(rows)
    for name, told in answer["facets"].items():
        there = Counter(shown_value(row, name) for row in rows)
        assert told["unknown"] == there.pop(None, 0)
        listed = {
            (v["value"]["name"] if name in NAMED else v["value"]): v["count"]
            for v in told["values"]
        }
        assert listed.items() <= there.items()
        assert len(listed) == len(told["values"]) == min(limit, len(there))
        assert all(one["count"] >= two["count"] for one, two in pairwise(told["values"]))
        beyond = [n for value, n in there.items() if value not in listed]
        assert told["other"] == sum(beyond)
        assert max(beyond, default=0) <= min(listed.values(), default=0)


def check_timeline(answer: dict, rows: list[dict], interval: str, by: str) -> None:
    there = Counter(bucket_of(row["published"], interval) for row in rows)
    told = {one["bucket"]: one for one in answer["buckets"]}
    assert list(told) == sorted(told)
    told |= {name: answer[name] for name in ("imprecise", "unknown")}
    assert {name: one["count"] for name, one in told.items() if one["count"]} == there
    split = Counter((bucket_of(r["published"], interval), shown_value(r, by)) for r in rows)
    listed = [v["value"]["name"] if by in NAMED else v["value"] for v in answer["by"]["values"]]
    for name, one in told.items():
        parts = one["split"]
        assert parts["values"] == [split[name, value] for value in listed]
        assert parts["unknown"] == split[name, None]
        assert sum(parts["values"]) + parts["other"] + parts["unknown"] == one["count"]
    check_facets({"total": answer["total"], "facets": {by: answer["by"]}}, rows, len(listed))


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    rows=st.lists(ROWS, max_size=25),
    asked=ASKED,
    group=st.sampled_from(["Readers", "Curators"]),
    names=st.lists(st.sampled_from(list(SINGLE)), min_size=1, unique=True),
    limit=st.integers(1, 4),
    interval=st.sampled_from(["year", "month", "week", "day"]),
)
def test_numbers_add_up_and_are_those_of_the_list(rows, asked, group, names, limit, interval):
    with transaction.atomic():
        make_rows(rows)
        client = make_client(group)
        found = every_row(client, asked)
        check_facets(facets(client, ",".join(names), limit=limit, **asked), found, limit)
        told = timeline(client, interval=interval, by=names[0], limit=limit, **asked)
        check_timeline(told, found, interval, names[0])
        transaction.set_rollback(True)


def make_rows(rows: list[dict]) -> None:
    speakers = [None, *(make_speaker(f"Speaker {n}") for n in range(4))]
    bodies = [None, *(make_organisation(f"Body {n}") for n in range(3))]
    outlets = [None, *(make_outlet(f"Outlet {n}") for n in range(2))]
    for row in rows:
        who, body = speakers[row["speaker"] + 1], bodies[row["organisation"] + 1]
        held = None
        if row["held"] and who and body:
            held = make_affiliation(speaker=who, organisation=body, role="minister")
        values = {name: value for name, value in row.items() if name != "held"}
        given = {"speaker": who, "organisation": body, "outlet": outlets[row["outlet"] + 1]}
        make_quote(**values | given, affiliation=held)


# What is refused


def test_by_is_needed_and_names_known_dimensions_once_each(reader):
    assert "speaker" in refused(reader, FACETS)["by"]
    assert "Did you mean “speaker”" in refused(reader, FACETS, by="speker")["by"]
    assert "twice" in refused(reader, FACETS, by="kind,year,kind")["by"]
    assert "empty" in refused(reader, FACETS, by="kind,")["by"]
    assert "Empty" in refused(reader, FACETS, by=" ")["by"]
    assert "Did you mean “year”" in refused(reader, TIMELINE, by="years")["by"]
    assert "one dimension" in refused(reader, TIMELINE, by="kind,status")["by"]


@pytest.mark.parametrize("limit", ["0", str(MAX_VALUES + 1), "-1", "ten", "1e1"])
def test_a_limit_that_is_none_is_refused(reader, limit):
    assert "limit" in refused(reader, FACETS, by="kind", limit=limit)
    assert "limit" in refused(reader, TIMELINE, by="kind", limit=limit)


def test_what_is_of_a_list_or_means_nothing_here_is_refused(reader):
    assert set(refused(reader, FACETS, by="kind", cursor="x")) == {"cursor"}
    assert set(refused(reader, FACETS, by="kind", interval="year")) == {"interval"}
    assert "Did you mean “month”" in refused(reader, TIMELINE, interval="months")["interval"]
    assert "only with" in refused(reader, TIMELINE, limit="5")["limit"]
    assert "speaker" in refused(reader, FACETS, by="kind", speaker="me")


@pytest.mark.parametrize(
    "words",
    ["\0", "\ud800", "x" * 10_000, ",".join("x" * 3_000), "'; --", "%s %(a)s", "kind\nyear", "∀"],
)
def test_hostile_values_are_a_clear_refusal_at_once(reader, words):
    began = time.monotonic()
    for path, name in ((FACETS, "by"), (TIMELINE, "by"), (TIMELINE, "interval")):
        try:
            answer = reader.get(path, {name: words})
        except UnicodeEncodeError:
            answer = reader.get(f"{path}?{name}=%ED%A0%80")
        problem(answer, 400)
    assert time.monotonic() - began < 2


def test_a_percent_sign_in_a_filter_is_no_placeholder(reader):
    make_quote(attribution_speaker="100 %s")
    assert facets(reader, "kind", speaker_name="100 %s")["total"] == 1


# At any size


def nodes_of(plan: dict):
    """What a plan does for all rows: not how it looks up one of those that are told."""
    yield plan
    for part in plan.get("Plans", ()):
        if part["Parent Relationship"] != "SubPlan":
            yield from nodes_of(part)


@pytest.mark.parametrize(
    ("path", "asked"),
    [
        (FACETS, {"by": ",".join(DIMENSIONS)}),
        (FACETS, {"by": ",".join(DIMENSIONS), "kind": "direct", "anchor": "exact"}),
        (TIMELINE, {"interval": "day", "by": "role", "language": "en"}),
        (TIMELINE, {"interval": "month", "by": "outlet"}),
        (TIMELINE, {"interval": "year", "by": "status", "status": "published"}),
    ],
)
def test_all_there_is_is_counted_without_reading_a_quote(reader, path, asked):
    make_quote(published="2026", language="en")
    with CaptureQueriesContext(connection) as made:
        ok(reader.get(path, asked))
    (statement,) = [
        one["sql"] for one in made.captured_queries if one["sql"].startswith("WITH rows")
    ]
    with connection.cursor() as cursor:
        # As of a table that is vacuumed, and large, and of indexes without what tests before left
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("REINDEX TABLE quotes_quote")
        cursor.execute(
            "SELECT pg_restore_relation_stats('schemaname', 'public', 'relname', 'quotes_quote',"
            " 'relpages', 100000, 'relallvisible', 100000),"
            " set_config('enable_seqscan', 'off', true),"
            " set_config('enable_bitmapscan', 'off', true)"
        )
        cursor.execute(f"EXPLAIN (FORMAT json) {statement}")
        nodes = list(nodes_of(cursor.fetchone()[0][0]["Plan"]))
    reads = [one["Node Type"] for one in nodes if one.get("Relation Name") == "quotes_quote"]
    assert reads
    assert set(reads) == {"Index Only Scan"}


def test_as_many_queries_are_made_for_one_quote_as_for_many(reader):
    def queries() -> int:
        with CaptureQueriesContext(connection) as made:
            facets(reader, ",".join(DIMENSIONS))
            timeline(reader, by="speaker")
        return len(made)

    make_quotes(1, make_article(outlet=make_outlet(), published="2026"))
    facets(reader, "kind")
    before = queries()
    make_quotes(60, make_article("Words."), speaker=make_speaker(), role="clerk")
    assert queries() == before


# By outlets on the way, and by two dimensions


def test_a_quote_counts_for_every_outlet_that_it_came_through(reader):
    wire, radio = make_outlet("The Wire"), make_outlet("Radio")
    make_quote(via=[wire])
    make_quote(via=[wire, radio, wire])
    make_quote(via=["Somebody"])
    make_quote()
    told = facets(reader, "via,kind")
    assert told["total"] == 4
    via = told["facets"]["via"]
    assert [(v["value"]["name"], v["count"]) for v in via["values"]] == [
        ("The Wire", 2),
        ("Radio", 1),
    ]
    assert (via["other"], via["unknown"]) == (0, 2)
    (top,) = facet(reader, "via", limit=1)["values"]
    assert top["count"] == len(ok(reader.get(QUOTES, {"via": top["value"]["id"]}))["results"])
    assert facet(reader, "via", limit=1)["other"] == 1
    assert facets(reader, "via", kind="indirect")["total"] == 0
    assert set(refused(reader, TIMELINE, by="via")) == {"by"}


def test_a_table_counts_by_two_dimensions(reader):
    post, radio = make_outlet("The Post"), make_outlet("Radio")
    for outlet, day, number in ((post, "2025", 3), (post, "2026-01-02", 2), (radio, "2026", 1)):
        for _ in range(number):
            make_quote(outlet=outlet, published=day)
    make_quote(published="2024")
    make_quote(outlet=radio)
    told = facets(reader, "outlet,year", table="true", limit=2)
    names = [value["value"]["name"] for value in told["facets"]["outlet"]["values"]]
    years = [value["value"] for value in told["facets"]["year"]["values"]]
    assert (names, years) == (["The Post", "Radio"], ["2025", "2026"])
    assert told["table"] == {
        "rows": "outlet",
        "columns": "year",
        # 2025, 2026, other, unknown
        "counts": [[3, 2, 0, 0], [0, 1, 0, 1], [0, 0, 0, 0], [0, 0, 1, 0]],
    }
    roles = facets(reader, "role,kind", table="true")["table"]["counts"]
    assert roles == [[0, 0, 0], [8, 0, 0]]
    assert facets(reader, "outlet,year", table="true", kind="indirect")["table"]["counts"] == [
        [0, 0],
        [0, 0],
    ]
    for asked in ({"by": "outlet"}, {"by": "outlet,via"}, {"by": "outlet,year,kind"}):
        assert set(refused(reader, FACETS, table="true", **asked)) == {"table"}
    assert set(refused(reader, FACETS, by="outlet,year", table="yes")) == {"table"}


@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    rows=st.lists(ROWS, max_size=15),
    names=st.lists(st.sampled_from(list(SINGLE)), min_size=2, max_size=2, unique=True),
    limit=st.integers(1, 4),
)
def test_the_rows_and_columns_of_a_table_add_up_to_its_facets(rows, names, limit):
    with transaction.atomic():
        make_rows(rows)
        told = facets(make_client("Readers"), ",".join(names), limit=limit, table="true")
        counts = told["table"]["counts"]
        sums_of = {names[0]: map(sum, counts), names[1]: map(sum, zip(*counts, strict=True))}
        for name, sums in sums_of.items():
            one = told["facets"][name]
            each = [value["count"] for value in one["values"]]
            assert list(sums) == [*each, one["other"], one["unknown"]]
        transaction.set_rollback(True)
