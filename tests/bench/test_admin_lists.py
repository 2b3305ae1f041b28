"""Every page of the admin opens in an archive. `admin_lists.py` measures it in a large one."""

import pytest
from django.urls import reverse

from quotes.models import Quote
from tests.bench.admin_lists import report
from tests.bench.archive import Archive

pytestmark = pytest.mark.django_db


def test_every_list_search_and_filter_of_a_small_archive_opens(groups):
    Archive(200).store()
    assert Quote.objects.count() == 200
    lines = []
    report(1, lines.append)
    opened = "".join(lines)
    for label in ("first page", "quotes “the”", "completing speaker", "possible duplicates"):
        assert label in opened
    assert len(lines) > 100


def test_an_archive_is_one_that_the_triggers_would_have_written(groups, admin_client):
    Archive(100).store()
    for quote in Quote.objects.select_related("snapshot", "article"):
        if quote.snapshot:
            ((start, end),) = quote.spans
            assert quote.snapshot.text[start:end] == quote.text
        assert (quote.outlet_id, quote.published) == (
            quote.article.outlet_id,
            quote.article.published,
        )
    page = reverse("admin:quotes_quote_change", args=[Quote.objects.first().pk])
    assert admin_client.get(page).status_code == 200
