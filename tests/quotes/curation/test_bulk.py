"""Many quotes at once: previewed, confirmed, changed under the rules of one, and reported."""

from datetime import timedelta
from urllib.parse import urlsplit

import pytest
from django.contrib.auth import get_user_model
from django.core.exceptions import ValidationError
from django.test import Client
from django.urls import reverse
from django.utils.html import escape
from lxml import html

from quotes.curation import bulk
from quotes.curation.approval import WHY_NOT
from quotes.curation.undo import (
    BATCH_PUBLIC_WITHIN,
    CHANGED_SINCE,
    PUBLIC_BEFORE,
    PUBLISHED_BY_MISTAKE,
)
from quotes.models import Quote
from quotes.models.workflow import STEPS, NotOpen
from sources.jobs import models
from sources.ledger.actor import audit_context
from sources.models import Job, Revision
from tests.conftest import fresh, staff
from tests.jobs import work_off
from tests.quotes.admin.test_review import time_machine_of  # noqa: F401 (a fixture)
from tests.records import (
    make_affiliation,
    make_article,
    make_organisation,
    make_quote,
    make_quotes,
    make_speaker,
)
from tests.sources.admin.test_admin import page_of

pytestmark = pytest.mark.django_db

LIST = "/admin/quotes/quote/"


def user_of(client: Client):
    return get_user_model().objects.get(pk=client.session["_auth_user_id"])


def choose(client: Client, step: str, quotes=(), *, query: str = "", across: bool = False):
    """Run an action of the list. The answer redirects to the preview."""
    quotes = quotes or [Quote.objects.first()]  # as on the page, where one is ticked
    return client.post(
        LIST + query,
        {
            "action": step,
            "_selected_action": [str(quote.pk) for quote in quotes],
            "select_across": "1" if across else "0",
            "index": "0",
        },
    )


def confirm(client: Client, answer, **values) -> Job:
    assert answer.status_code == 302, answer.content
    page = answer.headers["Location"]
    previewed = client.post(page, values).context["previewed"]
    done = client.post(page, {"_do": "1", "previewed": previewed, **values})
    assert done.status_code == 302, done.context["form"].errors
    return Job.objects.get(pk=urlsplit(page).path.split("/")[-2])


def told(quote: Quote) -> list[tuple]:
    """The history of a quote without ids, times and hashes."""
    rows = Revision.objects.of(quote).values_list(
        "version",
        "verb",
        "fields",
        "public",
        "reader_visible",
        "reason",
        "channel",
        "actor",
        "state",
    )
    left_out = ("id", "text", "spans", "updated", "created", "article_id", "snapshot_id")
    return [
        (*row, {name: value for name, value in state.items() if name not in left_out})
        for *row, state in rows
    ]


@pytest.mark.parametrize("step", [step for step in bulk.BULK_STEPS if step in STEPS])
def test_a_bulk_step_does_what_the_step_does_to_each(step, curator_at_desk):
    user, reason = user_of(curator_at_desk), " Seen in print. "
    statuses = Quote.Status.values
    together = [make_quote(f"words {s}", status=s, reason="earlier") for s in statuses]
    alone = [make_quote(f"words {s}", status=s, reason="earlier") for s in statuses]
    with audit_context(channel="admin", actor="ada"):
        outcome = bulk.take(step, [(q.pk, 1) for q in together], reason, user=user)
        refused = {}
        for quote in alone:
            try:
                getattr(quote, step)(reason)
            except NotOpen as refusal:
                refused[quote.status] = str(refusal)
    assert [told(quote) for quote in together] == [told(quote) for quote in alone]
    by_id = {line["id"]: line["why"] for line in outcome.told}
    assert {q.status: by_id[str(q.pk)] for q in together if str(q.pk) in by_id} == refused
    assert (outcome.changed, outcome.refused) == (len(statuses) - len(refused), len(refused))


def test_publishing_in_bulk_costs_five_statements_whatever_the_number(
    curator_at_desk, django_assert_max_num_queries
):
    user = user_of(curator_at_desk)
    user.has_perm("quotes.review_quote")
    quotes = make_quotes(50, make_article(), status="proposed")
    with django_assert_max_num_queries(7):  # and a savepoint
        bulk.take("publish", [(quote.pk, 1) for quote in quotes], user=user)
    assert Quote.objects.filter(status="published").count() == 50


def test_rejecting_in_bulk_needs_a_reason(curator_at_desk):
    quote = make_quote(status="proposed")
    with pytest.raises(ValidationError, match="Give a reason"):
        bulk.take("reject", [(quote.pk, 1)], " ", user=user_of(curator_at_desk))


def test_a_preview_says_what_will_happen(curator_at_desk):
    for number in range(3):
        make_quote(f"proposed {number}", status="proposed")
    make_quote("published one")
    page = curator_at_desk.get(choose(curator_at_desk, "publish", across=True).headers["Location"])
    assert page.context["able"] == 3
    ((why, number),) = page.context["skipped"]
    assert (number, why) == (1, str(NotOpen("publish", "published")))
    assert "<h1>Publish 3 quotes?</h1>" in page.text
    assert 'value="Publish 3 quotes"' in page.text
    held_out = page.text.partition('id="held"')[2]
    assert "published one" in held_out
    assert "proposed 1" not in held_out
    assert Quote.objects.filter(status="proposed").count() == 3
    assert not Job.objects.exclude(state="draft").exists()


def test_a_few_quotes_are_changed_immediately_and_the_ledger_names_the_actor(curator_at_desk):
    quotes = [make_quote(f"words {number}", status="proposed") for number in range(3)]
    job = confirm(curator_at_desk, choose(curator_at_desk, "publish", quotes[:2]), reason="Seen.")
    assert (job.state, job.changed, job.refused) == ("done", 2, 0)
    assert sorted(Quote.objects.values_list("status", flat=True)) == [
        "proposed",
        "published",
        "published",
    ]
    last = Revision.objects.of(quotes[0]).last()
    assert (last.verb, last.channel, last.actor) == ("published", "admin", "curators-at-desk")
    assert (last.reason, last.request) == ("Seen.", f"job {job.pk}")


def test_the_filters_of_the_list_are_kept_through_the_preview(curator_at_desk):
    quote = make_quote("a", status="proposed")
    listed = f"{LIST}?status__exact=proposed&q=a"
    answer = choose(curator_at_desk, "publish", [quote], query="?status__exact=proposed&q=a")
    page = curator_at_desk.get(answer.headers["Location"])
    assert f'href="{escape(listed)}">Cancel</a>' in page.text
    done = curator_at_desk.post(answer.headers["Location"], {"_do": "1", "previewed": "null"})
    assert done.headers["Location"] == listed


def test_only_quotes_that_matched_when_selected_are_changed(curator_at_desk):
    first = make_quote("first", status="proposed")
    stale = make_quote("stale", status="proposed")
    answer = choose(curator_at_desk, "publish", query="?status__exact=proposed", across=True)
    late = make_quote("late", status="proposed")
    Quote.objects.get(pk=stale.pk).revise(language="nb")
    job = confirm(curator_at_desk, answer)
    assert (job.changed, job.refused) == (1, 1)
    (line,) = job.told
    assert line["id"] == str(stale.pk)
    assert "This has changed since you read version 1: it is now at version 2." in line["why"]
    for quote, status in ((first, "published"), (stale, "proposed"), (late, "proposed")):
        assert fresh(quote).status == status
    report = curator_at_desk.get(reverse("admin:sources_job_report", args=[job.pk]))
    assert f",{stale.pk},stale," in b"".join(report).decode()
    page = html.fromstring(curator_at_desk.get(page_of(job)).text)
    assert page.xpath("string(//p[@role='status'])").strip() == "Finished: 1 published, 1 refused."
    refused, changed = (
        [cell.text_content() for cell in page.xpath(f"//section[@aria-labelledby='{name}']//td")]
        for name in ("report", "changed")
    )
    assert refused[0] == "stale"
    assert changed == ["first", "published"]


@pytest.mark.parametrize("step", ["reject", "dispute", "retract"])
def test_without_a_reason_nothing_is_rejected_disputed_or_retracted(curator_at_desk, step):
    quote = make_quote(status="proposed" if step == "reject" else "published")
    page = choose(curator_at_desk, step, [quote]).headers["Location"]
    answer = curator_at_desk.post(page, {"_do": "1", "reason": " "})
    assert answer.context["form"].errors == {"reason": ["This field is required."]}
    assert Quote.objects.get().status == quote.status


def test_the_preview_of_a_new_speaker_counts_lost_affiliations(curator_at_desk):
    board, mara = make_organisation(), make_speaker("Mara Quill")
    held = make_affiliation(speaker=make_speaker("Ada Lund"), organisation=board)
    fits = make_quote("one", speaker=mara)
    loses = make_quote("two", speaker=held.speaker, organisation=board, affiliation=held)
    doubtful = make_quote("three", flags=["unresolved_speaker"])
    answer = choose(curator_at_desk, "revise", [fits, loses, doubtful])
    values = {"set_speaker": "on", "speaker": str(mara.pk), "reason": "Ms Quill said these."}
    page = curator_at_desk.post(answer.headers["Location"], values)
    assert page.status_code == 200
    assert (page.context["able"], page.context["same"], page.context["let_go"]) == (3, 1, 1)
    job = confirm(curator_at_desk, answer, **values)
    assert (job.changed, job.unchanged, job.refused) == (2, 1, 0)
    loses.refresh_from_db()
    doubtful.refresh_from_db()
    assert (loses.speaker, loses.affiliation, loses.organisation) == (mara, None, board)
    assert (doubtful.speaker, doubtful.flags) == (mara, [])


def test_how_many_quotes_are_public_is_said_and_their_note_is_needed(curator_at_desk):
    quotes = [make_quote(f"words {number}", speaker=make_speaker()) for number in range(2)]
    proposed = make_quote("words 3", status="proposed")
    values = {"set_language": "on", "language": "nb"}
    for chosen, told in (
        (quotes, "These 2 quotes are public: readers will see this note."),
        ([*quotes, proposed], "2 of these 3 quotes are public: readers will see this note."),
    ):
        page = choose(curator_at_desk, "revise", chosen).headers["Location"]
        answer = curator_at_desk.post(page, values)
        assert told in answer.text
        assert answer.context["form"].errors == {"reason": ["This field is required."]}
    job = confirm(
        curator_at_desk, choose(curator_at_desk, "revise", quotes), **values, reason="No."
    )
    assert job.result == "2 edited"
    assert [note["note"] for note in fresh(quotes[0]).corrections] == ["No."]


def test_only_ticked_fields_are_set_and_empty_is_a_value(curator_at_desk):
    quote = make_quote(speaker=make_speaker(), language="en", status="proposed")
    answer = choose(curator_at_desk, "revise", [quote])
    nothing = curator_at_desk.post(answer.headers["Location"], {"_do": "1", "language": "nb"})
    assert nothing.context["form"].non_field_errors() == ["Tick at least one field."]
    wrong = {"_do": "1", "set_language": "on", "language": "English!"}
    refused = curator_at_desk.post(answer.headers["Location"], wrong)
    assert "Not a language tag" in refused.text
    confirm(curator_at_desk, answer, set_speaker="on", language="nb")
    assert (fresh(quote).speaker, quote.language) == (None, "en")


def test_values_changed_after_the_preview_are_previewed_again(curator_at_desk):
    quote = make_quote(language="en", status="proposed")
    page = choose(curator_at_desk, "revise", [quote]).headers["Location"]
    values = {"set_language": "on", "language": "nb"}
    previewed = curator_at_desk.post(page, values).context["previewed"]
    other = {"_do": "1", "previewed": previewed, "set_kind": "on", "kind": "partial"}
    again = curator_at_desk.post(page, values | other)
    assert again.status_code == 200
    assert "Set the language and kind of 1 quote" in again.text
    assert (fresh(quote).language, quote.kind) == ("en", "direct")


def test_a_reader_sees_no_action_and_is_refused_one(reader_at_desk, curator_at_desk):
    quote = make_quote()
    page = reader_at_desk.get(LIST)
    assert "Publish selected" not in page.text
    assert "_selected_action" not in page.text
    for step in bulk.BULK_STEPS:
        assert choose(reader_at_desk, step, [quote]).status_code == 403
    draft = choose(curator_at_desk, "dispute", [quote]).headers["Location"]
    assert reader_at_desk.get(draft).status_code == 404
    assert reader_at_desk.post(draft, {"_do": "1", "reason": "x"}).status_code == 404
    assert Quote.objects.get().status == "published"


def test_a_draft_is_visible_only_to_its_owner(curator_at_desk):
    draft = choose(curator_at_desk, "dispute", [make_quote()]).headers["Location"]
    other = staff("Contributors")
    assert other.get(draft).status_code == 404


def test_a_preview_of_publishing_counts_what_the_review_page_would_hold_out(curator_at_desk):
    article = make_article()
    make_quotes(3, article, status="proposed")
    flagged, moved_on, _ = Quote.objects.order_by("pk")
    Quote.objects.filter(pk=flagged.pk).update(flags=["unresolved_speaker"])
    Quote.objects.filter(pk=moved_on.pk).update(anchor="missing")
    draft = choose(curator_at_desk, "publish", across=True).headers["Location"]
    assert "<strong>2</strong> of them have a flag" in curator_at_desk.get(draft).text
    draft = choose(curator_at_desk, "reject", across=True).headers["Location"]
    assert "have a flag" not in curator_at_desk.get(draft).text


def test_an_empty_selection_is_not_an_error(curator_at_desk):
    job = models.draft("publish", user_of(curator_at_desk), of=Quote.objects.none())
    page = curator_at_desk.get(reverse("admin:quotes_quote_bulk", args=[job.pk]))
    assert "Publish 0 quotes" in page.text
    assert 'name="_do"' not in page.text


def test_too_many_quotes_are_refused_with_the_remedy(curator_at_desk, monkeypatch):
    monkeypatch.setattr(models, "MAX_ROWS", 3)
    make_quotes(4, make_article(), status="proposed")
    answer = choose(curator_at_desk, "publish", across=True)
    page = curator_at_desk.get(answer.headers["Location"])
    assert "A job is limited to 3 records" in page.text
    assert not Job.objects.exists()


def test_a_preview_costs_the_same_for_many_quotes_as_for_one(
    curator_at_desk, django_assert_num_queries
):
    article = make_article()
    for number in (1, 60):
        make_quotes(number, article, status="proposed")
        draft = choose(curator_at_desk, "publish", across=True).headers["Location"]
        with django_assert_num_queries(7):
            curator_at_desk.get(draft)


def test_a_permission_that_was_withdrawn_stops_the_job(curator_at_desk):
    make_quotes(2, make_article(), status="proposed")
    answer = choose(curator_at_desk, "publish", across=True)
    job = Job.objects.get()
    user = user_of(curator_at_desk)
    user.groups.clear()
    job.start()
    assert (job.state, job.fault) == ("failed", f"{user} no longer has permission for this.")
    assert answer.status_code == 302
    assert not Quote.objects.filter(status="published").exists()


@pytest.mark.django_db(transaction=True)
def test_many_quotes_are_changed_by_a_worker(curator_at_desk):
    make_quotes(1200, make_article(), status="proposed")
    job = confirm(curator_at_desk, choose(curator_at_desk, "publish", across=True))
    assert (job.state, job.total) == ("waiting", 1200)
    assert not Quote.objects.filter(status="published").exists()
    work_off()
    assert (fresh(job).state, job.changed) == ("done", 1200), job.fault
    assert Quote.objects.filter(status="published", version=2).count() == 1200
    actors = Revision.objects.filter(verb="published").values_list("channel", "actor", "request")
    assert set(actors) == {("admin", "curators-at-desk", f"job {job.pk}")}
    assert not job.parts.exclude(rows=[]).exists()


def test_nobody_publishes_in_bulk_what_they_filed(curator_at_desk, settings):
    user = user_of(curator_at_desk)
    with audit_context(channel="api", actor=user.username):
        own = make_quote("my own words", status="proposed")
    other = make_quote("somebody else's", status="proposed")
    page = curator_at_desk.get(choose(curator_at_desk, "publish", [own, other]).headers["Location"])
    assert page.context["skipped"] == [(WHY_NOT, 1)]
    outcome = bulk.take("publish", [(own.pk, 1), (other.pk, 1)], user=user)
    assert (outcome.changed, outcome.refused) == (1, 1)
    assert bulk.take("reject", [(own.pk, 1)], "Mine.", user=user).changed == 1
    settings.ONRECORD_SELF_APPROVAL = True
    Quote.objects.filter(pk=own.pk).update(status="proposed")
    assert bulk.take("publish", [(own.pk, 3)], user=user).changed == 1


def test_quotes_of_one_speaker_are_grouped_and_ungrouped(curator_at_desk):
    speaker = make_speaker()
    quotes = [make_quote(words, speaker=speaker) for words in ("No choice", "None at all")]
    job = confirm(curator_at_desk, choose(curator_at_desk, "join", quotes), reason="Heard it.")
    assert (job.state, job.refused) == ("done", 0)
    (utterance,) = set(Quote.objects.values_list("utterance", flat=True))
    assert utterance
    assert Revision.objects.of(quotes[0]).last().reason == "Heard it."
    page = curator_at_desk.get(f"{LIST}{quotes[0].pk}/change/")
    assert "None at all" in page.text
    job = confirm(curator_at_desk, choose(curator_at_desk, "part", quotes[:1]), reason="Not that.")
    assert (job.state, job.refused) == ("done", 0)
    assert set(Quote.objects.values_list("utterance", flat=True)) == {None, utterance}


def test_the_preview_says_that_quotes_of_two_speakers_cannot_be_grouped(curator_at_desk):
    quotes = [make_quote(speaker=make_speaker(name)) for name in ("Mara Quill", "Bo Ek")]
    answer = choose(curator_at_desk, "join", quotes)
    page = curator_at_desk.get(answer.headers["Location"])
    assert "Only two or more quotes of the same speaker can be grouped." in page.text
    assert 'name="_do"' not in page.text


# Undoing a batch


def undo(client: Client, job: Job):
    """Draft the undo of a batch by the button of its report. The answer leads to the preview."""
    page = html.fromstring(client.get(page_of(job)).text)
    (button,) = page.xpath("//form[.//input[@value='Undo this batch…']]/@action")
    return client.post(button)


def test_undoing_a_batch_withdraws_what_it_published_and_leaves_what_changed_since(curator_at_desk):
    quotes = [make_quote(f"words {number}", status="proposed") for number in range(3)]
    job = confirm(curator_at_desk, choose(curator_at_desk, "publish", quotes))
    fresh(quotes[2]).dispute("She denies it.")
    answer = undo(curator_at_desk, job)
    page = curator_at_desk.get(answer.headers["Location"])
    assert 'value="Undo “Publish 3 quotes” for 2 quotes"' in page.text
    assert "words 2" in page.text.partition('id="held"')[2]
    assert page.context["skipped"] == [(CHANGED_SINCE, 1)]
    undone = confirm(curator_at_desk, answer)
    assert undone.result == "2 restored, 1 refused"
    assert [line["why"] for line in undone.told] == [CHANGED_SINCE]
    assert [fresh(quote).status for quote in quotes] == ["proposed", "proposed", "disputed"]
    assert [note["note"] for note in quotes[0].corrections] == [PUBLISHED_BY_MISTAKE]
    assert Revision.objects.of(quotes[0]).last().reason == "Undone."
    again = curator_at_desk.get(undo(curator_at_desk, job).headers["Location"])
    assert (again.context["able"], again.context["skipped"]) == (0, [(CHANGED_SINCE, 3)])


def test_undoing_a_batch_restores_values_of_proposed_quotes_but_not_of_public_ones(curator_at_desk):
    proposed, public = (make_quote(status=s, language="en") for s in ("proposed", "published"))
    values = {"set_language": "on", "language": "nb", "reason": "Norwegian."}
    answer = choose(curator_at_desk, "revise", [proposed, public])
    job = confirm(curator_at_desk, answer, **values)
    undone = confirm(curator_at_desk, undo(curator_at_desk, job))
    assert undone.result == "1 restored, 1 refused"
    assert [line["why"] for line in undone.told] == [PUBLIC_BEFORE]
    assert [fresh(quote).language for quote in (proposed, public)] == ["en", "nb"]


def test_only_who_started_a_batch_can_undo_it_and_a_dispute_has_no_undo(curator_at_desk):
    quote = make_quote(status="proposed")
    job = confirm(curator_at_desk, choose(curator_at_desk, "publish", [quote]))
    url = reverse(bulk.UNDO_URL, args=[job.pk])
    assert staff("Curators", "bo").post(url).status_code == 404
    job = confirm(curator_at_desk, choose(curator_at_desk, "dispute", [quote]), reason="Denied.")
    assert "Undo this batch" not in curator_at_desk.get(page_of(job)).text
    assert curator_at_desk.post(reverse(bulk.UNDO_URL, args=[job.pk])).status_code == 403
    assert fresh(quote).status == "disputed"


def test_what_a_batch_published_a_day_ago_is_retracted_and_not_undone(
    curator_at_desk,
    time_machine_of,  # noqa: F811
):
    quote = make_quote(status="proposed")
    job = confirm(curator_at_desk, choose(curator_at_desk, "publish", [quote]))
    answer = undo(curator_at_desk, job)
    time_machine_of(BATCH_PUBLIC_WITHIN + timedelta(minutes=1))
    page = curator_at_desk.get(answer.headers["Location"])
    assert (page.context["able"], page.context["skipped"]) == (0, [(PUBLIC_BEFORE, 1)])
    draft = Job.objects.get(work="undo")
    draft.start()
    assert [line["why"] for line in draft.told] == [PUBLIC_BEFORE]
    assert (fresh(quote).status, quote.version) == ("published", 2)
