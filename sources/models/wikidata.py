"""What Wikidata says of speakers and organisations that have an id there."""

from django.db import models


class WikidataItem(models.Model):
    """An item as it was fetched: its label, its description, and a small picture with its credit.

    Pages show what is kept here and never ask Wikidata. All but the id is NULL if there is no such
    item. `picture_page` describes the picture, with its licence, on Wikimedia Commons. It is no
    record: `manage.py fetch_wikidata` can fetch it again, and erasing a speaker deletes it.
    """

    id = models.CharField(primary_key=True, max_length=20)
    label = models.TextField(null=True)
    description = models.TextField(null=True)
    picture = models.BinaryField(null=True)
    picture_type = models.CharField(max_length=20, null=True)  # a media type
    picture_page = models.TextField(null=True)
    credit = models.TextField(null=True)  # author and licence
    fetched = models.DateTimeField()

    class Meta:
        default_permissions = ()

    def __str__(self) -> str:
        return self.label or self.id
