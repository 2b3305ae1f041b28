"""What a filer sees of records that are not public: those that their own filings need.

Their own quotes show these records, so their pages are open to them as well.
"""

from collections.abc import Callable

from django.db.models import Exists, F, Func, OuterRef, Q, QuerySet

from quotes.models.last_filing import LastFiling
from quotes.models.outlet_binding import outlets_of
from quotes.models.querysets import may_file, sees_all
from quotes.models.quote import Quote
from quotes.models.workflow import HIDDEN
from sources.models import Article, Speaker
from sources.models.visibility import seen_by_filers


def hidden_quotes(user) -> QuerySet | None:
    """Quotes that this user sees and readers do not; None if there can be none."""
    if sees_all(user):
        return Quote.objects.filter(status__in=HIDDEN).order_by()
    return Quote.objects.hidden_of(user)


def of_quotes(*columns: str) -> Callable[[object], Q]:
    """Condition: a record that a quote of theirs refers to in one of these columns."""

    def seen(user) -> Q:
        quotes, found = hidden_quotes(user), Q()
        for column in columns if quotes is not None else ():
            found |= Q(pk__in=quotes.filter(**{f"{column}__isnull": False}).values(column))
        return found

    return seen


def speakers_of(user) -> Q:
    """Speakers of such quotes, and the members of those who speak jointly."""
    seen = of_quotes("speaker")(user)
    if not seen:
        return seen
    joint = Speaker.objects.filter(seen).exclude(members=[]).order_by()
    return seen | Q(pk__in=joint.values(member=Func(F("members"), function="unnest")))


def articles_of(user) -> Q:
    """Articles of such quotes, those that the user has filed, and those of their outlets."""
    seen = of_quotes("article")(user)
    if may_file(user):
        filed = LastFiling.objects.filter(article=OuterRef("pk"), user=user.pk)
        seen |= Q(Exists(filed)) | Q(outlet__in=outlets_of(user))
    return seen


def outlets_seen(user) -> Q:
    """Outlets of such quotes and articles, and those that the user is bound to."""
    seen = of_quotes("outlet", "via__outlet")(user)
    if may_file(user):
        filed = Article.objects.filter(articles_of(user), outlet=OuterRef("pk"))
        seen |= Q(Exists(filed.order_by())) | Q(pk__in=outlets_of(user))
    return seen


seen_by_filers.update(
    article=articles_of,
    outlet=outlets_seen,
    speaker=speakers_of,
    organisation=of_quotes("organisation", "speaker__organisation"),
    affiliation=of_quotes("affiliation"),
)
