"""Querysets of quotes that read as sentences."""

from django.db import models
from django.db.models import F, Q, Value
from django.db.models.functions import MD5, Cast, Concat

from quotes.models import moving
from quotes.models.functions import CalledExactly, HasFact, PrintedBefore
from quotes.models.languages import languages_present, speaks
from quotes.models.outlet_binding import outlets_of
from quotes.models.workflow import ADD, HIDDEN, PUBLIC, Status
from sources.ledger.revisions import in_same_transactions
from sources.models import (
    Affiliation,
    Article,
    Organisation,
    Outlet,
    Record,
    Revision,
    Role,
    Speaker,
)
from sources.models.facts import SCHEMES, UNKNOWN
from sources.models.functions import BodyKey, NameKey, fold_all

MAX_INLINE_IDS = 500
"""Ids written into a statement, for an index to find; more are left to a subquery."""


def sees_all(user) -> bool:
    """Whether a user may see all quotes that are not public."""
    return user.has_perm("quotes.review_quote")


def may_file(user) -> bool:
    """Whether a user may have quotes of their own that are not public."""
    return user.has_perm(ADD)


def few(ids: models.QuerySet) -> list | models.QuerySet:
    """These ids; the query for them if they are many."""
    known = list(ids[: MAX_INLINE_IDS + 1])
    return known if len(known) <= MAX_INLINE_IDS else ids


class QuoteQuerySet(models.QuerySet):
    """`search` is the search that the quotes match, if any: see `quotes.search`.

    With `includes_parts` the filters after it by organisation find its parts as well.
    """

    search = None
    includes_parts = False

    def _clone(self):
        clone = super()._clone()
        clone.search, clone.includes_parts = self.search, self.includes_parts
        return clone

    def including_parts(self):
        clone = self._clone()
        clone.includes_parts = True
        return clone

    def of_organisations(self, ids: list):
        """Of these organisations, with their parts if asked for; a query for the parts."""
        ids = Organisation.objects.with_parts(ids) if self.includes_parts else ids
        return self.filter(organisation__in=ids)

    def hold_articles(self) -> None:
        """Lock the articles that publishing these quotes will show, before the quotes are locked.

        A filing locks its article first, too: else the two would wait for each other.
        """
        hidden = Article.objects.filter(is_public=False, pk__in=self.order_by().values("article"))
        list(hidden.order_by("pk").select_for_update(no_key=True).values("pk"))

    def visible_to(self, user):
        """Quotes that this user may see. Every query for a user starts here.

        A filer sees their own, too. One query more for users who may file and not review.
        """
        if sees_all(user):
            return self
        own = self.model.objects.hidden_of(user)
        if own is None or not own.exists():
            return self.public()
        # Ids are in every covering index, and PostgreSQL looks for them only beside a hidden quote
        return self.filter(Q(status__in=PUBLIC) | Q(pk__in=own.values("pk")))

    def public(self):
        """Quotes that readers may see."""
        return self.filter(status__in=PUBLIC)

    def hidden_of(self, user):
        """Quotes that this user sees and readers do not; None if there can be none."""
        if sees_all(user) or not may_file(user):
            return None
        return self.filter(status__in=HIDDEN).filed_for(user).order_by()

    def filed_for(self, user):
        """Quotes that this user's filings made, and those of outlets that the user is bound to."""
        own = Q(filed_by=user.pk)
        return self.filter(own | Q(outlet__in=outlets) if (outlets := outlets_of(user)) else own)

    def listed(self):
        """Quotes in a list that is not filtered by status."""
        return self.exclude(status=Status.RETRACTED)

    def one_per_utterance(self):
        """The first printed of these quotes for each utterance; unknown days come last.

        Call it last: the first depends on the other filters.
        """
        key = models.OuterRef
        first = PrintedBefore("published_day", "pk", key("published_day"), key("pk"))
        before = self.order_by().filter(first, utterance=key("utterance"))
        return self.filter(Q(utterance=None) | ~models.Exists(before))

    def proposed(self):
        """Quotes awaiting review."""
        return self.filter(status=Status.PROPOSED)

    def sample(self, number: int, seed: int):
        """Draw this number of these quotes at random, the same ones for the same seed.

        Call it last. Drawing reads all of them: a second for 2 million.
        """
        drawn = MD5(Concat(Value(f"{seed} "), Cast("pk", models.TextField())))
        keys = self.order_by(drawn, "pk").values("pk")[:number]
        if number <= MAX_INLINE_IDS:
            keys = [row["pk"] for row in keys]
        sample = self.model.objects.filter(pk__in=keys)
        sample.search = self.search
        return sample

    def said_by(self, speaker: Speaker):
        """Of this speaker, alone or jointly with others; one more query, for the ids."""
        joint = Speaker.objects.joint([speaker.pk]).values_list("pk", flat=True)
        return self.filter(speaker__in=[speaker.pk, *joint])

    def said_by_name(self, name: str):
        """By name, alias or printed name of the speaker, compared as in filing.

        Joint statements count. Two queries more, for the ids: with them PostgreSQL can estimate
        the number of quotes.
        """
        known = list(Speaker.objects.known_as(name).values_list("pk", flat=True))
        if known:
            known += Speaker.objects.joint(known).values_list("pk", flat=True)
        return self.filter(
            Q(speaker__in=known) | Q(CalledExactly(NameKey, "attribution_speaker", name))
        )

    def of_speakers_with(self, facts: dict[str, list[str]]):
        """Of speakers who may have had one of these values of each key when they spoke.

        `UNKNOWN` among them: no value is known of then. An id in a registry holds at all times. A
        query more for each registry.
        """
        quotes = self
        for key, values in facts.items():
            folded = {*fold_all(values).values()}
            known, is_unknown = sorted(folded - {UNKNOWN}), UNKNOWN in folded
            if key in SCHEMES:
                matching = Q(speaker__in=Speaker.objects.identified(key, known))
                if is_unknown:
                    matching |= Q(speaker=None) | ~Q(speaker__identifiers__has_key=key)
            else:
                matching = Q(HasFact(key, known, or_unknown=is_unknown))
            quotes = quotes.filter(matching)
        return quotes

    def for_organisation_named(self, name: str):
        known = list(Organisation.objects.called(name).values_list("pk", flat=True))
        if self.includes_parts:
            known = Organisation.objects.with_parts(known)
        return self.filter(
            Q(organisation__in=known) | Q(CalledExactly(BodyKey, "attribution_organisation", name))
        )

    def in_outlet_named(self, name: str):
        return self.filter(
            outlet__in=list(Outlet.objects.called(name).values_list("pk", flat=True))
        )

    def with_role_words(self, words: str):
        """All of these words, in any order, in the role that is shown or in the printed one.

        Two queries more, for the keys of such roles and the ids of affiliations with them.
        """
        roles = Role.objects.with_words(words).values_list("key", flat=True)
        held = Affiliation.objects.with_role_words(words).order_by().values_list("pk", flat=True)
        return self.filter(Q(role_key__in=few(roles)) | Q(affiliation__in=few(held)))

    def in_languages(self, tags: list[str]):
        """In one of these languages by basic filtering (RFC 4647): `en` matches en, en-GB, en-US.

        One query more, which steps through an index once per language present.
        """
        return self.filter(language__in=[tag for tag in languages_present() if speaks(tag, tags)])

    def settle_doubts(self, field: str, record: Speaker | Organisation) -> None:
        """Clear the flag that several records have this name. A hook of `identity.merging`."""
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
        """Flag again what these revisions settled, unless it was named or flagged since.

        A quote that a merge or its undo `moved` was not named by that.
        """
        flag = f"ambiguous_{field}"
        of_same = Revision.objects.filter(subject_id=models.OuterRef("subject_id"))
        flagged = of_same.filter(state__flags__contains=[flag])
        named = of_same.filter(fields__contains=[f"{field}_id"])
        named = named.exclude(in_same_transactions(moved))
        version = models.OuterRef("version")
        doubted = Revision.objects.filter(
            in_same_transactions(settled),
            models.Exists(flagged.filter(version=version - 1)),
            ~models.Exists(flagged.filter(version__gte=version)),
            ~models.Exists(named.filter(version__gt=version)),
            subject_id=models.OuterRef("pk"),
        )
        self.filter(models.Exists(doubted), **{field: record.pk}).update(
            flags=models.Func(F("flags"), models.Value(flag), function="array_append")
        )

    def with_parts(self):
        """With all that the public form shows; two queries for any number of quotes."""
        return (
            self.select_related(
                *("article__outlet", "outlet", "speaker", "organisation", "affiliation"),
                *("snapshot", "translates"),
            )
            .defer("snapshot__text", "translates__search_words", "translates__bare")
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
    """Quotes without the columns that only searches read: these are half of each row."""

    def get_queryset(self):
        return super().get_queryset().defer("search_words", "bare")

    # Hooks of `sources.identity.merging`: only quotes of articles need more than a new key

    def fitting(self, field: str, record: Record, into: Record):
        rows = self.filter(**{field: record.pk})
        if field != "article":
            return rows
        return rows.exclude(pk__in=[twin.pk for twin, _ in moving.Move(self, record, into).twins])

    def closing(self, field: str, record: Record, into: Record) -> int:
        if field != "article":
            return 0
        twins = moving.Move(self, record, into).twins
        return sum(twin.status in moving.CLOSES for twin, _ in twins)

    def move(self, field: str, record: Record, into: Record) -> None:
        if field == "article":
            moving.move(self, record, into)
        else:
            self.filter(**{field: record.pk}).update(**{field: into})

    def move_back(self, field: str, rows: models.QuerySet, record: Record, made: Revision) -> int:
        if field == "article":
            return moving.move_back(self, record, rows, made)
        rows.update(**{field: record})
        return 0
