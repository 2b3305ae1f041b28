"""Outlets."""

from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import F
from django.utils.text import slugify

from sources.database.locks import lock_all
from sources.database.triggers import KeepsFormerName, KeepsVersion
from sources.ledger.recording import Recording
from sources.models.base import (
    MERGES,
    Named,
    has_a_name,
    merged_index,
    name_parts_index,
    name_slips_index,
)
from sources.models.visibility import IF_PUBLIC, hidden_index, visibility_triggers


class Outlet(Named):
    """A publication that prints or airs.

    `rights` and `license` hold for its articles that name none of their own; `license` is the URL
    or the name of a licence.
    """

    slug = models.SlugField(max_length=120, unique=True, allow_unicode=True)
    url = models.URLField("URL", max_length=2000, null=True, blank=True)
    rights = models.TextField(
        null=True,
        blank=True,
        max_length=2000,
        help_text="The notice of copyright of its articles, unless an article has its own.",
    )
    license = models.CharField(
        max_length=2000,
        null=True,
        blank=True,
        help_text="The URL or the name of a licence, unless an article has its own.",
    )
    refuses_embeds = models.BooleanField(
        default=False,
        db_default=False,
        help_text="Other sites then show a link to its quotes instead of the words.",
    )
    refuses_robots = models.BooleanField(
        default=False,
        db_default=False,
        help_text="Search engines are then asked not to list the pages of its quotes and articles.",
    )

    class Meta:
        ordering = ["name", "id"]
        constraints = [has_a_name("outlet")]
        indexes = [
            GinIndex(F("names_folded"), name="outlet_names"),  # filing, outlet_name
            name_parts_index("outlet"),
            name_slips_index("outlet"),
            models.Index(fields=["name", "id"], name="outlet_by_name"),  # outlets/
            merged_index("outlet"),
            hidden_index("outlet"),
        ]
        triggers = [
            KeepsFormerName(),
            KeepsVersion(),
            *visibility_triggers(),
            *Recording(verb=MERGES, public=IF_PUBLIC).triggers,
        ]

    @classmethod
    def free_slug(cls, name: str, taken: set[str] = frozenset()) -> str:
        """Return a free slug: `the-herald`, else `the-herald-2` and so on."""
        lock_all([f"{cls._meta.label}.slug"])
        base = slugify(name, allow_unicode=True)[:100] or "outlet"
        known = cls.objects.filter(slug__startswith=base).values_list("slug", flat=True)
        used = {*taken, *known}
        numbered = (f"{base}-{number}" for number in range(2, len(used) + 3))
        return next(slug for slug in (base, *numbered) if slug not in used)
