"""Which records are public: what something public rests on, and what a curator made or changed."""

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
)

from quotes.models import Quote
from sources.models import Affiliation, Article, Organisation, Outlet, Revision, Speaker
from sources.models.visibility import as_proposed
from tests.conftest import API, fresh, make_client, make_filing, ok, sql
from tests.machines import run_rolled_back
from tests.records import (
    make_affiliation,
    make_article,
    make_organisation,
    make_outlet,
    make_quote,
    make_speaker,
)
from tests.sources.admin.test_admin import page_of, save

pytestmark = pytest.mark.django_db

MATCH = {"headers": {"If-Match": "*"}}

KINDS = (Outlet, Organisation, Speaker, Affiliation, Article)


def file(client, **overrides) -> dict:
    response = client.post(f"{API}articles/", make_filing(**overrides))
    assert response.status_code in (200, 201), response.content
    return response.json()


def with_organisation(**values) -> dict:
    (quote,) = make_filing()["quotes"]
    return {"quotes": [{**quote, "organisation": "Harbour Board", **values}]}


def hidden() -> set[str]:
    return {str(each) for kind in KINDS for each in kind.objects.filter(is_public=False)}


@pytest.fixture
def proposed(contributor) -> dict:
    """A contributor's filing; nothing of it is published."""
    return file(contributor, **with_organisation())


FILED = {"The Harbour Post", "Quay to close", "Mara Quill", "Harbour Board"}


def test_what_a_contributor_files_is_hidden(proposed):
    assert hidden() == FILED


def test_what_a_curator_files_is_public(curator):
    file(curator, **with_organisation())
    assert hidden() == set()


def test_what_a_published_quote_rests_on_becomes_public(proposed, curator):
    quote = proposed["quotes"][0]["id"]
    ok(curator.post(f"{API}quotes/{quote}/publish/", {}, **MATCH))
    assert hidden() == set()
    for kind in (Outlet, Article, Speaker, Organisation):
        made, shown = Revision.objects.of(kind.objects.get())
        assert (made.public, made.reader_visible) == (False, False)
        assert (shown.public, shown.reader_visible, shown.fields) == (True, True, ["is_public"])


def test_a_rejected_quote_makes_nothing_public(proposed, curator):
    quote = proposed["quotes"][0]["id"]
    ok(curator.post(f"{API}quotes/{quote}/reject/", {"reason": "Not hers."}, **MATCH))
    assert hidden() == FILED


def test_what_is_public_stays_public(proposed, curator):
    quote = proposed["quotes"][0]["id"]
    ok(curator.post(f"{API}quotes/{quote}/publish/", {}, **MATCH))
    ok(curator.post(f"{API}quotes/{quote}/retract/", {"reason": "Made up."}, **MATCH))
    sql("UPDATE sources_speaker SET is_public = false")
    assert hidden() == set()


def test_a_public_quote_written_by_any_road_shows_what_it_rests_on():
    with as_proposed():
        outlet, agency = make_outlet("Post"), make_outlet("Agency")
        parent = make_organisation("Ministry")
        body = make_organisation("Board", parent=parent)
        members = [make_speaker("Mara Quill"), make_speaker("Ivo Berg")]
        both = make_speaker("Both", kind="collective", members=[each.pk for each in members])
        held = make_affiliation(speaker=both, organisation=body)
        article = make_article("We had no choice", outlet=outlet)
    assert len(hidden()) == 9
    quote = make_quote(
        article=article,
        speaker=both,
        organisation=body,
        affiliation=held,
        status="proposed",
        via=[agency],
    )
    assert len(hidden()) == 9
    sql("UPDATE quotes_quote SET status = 'published' WHERE id = %s", [quote.pk])
    assert hidden() == set()


def test_a_proposal_shows_nothing_of_a_record_that_is_not_its_own(contributor, curator, proposed):
    with as_proposed():
        make_speaker("Ivo Berg")
    ok(curator.post(f"{API}quotes/{proposed['quotes'][0]['id']}/publish/", {}, **MATCH))
    assert hidden() == {"Ivo Berg"}


CHANGES = {
    "speaker": (Speaker, {"aliases": ["M. Quill"]}),
    "organisation": (Organisation, {"name": "The Harbour Board"}),
    "outlet": (Outlet, {"url": "https://harbourpost.example"}),
    "article": (Article, {"headline": "Quay closed"}),
}


@pytest.mark.parametrize("name", CHANGES)
def test_a_curator_who_changes_a_record_makes_it_public(proposed, curator, name):
    kind, change = CHANGES[name]
    record = kind.objects.get()
    path = f"{API}{name}s/{record.pk}/"
    ok(curator.patch(path, {}, **MATCH))
    assert hidden() == FILED, "Nothing was said."
    ok(curator.patch(path, change, **MATCH))
    assert fresh(record).is_public
    others = {"The Harbour Post"} if name == "article" else set()  # which it names
    before = {"article": "Quay to close", "organisation": "Harbour Board"}.get(name, str(record))
    assert hidden() == FILED - others - {before}


def test_a_merge_makes_both_records_public_and_no_other(proposed, contributor, curator):
    file(contributor, url="https://harbourpost.example/2", **with_organisation(speaker="Bo Ek"))
    one, other = Speaker.objects.order_by("name")
    path = f"{API}speakers/{one.pk}/merge/"
    ok(curator.post(path, {"into": str(other.pk)}, **MATCH))
    assert hidden() == {"The Harbour Post", "Quay to close", "Harbour Board"}


def test_a_merge_leaves_what_it_moves_hidden(proposed, contributor, curator):
    other = make_outlet("The Other Post")
    outlet = Outlet.objects.get(name="The Harbour Post")
    ok(curator.post(f"{API}outlets/{outlet.pk}/merge/", {"into": str(other.pk)}, **MATCH))
    article = Article.objects.get()
    assert (article.outlet, article.is_public) == (other, False)


def test_a_joint_statement_that_is_renamed_with_a_member_stays_hidden(contributor, curator):
    member = make_speaker("Mara Quill")
    file(contributor, **with_organisation(speaker=["Mara Quill", "Ivo Berg"]))
    path = f"{API}speakers/{member.pk}/"
    ok(curator.patch(path, {"name": "Mara Quill-Ek"}, **MATCH))
    joint = Speaker.objects.get(kind="collective")
    assert (joint.name, joint.is_public) == ("Mara Quill-Ek and Ivo Berg", False)


def test_marking_two_records_as_distinct_makes_neither_public(proposed, contributor, curator):
    file(contributor, url="https://harbourpost.example/2", **with_organisation(speaker="Bo Ek"))
    one, other = Speaker.objects.all()
    for verb in ("distinguish", "undistinguish"):
        ok(curator.post(f"{API}speakers/{one.pk}/{verb}/", {"from": str(other.pk)}, **MATCH))
        assert Speaker.objects.filter(is_public=False).count() == 2


@pytest.mark.parametrize("name", CHANGES)
def test_a_curator_confirms_a_record_as_it_is(proposed, curator, name):
    kind, change = CHANGES[name]
    record = kind.objects.get()
    path, (field,) = f"{API}{name}s/{record.pk}/", change
    as_it_is = {field: ok(curator.get(path))[field]}
    confirmed = ok(curator.patch(path, as_it_is, **MATCH))
    assert (confirmed["version"], fresh(record).is_public) == (2, True)
    assert ok(curator.patch(path, as_it_is, **MATCH))["version"] == 2


@pytest.mark.parametrize("name", CHANGES)
def test_a_curator_who_saves_the_page_of_a_record_confirms_it(proposed, curator_at_desk, name):
    record = CHANGES[name][0].objects.get()
    assert save(curator_at_desk, page_of(record)).status_code == 302
    assert fresh(record).is_public


def test_filing_again_makes_nothing_public(proposed, contributor):
    file(contributor, **with_organisation(role="keeper"), headline="Quay closed")
    assert hidden() == FILED - {"Quay to close"} | {"Quay closed"}


def test_a_record_that_is_public_already_is_not_written_again(curator, contributor):
    file(curator)
    before = Revision.objects.filter(subject_type__in=("speaker", "outlet")).count()
    quote = file(contributor, url="https://harbourpost.example/2")["quotes"][0]["id"]
    ok(curator.post(f"{API}quotes/{quote}/publish/", {}, **MATCH))
    assert Revision.objects.filter(subject_type__in=("speaker", "outlet")).count() == before


# The property


REFERENCES = {
    Outlet: lambda one: [one.merged_into_id],
    Organisation: lambda one: [one.merged_into_id, one.parent_id],
    Speaker: lambda one: [
        *(one.merged_into_id, one.organisation_id, one.article_id),
        *one.members,
    ],
    Affiliation: lambda one: [one.speaker_id, one.organisation_id],
    Article: lambda one: [one.outlet_id],
}
"""What readers see of a record names these."""

NAMES = st.sampled_from(["Mara Quill", "Ivo Berg", "Bo Ek", ["Mara Quill", "Ivo Berg"], None])


class Records(RuleBasedStateMachine):
    """Contributors file, curators publish and change: what readers know of is public."""

    @initialize()
    def begin(self):
        self.contributor, self.curator = make_client("Contributors"), make_client("Curators")
        self.known = set()

    def versions(self) -> set[tuple]:
        return {row for kind in KINDS for row in kind.objects.values_list("pk", "version")}

    def pick(self, model, number: int):
        records = model.objects.order_by("pk")
        return records[number % len(records)] if records else None

    @rule(
        number=st.integers(0, 3),
        outlet=st.sampled_from(["The Harbour Post", "Radio Quay"]),
        speaker=NAMES,
        organisation=st.sampled_from(["Harbour Board", "Mill Trust", None]),
        is_curator=st.booleans(),
    )
    def file(self, number, outlet, speaker, organisation, is_curator):
        before = self.versions()
        client = self.curator if is_curator else self.contributor
        url = f"https://quay.example/{outlet}/{number}".replace(" ", "-")
        quotes = [{"text": "We had no choice", "speaker": speaker, "organisation": organisation}]
        filing = make_filing(outlet=outlet, url=url, quotes=quotes)
        client.post(f"{API}articles/", filing)
        if is_curator:
            self.known |= {pk for pk, _ in self.versions() - before}

    @rule(number=st.integers(0, 5), step=st.sampled_from(["publish", "dispute", "retract"]))
    def step(self, number, step):
        if quote := self.pick(Quote, number):
            path = f"{API}quotes/{quote.pk}/{step}/"
            self.curator.post(path, {"reason": "So it is."}, **MATCH)

    @rule(number=st.integers(0, 5), other=st.integers(0, 5))
    def correct(self, number, other):
        quote, speaker = self.pick(Quote, number), self.pick(Speaker, other)
        if quote and speaker:
            body = {"speaker": str(speaker.pk), "note": "It was another."}
            self.curator.post(f"{API}quotes/{quote.pk}/correct/", body, **MATCH)

    @rule(number=st.integers(0, 5), kind=st.sampled_from([Speaker, Organisation, Outlet]))
    def rename(self, number, kind):
        if record := self.pick(kind, number):
            path = f"{API}{kind._meta.model_name}s/{record.pk}/"
            response = self.curator.patch(path, {"aliases": [f"Alias {number}"]}, **MATCH)
            if response.status_code == 200 and response.json()["version"] > record.version:
                self.known.add(record.pk)

    @rule(number=st.integers(0, 5), other=st.integers(0, 5))
    def merge(self, number, other):
        one, into = self.pick(Speaker, number), self.pick(Speaker, other)
        if one and into:
            path = f"{API}speakers/{one.pk}/merge/"
            if self.curator.post(path, {"into": str(into.pk)}, **MATCH).status_code == 200:
                merged = Speaker.objects.exclude(merged_into=None)  # joint statements go along
                self.known |= {into.pk, *merged.values_list("pk", flat=True)}

    @rule(number=st.integers(0, 5))
    def affiliate(self, number):
        if speaker := self.pick(Speaker, number):
            with as_proposed():
                make_affiliation(speaker=speaker)

    @precondition(lambda self: hasattr(self, "known"))
    @invariant()
    def public_is_what_readers_know_of(self):
        records = {each.pk: each for kind in KINDS for each in kind.objects.all()}
        for quote in Quote.objects.filter(status__in=Quote.PUBLIC):
            ids = (quote.article_id, quote.outlet_id, quote.speaker_id, quote.organisation_id)
            self.known |= {*ids, quote.affiliation_id} - {None}
        new = set(self.known)
        while new:
            named = {key for pk in new for key in REFERENCES[type(records[pk])](records[pk])}
            new = named - self.known - {None}
            self.known |= new
        assert {pk for pk, record in records.items() if record.is_public} == self.known


def test_public_is_what_readers_know_of_whatever_happens(db):
    run_rolled_back(Records, runs=12, steps=12)
    assert not Quote.objects.exists()
