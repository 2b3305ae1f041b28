"""Which quotes."""

from django.db import models
from django.db.models import F, Q

from quotes.models.functions import Exactly, PrintedBefore
from quotes.models.languages import languages_present, speaks
from quotes.models.workflow import PUBLIC, Status
from sources.ledger.revisions import made_with
from sources.models import Affiliation, Organisation, Outlet, Revision, Speaker
from sources.models.functions import Fold, HasWords

FEW = 500
"""So many ids a statement may hold; an index then finds the rows that have one of them."""


def sees_all(user) -> bool:
    """Whether somebody may know of quotes that are not public. Of a user nothing else matters."""
    return user.has_perm("quotes.review_quote")


class QuoteQuerySet(models.QuerySet):
    """Which quotes: read it as a sentence.

    `search` is what they were searched for, if they were: see `quotes.search`.
    """

    search = None

    def _clone(self):
        clone = super()._clone()
        clone.search = self.search
        return clone

    def visible_to(self, user):
        """All that this user may know of. Every road to a quote starts here."""
        if sees_all(user):
            return self
        return self.filter(status__in=PUBLIC)

    def listed(self):
        """What a list shows when no status is asked for."""
        return self.exclude(status=Status.RETRACTED)

    def one_per_utterance(self):
        """Of those of these that report one act of speaking the first printed, unknown days last.

        Say it last: which is the first depends on which others there are.
        """
        key = models.OuterRef
        first = PrintedBefore("published_day", "pk", key("published_day"), key("pk"))
        before = self.order_by().filter(first, utterance=key("utterance"))
        return self.filter(Q(utterance=None) | ~models.Exists(before))

    def proposed(self):
        """What waits for a curator."""
        return self.filter(status=Status.PROPOSED)

    def said_by_name(self, name: str):
        """Canonical name, alias or printed name of the speaker; case and accents ignored.

        One query: of records that are known PostgreSQL knows how many quotes they have.
        """
        return self.filter(
            Q(speaker__in=list(Speaker.objects.called(name).values_list("pk", flat=True)))
            | Q(Exactly(Fold("attribution_speaker"), Fold(models.Value(name))))
        )

    def for_organisation_named(self, name: str):
        return self.filter(
            Q(organisation__in=list(Organisation.objects.called(name).values_list("pk", flat=True)))
            | Q(Exactly(Fold("attribution_organisation"), Fold(models.Value(name))))
        )

    def in_outlet_named(self, name: str):
        return self.filter(
            outlet__in=list(Outlet.objects.called(name).values_list("pk", flat=True))
        )

    def with_role_words(self, words: str):
        """All of these words in the resolved or in the printed role, in any order.

        One query: unless very many affiliations have such a role, PostgreSQL is told which.
        """
        held = Affiliation.objects.filter(HasWords("role_words", words)).order_by()
        held = held.values_list("pk", flat=True)
        known = list(held[: FEW + 1])
        held = known if len(known) <= FEW else held
        return self.filter(Q(HasWords("role_words", words)) | Q(affiliation__in=held))

    def in_languages(self, tags: list[str]):
        """Of one of these languages as RFC 4647 filters: `en` is en, en-GB and en-US.

        One query: which tags there are is told by one look into an index for each.
        """
        return self.filter(language__in=[tag for tag in languages_present() if speaks(tag, tags)])

    def settle_doubts(self, field: str, record: Speaker | Organisation) -> None:
        """Drop the flag that several have the name of this record: they were told apart.

        Called by `sources.identity.merging`, as is its undo.
        """
        flag = f"ambiguous_{field}"
        self.filter(**{field: record.pk}, flags__contains=[flag]).update(
            flags=models.Func(F("flags"), models.Value(flag), function="array_remove")
        )

    def restore_doubts(
        self,
        field: str,
        record: Speaker | Organisation,
        settled: list[Revision],
        moved: list[Revision],
    ) -> None:
        """Flag again what was settled with some revisions, unless it was named or flagged since.

        What was only moved, by a merge or its undo, has not been named.
        """
        flag = f"ambiguous_{field}"
        of_same = Revision.objects.filter(subject_id=models.OuterRef("subject_id"))
        flagged = of_same.filter(state__flags__contains=[flag])
        named = of_same.filter(fields__contains=[f"{field}_id"]).exclude(made_with(moved))
        version = models.OuterRef("version")
        doubted = Revision.objects.filter(
            made_with(settled),
            models.Exists(flagged.filter(version=version - 1)),
            ~models.Exists(flagged.filter(version__gte=version)),
            ~models.Exists(named.filter(version__gt=version)),
            subject_id=models.OuterRef("pk"),
        )
        self.filter(models.Exists(doubted), **{field: record.pk}).update(
            flags=models.Func(F("flags"), models.Value(flag), function="array_append")
        )

    def with_parts(self):
        """Everything the public form of a quote shows, whatever the number of quotes."""
        return (
            self.select_related(
                "article", "outlet", "speaker", "organisation", "affiliation", "snapshot"
            )
            .defer("snapshot__text")
            .prefetch_related("via__outlet")
            .annotate(
                utterance_quotes=models.Subquery(
                    self.model.objects.filter(
                        utterance=models.OuterRef("utterance"), status__in=PUBLIC
                    )
                    .order_by()
                    .values("utterance")
                    .annotate(n=models.Count("*"))
                    .values("n")
                )
            )
        )


class QuoteManager(models.Manager.from_queryset(QuoteQuerySet)):
    """Quotes without the columns that only searches read: they are as long as all the others."""

    def get_queryset(self):
        return super().get_queryset().defer("search_words", "bare")
