"""“Publish the 6 left”: all proposed quotes of an article at once, after a look at the list.

A quote that needs a decision is held out: one with a flag, one whose words are not in the present
text, and one that this user filed. Each goes with the version that was listed.
"""

import re

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.template.response import TemplateResponse
from django.utils.html import format_html

from quotes.admin.review.page import ReviewPage
from quotes.admin.review.queue_form import links
from quotes.curation import bulk
from quotes.curation.approval import WHY_NOT, approvable
from quotes.models import Quote
from quotes.models.workflow import PUBLISH, STEPS, number_of_quotes
from sources.admin.html import isolated

VERSION = "version-"
"""What the fields of the form begin with, each the version of one quote."""

IS_VERSION = re.compile("[0-9]{1,9}")  # more digits may not fit the column


def sort_out(page: ReviewPage) -> tuple[list[Quote], list[tuple[Quote, str]]]:
    """The proposed quotes that can be published as they are, and the others with why; one query."""
    proposed = Quote.objects.filter(pk__in=[quote.pk for quote in page.proposed])
    allowed = set(approvable(proposed, page.user).values_list("pk", flat=True))
    ready, held = [], []
    for quote in page.proposed:
        whys = [str(Quote.Flag(flag).label) for flag in quote.flags]
        if quote.anchor in bulk.OFF_TEXT:
            whys.append(quote.get_anchor_display())
        if quote.pk not in allowed:
            whys.append(WHY_NOT)
        if whys:
            held.append((quote, ". ".join(why.rstrip(".") for why in whys)))
        else:
            ready.append(quote)
    return ready, held


class PublishesRest:
    """Adds to the review admin the page that publishes what is left of an article."""

    def publish_rest(self, request, article):
        """List what can be published, and what is held out; a POST publishes what was listed."""
        form, page = self._opened(request, article)
        if not request.user.has_perm(PUBLISH):
            raise PermissionDenied
        if request.method == "POST":
            seen = {
                name.removeprefix(VERSION): int(version)
                for name, version in request.POST.items()
                if name.startswith(VERSION) and IS_VERSION.fullmatch(version)
            }
            self._publish(request, page, seen)
            if page.wanted.exists():  # what was held out
                return self._to(page.article.pk, form)
            return self._to_next_article(request, form, page)
        ready, held = sort_out(page)
        return TemplateResponse(
            request,
            "admin/quotes/review/publish_rest.html",
            {
                **self.admin_site.each_context(request),
                **links(form),
                "title": f"Publish {number_of_quotes(len(ready))}"
                if ready
                else "Nothing to publish at once",
                "opts": self.opts,
                "article": page.article,
                "headline": isolated(str(page.article)),
                "ready": [page.listed(quote) for quote in ready],
                "held": [(page.listed(quote), why) for quote, why in held],
            },
        )

    def _publish(self, request, page: ReviewPage, seen: dict[str, int]) -> None:
        known = {str(quote.pk): quote for quote in page.quotes}
        held = {str(quote.pk): why for quote, why in sort_out(page)[1]}
        refused = {key: held[key] for key in seen if key in held}
        seen = {key: seen[key] for key in seen if key in known and key not in held}
        outcome = bulk.take("publish", seen.items(), user=request.user)
        refused |= {line["id"]: line["why"] for line in outcome.told}
        for key, why in refused.items():
            said = format_html("Not published: {}. {}", isolated(f"“{known[key]}”"), why)
            messages.warning(request, said)
        published = list(Quote.objects.filter(pk__in=seen.keys() - refused.keys()))
        if published:
            number, of = number_of_quotes(len(published)), isolated(f"“{page.article}”")
            of_article = format_html("{} of {}", number, of)
            self._done(request, STEPS["publish"].done, published, of_article)
