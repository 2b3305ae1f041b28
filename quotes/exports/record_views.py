"""The endpoints `speakers/export/`, `articles/export/`, `affiliations/export/`,
`utterances/export/`: the records of a list as one file.
"""

from drf_spectacular.utils import extend_schema

from quotes.api.filing_views import Articles
from quotes.api.filters import QuoteFilters
from quotes.api.utterances import Utterances
from quotes.api.views import QuotedSpeakers
from quotes.exports.tables import AFFILIATIONS, ARTICLES, SPEAKERS, UTTERANCES, selected, shapes
from quotes.exports.views import RESPONSES, RecordExport, parameters_of
from quotes.models import Quote, Utterance
from sources.api.endpoints import AS_OF_LIST, Resource
from sources.api.orderings import both_ways
from sources.api.views import Affiliations


def export_of(resource: type[Resource], columns: dict, example: str) -> type[RecordExport]:
    """The export of the list of a resource, with its filters and orderings."""
    plural = resource.queryset.model._meta.verbose_name_plural

    class ResourceExport(RecordExport):
        queryset = resource.queryset
        serializer_class = resource.serializer_class
        filterset_class = resource.filterset_class
        operation_ids = {"list": f"export{plural.capitalize()}"}
        orderings = resource.orderings
        default_ordering = resource.default_ordering
        records, table = plural, resource.queryset.model._meta.db_table
        fields = usual_fields = shapes(columns)

        def get_queryset(self):
            listed = resource(request=self.request, action=self.action, kwargs={}).get_listed()
            return listed if self.may_see_all() else listed.filter(is_public=True)

        def listed(self, names):
            return selected({name: columns[name] for name in names}), []

        @extend_schema(
            parameters=[
                *parameters_of(
                    both_ways(resource.orderings),
                    resource.default_ordering,
                    {},
                    example,
                ),
                AS_OF_LIST,
            ],
            responses=RESPONSES,
        )
        def list(self, request):
            """Export {many} as CSV, NDJSON or Parquet.

            Streams every public record that the list shows, under the same filters; also the
            others, if you may see all. `Accept-Encoding` and `manifest` are as in `quotes/export/`.
            """
            return self.exported()

    ResourceExport.__name__ = f"{resource.__name__}Export"
    ResourceExport.__doc__ = f"`{plural}/export/`: every record that matches, as one file."
    return ResourceExport


SpeakerExport = export_of(QuotedSpeakers, SPEAKERS, "id,name,facts")
ArticleExport = export_of(Articles, ARTICLES, "id,outlet,published_from")
AffiliationExport = export_of(Affiliations, AFFILIATIONS, "speaker,role,from,to")


class UtteranceExport(RecordExport):
    """`utterances/export/`: every utterance that a matching quote reports, as one file."""

    queryset = Utterance.objects.all()
    serializer_class = Utterances.serializer_class
    filterset_class = QuoteFilters
    operation_ids = {"list": "exportUtterances"}
    see_all_permission = "quotes.review_quote"
    orderings = {"created": "created"}
    default_ordering = "-created"
    list_parameters = ("format", "ordering", "cursor", "fields", "manifest")
    records, table = "utterances", "quotes_utterance"
    fields = usual_fields = shapes(UTTERANCES)

    def get_queryset(self):
        """Utterances that a public quote reports; any quote, for who may see all."""
        return self.reported_by(self.quotes())

    def found(self):
        return self.reported_by(self.filter_queryset(self.quotes()))

    def quotes(self):
        return Quote.objects.all() if self.may_see_all() else Quote.objects.public()

    def reported_by(self, quotes):
        reported = quotes.exclude(utterance=None).order_by().values("utterance")
        return Utterance.objects.filter(pk__in=reported)

    def listed(self, names):
        return selected({name: UTTERANCES[name] for name in names}), []

    @extend_schema(
        parameters=parameters_of(both_ways(orderings), default_ordering, {}, "id,speaker,text"),
        responses=RESPONSES,
    )
    def list(self, request):
        """Export utterances as CSV, NDJSON or Parquet.

        Streams every utterance that a quote reports which matches the filters of `quotes/`. `text`,
        `first` and `speaker` are those of the public quote that was printed first; `quotes` and
        `outlets` count the public ones. `Accept-Encoding` and `manifest` are as in
        `quotes/export/`.
        """
        return self.exported()
