"""Paths of the pages. Names are used as `pages:home`; a record's page is named as its model."""

from django.urls import path
from django.views.generic import RedirectView

from quotes.pages import feeds, quote_page, records, sitemap
from quotes.pages.accounts import LogIn, LogOut
from quotes.pages.embed import embed
from quotes.pages.names import names
from quotes.pages.oembed import OEmbed
from quotes.pages.report import report
from quotes.pages.search import export, home

to_home = RedirectView.as_view(pattern_name="pages:home", query_string=True)

app_name = "pages"
urlpatterns = [
    path("", home, name="home"),
    path("quotes/", to_home, name="quotes"),
    path("quotes/<uuid:pk>/", quote_page.quote, name="quote"),
    path("quotes/<uuid:pk>/embed/", embed, name="embed"),
    path("quotes/<uuid:pk>/report/", report, name="report"),
    path("oembed/", OEmbed.as_view(), name="oembed"),
    path("speakers/<uuid:pk>/", records.speaker, name="speaker"),
    path("organisations/<uuid:pk>/", records.organisation, name="organisation"),
    path("outlets/<str:slug>/", records.outlet, name="outlet"),
    path("articles/<uuid:pk>/", records.article, name="article"),
    path("feeds/quotes.atom", feeds.quotes, name="feed"),
    path("names/<str:kind>s/", names, name="names"),
    path("robots.txt", sitemap.robots, name="robots"),
    path("sitemap.xml", sitemap.index, name="sitemap"),
    path("sitemap/<slug:kind>s/<uuid:first>.xml", sitemap.file, name="sitemap-file"),
    path("export/", export, name="export"),
    path("login/", LogIn.as_view(), name="login"),
    path("logout/", LogOut.as_view(), name="logout"),
]
