import pytest
from tests.conftest import API, ok, problem
from tests.records import make_quote

pytestmark = pytest.mark.django_db


def ask(reader, status=200, **p):
    r = reader.get(f"{API}quotes/", p)
    return r.json() if r.status_code != 200 else [x["text"] for x in r.json()["results"]]


def test_x(reader):
    from quotes.models import Quote
    from quotes.searching import Search
    from quotes.searching.marking import matches_in

    make_quote("We had no choice, either/or Häuser", language="de")
    make_quote("The government will not raise taxes on working families", language="en")
    make_quote("The harbour will close on Monday", language="en-GB")
    make_quote("Le café est fermé", language="fr")
    for p in [
        dict(q="haus"),
        dict(q="tax family"),
        dict(q="the"),
        dict(q='"working families"'),
        dict(q="cafe"),
        dict(q="CAFÉ"),
        dict(q="closing"),
        dict(q="-tax"),
        dict(phrase="will not"),
        dict(phrase="on monday!"),
        dict(phrase="?"),
        dict(like="goverment will rase taxes"),
        dict(like="families taxes raise"),
        dict(like="harbour monday closes"),
        dict(like="x" * 1001),
        dict(like="the will on"),
        dict(
            like="He said that the harbour will close on monday, if all goes well and the weather holds",
            q="harbour",
        ),
    ]:
        print(p, ask(reader, **p))
        s = None
        try:
            s = Search.read(p, [])
        except Exception:
            pass
        if s:
            for qq in s.narrow(Quote.objects.all()):
                print("   ", [qq.text[a:b] for a, b in matches_in(s, [qq.pk])[qq.pk]])
    assert 0
