"""Fast validation returns exactly what the serializer returns."""

from random import Random

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from quotes.api.filing_serializers import FilingSerializer
from sources.api.fast_validation import plain_reader
from tests.bench.filings import Newsroom
from tests.conftest import make_filing

read_plain = plain_reader(FilingSerializer)

TEXTS = st.one_of(
    st.sampled_from(
        ["Mara Quill", "", " ", " padded ", "a\0b", "\ud800", "\u200b", "x" * 501, "é"]
    ),
    st.sampled_from(["en", "pt-BR", "english!", "2026-02", "2026-02-30", "2026-02-11T09:30:00Z"]),
    st.sampled_from(["https://post.example/1", "ftp://post.example", "direct", "person", "told"]),
    st.text(max_size=5),
)
ODD = st.one_of(st.none(), st.integers(), st.booleans(), st.floats(), st.just([]), st.just({}))
ANY = st.one_of(TEXTS, ODD)
STEPS = st.fixed_dictionaries(
    {"kind": st.sampled_from(["told", "cited", "heard"]), "name": ANY},
    optional={"outlet": ANY},
)
PRINTED = st.dictionaries(
    st.sampled_from(["text", "speaker", "role", "organisation", "cue", "mood"]), ANY, max_size=3
)
SPANS = st.lists(st.lists(st.integers(-1, 9), min_size=1, max_size=3), max_size=2)
PROPOSALS = st.fixed_dictionaries(
    {},
    optional={
        "text": ANY,
        "spans": st.one_of(SPANS, ANY),
        "kind": st.one_of(st.sampled_from(["direct", "mixed"]), ANY),
        "speaker": ANY,
        "speaker_kind": st.one_of(st.sampled_from(["person", "unnamed"]), ANY),
        "role": ANY,
        "organisation": ANY,
        "said": st.one_of(st.sampled_from(["2026", "2026-02"]), ANY),
        "language": ANY,
        "attribution": st.one_of(PRINTED, ANY),
        "via": st.one_of(st.lists(STEPS, max_size=2), ANY),
        "status": st.sampled_from(["proposed", "published", "retracted"]),
        "article": ANY,
    },
)
FILINGS = st.fixed_dictionaries(
    {"text": ANY},
    optional={
        "outlet": ANY,
        "external_id": ANY,
        "url": ANY,
        "headline": ANY,
        "byline": st.one_of(st.lists(ANY, max_size=2), ANY),
        "published": ANY,
        "published_at": ANY,
        "language": ANY,
        "quotes": st.one_of(st.lists(PROPOSALS, max_size=2), ANY),
        "headlin": ANY,
    },
)


def altered(seed: int, changes: dict, quote_changes: dict) -> dict:
    """A valid filing with these changes."""
    filing = Newsroom(Random(seed)).filing(seed) | changes
    if isinstance(filing["quotes"], list) and filing["quotes"]:
        filing["quotes"] = [filing["quotes"][0] | quote_changes]
    return filing


NEARLY_GOOD = st.builds(
    altered,
    st.integers(0, 3),
    FILINGS.map(lambda filing: dict(list(filing.items())[-1:])),
    PROPOSALS.map(lambda proposal: dict(list(proposal.items())[-1:])),
)


@settings(max_examples=1000, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.one_of(NEARLY_GOOD, FILINGS, ANY))
@example(make_filing())
@example(make_filing(published="2026-03-14T09:00:00+01:00"))
def test_fast_validation_returns_what_the_serializer_does(payload):
    plain = read_plain(payload)
    serializer = FilingSerializer(data=payload)
    assert plain is None or serializer.is_valid(), serializer.errors
    # As text, which distinguishes True from 1 and shows the order of keys.
    assert plain is None or repr(plain) == repr(serializer.validated_data)


@pytest.mark.parametrize(
    "change",
    [
        {"headlin": "Quay to close"},
        {"url": "nowhere"},
        {"text": 4711},
        {"outlet": "\u200b"},
        {"headline": "\ud800"},
        {"quotes": [{"text": " "}]},
        {"quotes": [{"text": "We", "via": [{"kind": "told", "name": " BBC"}]}]},
    ],
)
def test_an_unusual_payload_is_left_to_the_serializer(change):
    assert read_plain(make_filing(**change)) is None


def test_the_payloads_of_an_archive_are_validated_fast():
    room = Newsroom(Random(1))
    for number in range(50):
        filing = room.filing(number)
        serializer = FilingSerializer(data=filing)
        assert serializer.is_valid(), serializer.errors
        assert repr(read_plain(filing)) == repr(serializer.validated_data)
