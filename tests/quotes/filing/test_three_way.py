"""A filing never spoils the record: what was said before undoes nothing that a curator did."""

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from quotes.models import LastFiling, Quote
from sources.models import Article, Outlet, Revision, Speaker
from tests.conftest import API, make_client, make_filing, ok, problem, publish
from tests.machines import run_rolled_back

pytestmark = pytest.mark.django_db


def file(client, status=200, **overrides) -> dict:
    return ok(client.post(f"{API}articles/", make_filing(**overrides)), status)


def change(client, path: str, **values) -> dict:
    """Change a record as it is now."""
    tag = client.get(f"{API}{path}/").headers["ETag"]
    return ok(client.patch(f"{API}{path}/", values, headers={"If-Match": tag}))


def step(client, quote: str, name: str, **body) -> dict:
    return ok(
        client.post(f"{API}quotes/{quote}/{name}/", body, headers={"If-Match": "*"}),
    )


def revisions() -> int:
    return Revision.objects.count()


def says_nothing_new(client, **overrides) -> dict:
    """File again, which must not change a single record."""
    before = revisions()
    answer = file(client, **overrides)
    assert revisions() == before
    return answer


# What a curator did stays


CURATED = {
    "speaker": lambda c, q, a: change(c, f"quotes/{q}", speaker=someone(c)),
    "organisation": lambda c, q, a: change(c, f"quotes/{q}", organisation=body(c)),
    "kind": lambda c, q, a: change(c, f"quotes/{q}", kind="indirect"),
    "said": lambda c, q, a: change(c, f"quotes/{q}", said="2026-03-01"),
    "language": lambda c, q, a: change(c, f"quotes/{q}", language="de"),
    "printed": lambda c, q, a: change(c, f"quotes/{q}", attribution={"role": "captain"}),
    "rejected": lambda c, q, a: step(c, q, "reject", reason="Not hers"),
    "published": lambda c, q, a: step(c, q, "publish"),
    "headline": lambda c, q, a: change(c, f"articles/{a}", headline="Quay stays open"),
    "byline": lambda c, q, a: change(c, f"articles/{a}", byline=[]),
    "date": lambda c, q, a: change(c, f"articles/{a}", published="2025"),
    "outlet": lambda c, q, a: change(c, f"articles/{a}", outlet=outlet(c)),
    "outlet renamed": lambda c, q, a: rename(c, Outlet, "outlets"),
    "speaker renamed": lambda c, q, a: rename(c, Speaker, "speakers"),
}


def someone(client) -> str:
    return ok(client.post(f"{API}speakers/", {"name": "Ivo Berg", "kind": "person"}), 201)["id"]


def body(client) -> str:
    return ok(client.post(f"{API}organisations/", {"name": "Pilots"}), 201)["id"]


def outlet(client) -> str:
    return ok(client.post(f"{API}outlets/", {"name": "The Other Post"}), 201)["id"]


def rename(client, model, path: str) -> None:
    record = model.objects.get()
    change(client, f"{path}/{record.pk}", name="Another Name")


@pytest.mark.parametrize("url", [None, "https://harbourpost.example/2026/quay"])
@pytest.mark.parametrize("act", CURATED)
def test_filing_the_same_again_undoes_nothing(contributor, curator, act, url):
    first = file(contributor, 201, external_id="cms-1", url=url)
    CURATED[act](curator, first["quotes"][0]["id"], first["id"])
    again = says_nothing_new(contributor, external_id="cms-1", url=url)
    assert again["id"] == first["id"]
    assert [q["id"] for q in again["quotes"]] == [q["id"] for q in first["quotes"]]


def test_another_spelling_of_the_url_on_record_changes_nothing(curator):
    first = file(curator, 201)
    again = says_nothing_new(curator, url=f"{first['url']}/?utm_source=feed")
    assert (again["id"], again["url"]) == (first["id"], first["url"])


def test_the_url_of_a_merged_article_leaves_that_of_the_surviving_one(curator):
    feed = file(curator, 201, external_id="cms-1")
    web = file(make_client("Contributors"), 201, url="https://harbourpost.example/web")
    path, body = f"{API}articles/{web['id']}/merge/", {"into": feed["id"]}
    ok(curator.post(path, body, headers={"If-Match": "*"}))
    again = file(curator, url="https://harbourpost.example/web")
    assert (again["id"], again["url"]) == (feed["id"], feed["url"])
    assert again["filing"]["url"] == "unchanged"


def test_a_corrected_quote_is_recognised_by_how_it_was_filed(curator):
    first = ok(curator.post(f"{API}articles/", publish(make_filing())), 201)
    (quote,) = first["quotes"]
    step(curator, quote["id"], "correct", note="The first words were hers.", text="We had no")
    before = revisions()
    again = ok(curator.post(f"{API}articles/", publish(make_filing())))
    assert revisions() == before
    assert [q["id"] for q in again["quotes"]] == [quote["id"]]
    assert again["quotes"][0]["filing"]["fields"]["text"] == "kept"
    assert again["quotes"][0]["text"] == "We had no"


def test_what_only_the_filing_changed_is_taken_over(contributor, curator):
    first = file(contributor, 201)
    key = first["quotes"][0]["id"]
    change(curator, f"quotes/{key}", kind="indirect")
    quote = {**make_filing()["quotes"][0], "role": "port captain"}
    again = file(contributor, quotes=[quote])["quotes"][0]
    assert again["filing"]["fields"]["role"] == "updated"
    assert again["filing"]["fields"]["kind"] == "kept"
    assert (again["kind"], again["role"], again["flags"]) == ("indirect", "port captain", [])


def test_what_both_changed_is_left_and_flagged_once(contributor, curator):
    first = file(contributor, 201)
    key = first["quotes"][0]["id"]
    change(curator, f"quotes/{key}", kind="indirect")
    quote = {**make_filing()["quotes"][0], "kind": "partial"}
    again = file(contributor, quotes=[quote])["quotes"][0]
    assert (again["kind"], again["flags"]) == ("indirect", ["filing_differs"])
    assert again["filing"]["outcome"] == "differs"
    assert again["filing"]["fields"]["kind"] == "differs"
    says_nothing_new(contributor, quotes=[quote])
    agreed = {**quote, "kind": "indirect"}
    assert file(contributor, quotes=[agreed])["quotes"][0]["flags"] == []


def test_a_flag_that_a_curator_settled_is_not_raised_again_by_the_same_filing(contributor, curator):
    key = file(contributor, 201)["quotes"][0]["id"]
    change(curator, f"quotes/{key}", kind="indirect")
    quote = {**make_filing()["quotes"][0], "kind": "partial"}
    assert file(contributor, quotes=[quote])["quotes"][0]["flags"] == ["filing_differs"]
    kept = step(curator, key, "keep", flags=["filing_differs"])
    assert (kept["kind"], kept["flags"]) == ("indirect", [])
    assert says_nothing_new(contributor, quotes=[quote])["quotes"][0]["flags"] == []
    other = {**quote, "kind": "mixed"}
    assert file(contributor, quotes=[other])["quotes"][0]["flags"] == ["filing_differs"]


def test_what_both_changed_of_an_article_is_left(contributor, curator):
    first = file(contributor, 201)
    change(curator, f"articles/{first['id']}", headline="Quay stays open")
    again = file(contributor, headline="Quay may close")
    assert (again["headline"], again["outcome"]) == ("Quay stays open", "differs")
    assert again["filing"]["headline"] == "differs"


def test_the_first_filing_of_another_user_adds_and_changes_nothing(curator):
    quote = make_filing()["quotes"][0]
    first = file(curator, 201, headline=None, quotes=[{**quote, "role": None}])
    colleague = make_client("Curators", "colleague")
    other = {**quote, "speaker": "Ivo Berg", "role": "keeper"}
    again = file(colleague, headline="Quay to close", quotes=[other])
    assert again["headline"] == "Quay to close"
    (filed,) = again["quotes"]
    assert filed["id"] == first["quotes"][0]["id"]
    assert (filed["speaker"]["name"], filed["role"]) == ("Mara Quill", "keeper")
    assert filed["filing"]["fields"]["speaker"] == "differs"
    assert filed["flags"] == ["filing_differs"]


def test_a_second_speaker_of_a_quote_proposed_alone_is_never_an_overwrite(curator):
    first = file(curator, 201)
    proposal = {"article": first["id"], "text": "We had no choice,", "speaker": "Ivo Berg"}
    berg = someone(curator)
    quote = ok(curator.post(f"{API}quotes/", proposal))
    assert quote["speaker"]["name"] == "Mara Quill"
    assert [each["id"] for each in quote["filing"]["candidates"]] == [berg]
    assert quote["flags"] == ["filing_differs"]
    before = revisions()
    ok(curator.post(f"{API}quotes/", proposal))
    assert revisions() == before


def test_a_quote_is_recognised_by_its_own_id_when_its_words_change(contributor):
    quote = {**make_filing()["quotes"][0], "external_id": "q-1"}
    first = file(contributor, 201, quotes=[quote])
    edited = {**quote, "text": "The quay will close."}
    (again,) = file(contributor, quotes=[edited])["quotes"]
    assert again["id"] == first["quotes"][0]["id"]
    assert again["text"] == "The quay will close."


def test_a_text_that_was_filed_before_does_not_replace_a_newer_one(contributor, curator):
    first = file(contributor, 201)
    newer = file(curator, text=f"{make_filing()['text']} She left.", quotes=[])
    assert newer["snapshot"] != first["snapshot"]
    assert says_nothing_new(contributor)["snapshot"] == newer["snapshot"]


def test_an_earlier_version_that_comes_late_changes_nothing(curator):
    at = "2026-03-14T10:{}:00Z".format
    file(curator, 201, modified=at("05"), headline="New")
    text = "The quay will shut. “We had no choice,” said Mara Quill."
    late = file(curator, modified=at("00"), headline="Old", text=text)
    assert late["headline"] == "New"
    assert late["snapshot"] == file(curator, modified=at("05"), headline="New")["snapshot"]
    kept = ok(curator.get(f"{API}articles/{late['id']}/snapshots/"))["results"]
    assert len(kept) == 2


@pytest.mark.parametrize("modified", ["2026-03-14T10:05:00", "2026-03-14", "2099-01-01T00:00:00Z"])
def test_the_time_of_a_version_has_an_offset_and_has_passed(curator, modified):
    answer = curator.post(f"{API}articles/", make_filing(modified=modified))
    (fault,) = problem(answer, 400)["errors"]
    assert fault["pointer"] == "/modified"


# What is printed


@pytest.mark.parametrize("name", ["text", "speaker"])
def test_an_attribution_that_the_article_does_not_print_is_refused(curator, name):
    quote = {**make_filing()["quotes"][0], "attribution": {name: "said Mayor Quill"}}
    refused = problem(curator.post(f"{API}articles/", make_filing(quotes=[quote])), 400)
    (fault,) = refused["errors"]
    assert fault["pointer"] == f"/quotes/0/attribution/{name}"
    assert fault["nearest"]["text"] == "said Mara Quill"


def test_a_printed_role_that_the_article_lacks_is_kept_and_named(curator):
    quote = {**make_filing()["quotes"][0], "attribution": {"role": "pontiff", "cue": "said"}}
    (filed,) = file(curator, 201, quotes=[quote])["quotes"]
    assert filed["attribution"]["role"] == "pontiff"
    assert filed["filing"]["not_printed"] == ["attribution.role"]


def test_an_attribution_may_be_printed_in_the_headline(curator):
    quote = {**make_filing()["quotes"][0], "attribution": {"speaker": "Captain Quill"}}
    (filed,) = file(curator, 201, headline="Captain Quill: no choice", quotes=[quote])["quotes"]
    assert filed["filing"]["not_printed"] == []


# A dry run


def test_a_dry_run_answers_the_same_and_stores_nothing(contributor):
    before = revisions()
    response = contributor.post(f"{API}articles/?dry_run=true", make_filing())
    tried = ok(response, 201)
    assert tried["quotes"][0]["filing"]["outcome"] == "made"
    assert (revisions(), Article.objects.count(), Quote.objects.count()) == (before, 0, 0)
    first = file(contributor, 201)
    proposal = {"article": first["id"], "text": "The quay will close."}
    ok(contributor.post(f"{API}quotes/?dry_run=true", proposal), 201)
    assert Quote.objects.count() == 1
    problem(contributor.post(f"{API}articles/?dry_run=yes", make_filing()), 400)


# Who may


def test_another_contributors_article_cannot_be_filed_again(contributor, curator):
    first = file(contributor, 201)
    step(curator, first["quotes"][0]["id"], "publish")
    other = make_client("Contributors", "other")
    refused = problem(other.post(f"{API}articles/", make_filing(headline="Mine")), 403)
    assert first["id"] in refused["errors"][0]["message"]
    captured = other.post(f"{API}articles/{first['id']}/snapshots/", {"text": "Nothing."})
    problem(captured, 403)
    assert Article.objects.get().headline == first["headline"]


# The property


SPEAKERS = [
    *("Mara Quill", "Ivo Berg", None),
    *(["Mara Quill", "Ivo Berg"], ["Mara Quill", "Dr Mara Quill"]),
]


class Filings(RuleBasedStateMachine):
    """Two users file two articles in any order while curators change and merge them."""

    NAMES = {
        "feed": {"external_id": "cms-1"},
        "web": {"url": "https://harbourpost.example/web"},
    }

    @initialize()
    def begin(self):
        self.clients = {
            name: make_client("Curators" if name == "G" else "Contributors", name) for name in "FG"
        }
        self.curator = make_client("Curators")
        self.said, self.filed_since = {}, set()
        for which in self.NAMES:
            self._file("F", which, make_filing(**self.NAMES[which]))

    def _file(self, name: str, which: str, filing: dict) -> None:
        response = self.clients[name].post(f"{API}articles/", filing)
        assert response.status_code in (200, 201), response.content
        if Article.objects.exclude(merged_into=None).exists():
            self.filed_since.add((name, which))
            if (name, which) not in self.said:  # the user's last of that article, however named
                self.said = {key: said for key, said in self.said.items() if key[0] != name}
        self.said[name, which] = filing

    @rule(
        name=st.sampled_from("FG"),
        which=st.sampled_from(sorted(NAMES)),
        headline=st.sampled_from(["Quay to close", "Quay closed", None]),
        end=st.sampled_from(["", " She left.", " It rained."]),
        speaker=st.sampled_from(SPEAKERS),
        kind=st.sampled_from(["direct", "partial"]),
        role=st.sampled_from(["harbour master", "keeper", None]),
        named=st.integers(0, 3).map(bool),
        complete=st.booleans(),
        note=st.booleans(),
    )
    def file_something(
        self, name, which, headline, end, speaker, kind, role, named, complete, note
    ):
        filing = make_filing(**self.NAMES[which], headline=headline, complete=complete)
        filing["text"] += end
        quote = {**filing["quotes"][0], "speaker": speaker, "kind": kind, "role": role}
        if note and name == "G":  # the one who may correct
            quote["note"] = "The article was read wrongly."
        filing["quotes"] = [quote] if named else []
        self._file(name, which, filing)

    def _quote(self) -> Quote:
        return Quote.objects.filter(article__merged_into=None).order_by("pk").first()

    @rule(name=st.sampled_from(["withdraw", "reopen", "reject", "keep"]))
    def step(self, name):
        """Take a step, if it is open; a filer withdraws, a curator does the rest."""
        quote = self._quote()
        client = self.clients["F"] if name == "withdraw" else self.curator
        body = {"keep": {"flags": ["filing_differs"]}, "reject": {"reason": "No."}}.get(name, {})
        client.post(f"{API}quotes/{quote.pk}/{name}/", body, headers={"If-Match": "*"})

    @rule(act=st.sampled_from(sorted(CURATED)))
    def curate(self, act):
        quote = self._quote()
        if act in ("rejected", "published") and quote.status != "proposed":
            return
        if quote.status != "proposed" and act in ("speaker", "organisation", "kind", "said"):
            return
        if act == "outlet renamed":
            return self._rename(Outlet, "outlets", quote.article.outlet)
        if act == "speaker renamed":
            return self._rename(Speaker, "speakers", quote.speaker)
        if quote.status != "proposed" and act in ("language", "printed"):
            return
        if act == "outlet" and Outlet.objects.filter(name="The Other Post").exists():
            return
        CURATED[act](self.curator, str(quote.pk), str(quote.article_id))

    def _rename(self, model, path, record):
        if record and record.merged_into_id is None:
            change(self.curator, f"{path}/{record.pk}", name=f"{record.name} Again"[:60])

    @rule()
    def merge_speakers(self):
        one, *others = Speaker.objects.active().order_by("pk")
        if others:
            body = {"into": str(one.pk)}
            tag = {"If-Match": "*"}
            self.curator.post(f"{API}speakers/{others[0].pk}/merge/", body, headers=tag)

    @rule(swapped=st.booleans())
    def merge_articles(self, swapped):
        """Refused if the two have different outlets, or quotes that contradict each other."""
        pair = list(Article.objects.active().order_by("pk"))
        if len(pair) == 2:
            one, other = pair[::-1] if swapped else pair
            self._post(one, "merge", into=str(other.pk))

    @rule()
    def unmerge_articles(self):
        """What was filed of one article meanwhile is nobody's last filing of either."""
        merged = Article.objects.exclude(merged_into=None).first()
        if merged and self._post(merged, "unmerge").status_code == 200:
            self.said = {k: said for k, said in self.said.items() if k not in self.filed_since}
            self.filed_since = set()

    def _post(self, article, verb: str, **body):
        path = f"{API}articles/{article.pk}/{verb}/"
        answer = self.curator.post(path, body, headers={"If-Match": "*"})
        assert answer.status_code in (200, 409), answer.content
        return answer

    @precondition(lambda self: hasattr(self, "clients"))
    @invariant()
    def filing_the_same_again_makes_no_revision(self):
        for (name, _), filing in self.said.items():
            before = revisions()
            quotes = Quote.objects.count()
            ok(self.clients[name].post(f"{API}articles/", filing))
            assert revisions() == before, name
            assert Quote.objects.count() == quotes


def test_a_filing_that_says_what_its_filer_said_last_makes_no_revision(db):
    run_rolled_back(Filings, runs=8, steps=8)
    assert not LastFiling.objects.exists()
