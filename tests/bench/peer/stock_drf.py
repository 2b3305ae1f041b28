"""The peer that is written with Django REST framework as its tutorial shows it: one file.

ModelSerializers nested in one another, PageNumberPagination, django-filter, TokenAuthentication,
on the tables of the service. What is usual against needless queries is done (`select_related`), and
it has the same pool of connections as the service.
"""

# ruff: noqa: DJ008, E402

import os

import django
from django.conf import settings

settings.configure(
    SECRET_KEY="for a measurement only",
    ALLOWED_HOSTS=["127.0.0.1"],
    ROOT_URLCONF=__name__,
    USE_TZ=True,
    INSTALLED_APPS=[
        "django.contrib.auth",
        "django.contrib.contenttypes",
        "django_filters",
        "rest_framework",
        "rest_framework.authtoken",
    ],
    MIDDLEWARE=[
        "django.middleware.security.SecurityMiddleware",
        "django.middleware.common.CommonMiddleware",
    ],
    DATABASES={
        "default": {
            "ENGINE": "django.db.backends.postgresql",
            "NAME": "onrecord",
            "USER": "onrecord",
            "HOST": os.environ["PGHOST"],
            "PORT": "5432",
            "OPTIONS": {"pool": {"min_size": 0, "max_size": 20}},
        }
    },
    DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
    REST_FRAMEWORK={
        "DEFAULT_AUTHENTICATION_CLASSES": ["rest_framework.authentication.TokenAuthentication"],
        "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
        "DEFAULT_PAGINATION_CLASS": "rest_framework.pagination.PageNumberPagination",
        "DEFAULT_FILTER_BACKENDS": ["django_filters.rest_framework.DjangoFilterBackend"],
        "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
        "PAGE_SIZE": 50,
    },
)
django.setup()

import django_filters
from django.contrib.postgres.fields import ArrayField
from django.core.wsgi import get_wsgi_application
from django.db import models
from django.urls import path
from rest_framework import generics, serializers


class Record(models.Model):
    id = models.UUIDField(primary_key=True)

    class Meta:
        abstract = True


class Speaker(Record):
    name = models.CharField(max_length=500)
    kind = models.CharField(max_length=12)

    class Meta:
        app_label, managed, db_table = "stock", False, "sources_speaker"


class Organisation(Record):
    name = models.CharField(max_length=500)

    class Meta:
        app_label, managed, db_table = "stock", False, "sources_organisation"


class Outlet(Record):
    name = models.CharField(max_length=500)
    slug = models.CharField(max_length=100)

    class Meta:
        app_label, managed, db_table = "stock", False, "sources_outlet"


class Article(Record):
    headline = models.TextField(null=True)
    url = models.TextField(null=True)
    byline = ArrayField(models.TextField())

    class Meta:
        app_label, managed, db_table = "stock", False, "sources_article"


class Quote(Record):
    text = models.TextField()
    kind = models.CharField(max_length=8)
    language = models.CharField(max_length=35, null=True)
    status = models.CharField(max_length=9)
    version = models.IntegerField()
    published_day = models.DateField()
    created = models.DateTimeField()
    updated = models.DateTimeField()
    attribution_text = models.TextField(null=True)
    attribution_speaker = models.CharField(max_length=500, null=True)
    attribution_role = models.CharField(max_length=500, null=True)
    attribution_organisation = models.CharField(max_length=500, null=True)
    attribution_cue = models.CharField(max_length=200, null=True)
    speaker = models.ForeignKey(Speaker, models.PROTECT, null=True)
    organisation = models.ForeignKey(Organisation, models.PROTECT, null=True)
    outlet = models.ForeignKey(Outlet, models.PROTECT, null=True)
    article = models.ForeignKey(Article, models.PROTECT)

    class Meta:
        app_label, managed, db_table = "stock", False, "quotes_quote"


class SpeakerSerializer(serializers.ModelSerializer):
    class Meta:
        model = Speaker
        fields = ["id", "name", "kind"]


class OrganisationSerializer(serializers.ModelSerializer):
    class Meta:
        model = Organisation
        fields = ["id", "name"]


class OutletSerializer(serializers.ModelSerializer):
    class Meta:
        model = Outlet
        fields = ["id", "name", "slug"]


class ArticleSerializer(serializers.ModelSerializer):
    class Meta:
        model = Article
        fields = ["id", "headline", "url", "byline"]


class QuoteSerializer(serializers.ModelSerializer):
    speaker = SpeakerSerializer()
    organisation = OrganisationSerializer()
    outlet = OutletSerializer()
    article = ArticleSerializer()

    class Meta:
        model = Quote
        fields = [
            "id", "text", "kind", "language", "status", "version", "published_day", "created",
            "updated", "attribution_text", "attribution_speaker", "attribution_role",
            "attribution_organisation", "attribution_cue", "speaker", "organisation", "outlet",
            "article",
        ]  # fmt: skip


class QuoteFilter(django_filters.FilterSet):
    speaker = django_filters.UUIDFilter(field_name="speaker_id")
    published_after = django_filters.DateFilter(field_name="published_day", lookup_expr="gte")
    published_before = django_filters.DateFilter(field_name="published_day", lookup_expr="lte")

    class Meta:
        model = Quote
        fields = []


class Quotes(generics.ListAPIView):
    queryset = (
        Quote.objects.filter(status__in=["published", "disputed"])
        .select_related("speaker", "organisation", "outlet", "article")
        .order_by("-published_day", "-id")
    )
    serializer_class = QuoteSerializer
    filterset_class = QuoteFilter


urlpatterns = [path("quotes/", Quotes.as_view())]

application = get_wsgi_application()

if __name__ == "__main__":  # makes what TokenAuthentication needs, and prints a token
    from django.core.management import call_command
    from rest_framework.authtoken.models import Token

    call_command("migrate", "authtoken", verbosity=0)
    user = django.contrib.auth.get_user_model().objects.get(username=os.environ["BENCH_USER"])
    print(Token.objects.get_or_create(user=user)[0].key)  # noqa: T201
