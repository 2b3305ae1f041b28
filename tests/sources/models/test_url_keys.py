"""One URL is one URL, however it is written."""

from unicodedata import normalize
from urllib.parse import quote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sources.models.functions import url_keys

pytestmark = pytest.mark.django_db

PAGE = "https://field.example/news/quay"

SAME = [
    (PAGE, "http://field.example/news/quay"),
    (PAGE, "HTTPS://FIELD.example/news/quay"),
    (PAGE, "https://www.field.example/news/quay"),
    (PAGE, "https://field.example./news/quay"),
    (PAGE, "https://field.example:443/news/quay"),
    (PAGE, "http://field.example:80/news/quay"),
    (PAGE, "https://field.example:/news/quay"),
    (PAGE, "https://field.example/news/quay/"),
    (PAGE, "https://field.example/news/quay?"),
    (PAGE, "https://field.example/news/quay/#comments"),
    (PAGE, "https://field.example/n%65ws/%71uay"),
    (PAGE, "https://field.example/news/quay?utm_source=rss&utm_medium=feed"),
    (PAGE, "https://field.example/news/quay?UTM_Source=rss&&"),
    (PAGE, "https://field.example/news/quay/?fbclid=1#top"),
    (PAGE, "https://field.example/news/quay?%75tm_source=rss"),
    ("https://field.example", "http://www.field.example/#top"),
    (f"{PAGE}?id=1", f"{PAGE}/?fbclid=2&id=1&gclid=3"),
    (f"{PAGE}?q=a%2fb", f"{PAGE}?q=a%2Fb"),
    (f"{PAGE}/café", f"{PAGE}/caf%C3%A9"),
    (f"{PAGE}/café", f"{PAGE}/caf%c3%a9"),
    (f"{PAGE}?q=王芳", f"{PAGE}?q=%E7%8E%8B%e8%8a%b3"),
    (f"{PAGE}/🦀", f"{PAGE}/%F0%9F%A6%80"),
    (f"{PAGE}/a~b_c-d", f"{PAGE}/a%7Eb%5Fc%2dd"),
    (f"{PAGE}?a=b|c", f"{PAGE}?a=b%7Cc"),
    ("https://field.example/#!/quay", "http://www.field.example/#!/quay"),
    ("https://bücher.example/a", "http://www.xn--bcher-kva.example/a"),
    ("https://BÜCHER.example/a", "https://b%C3%BCcher.example/a"),
    ("https://bücher.example/a", "https://bu\u0308cher.example/a"),
    ("https://пример.испытание/", "https://XN--E1AFMKFD.xn--80akhbyknj4f:443"),
    ("https://例え.テスト/", "https://xn--r8jz45g.xn--zckzah/"),
    ("https://例え.テスト:81/", "http://xn--r8jz45g.xn--zckzah:81/"),
]

DIFFERENT = [
    (PAGE, "https://field.example/news/Quay"),
    (PAGE, "https://m.field.example/news/quay"),
    (PAGE, "https://field.example:8443/news/quay"),
    (PAGE, "http://field.example:443/news/quay"),
    (PAGE, "https://field.example/news/quay.html"),
    (PAGE, "https://field.example/news/quay?id=1"),
    (PAGE, "https://field.example/news/quay?ref=2"),
    (PAGE, "https://field.example/news/quay?utm=2"),
    (f"{PAGE}?a=1&b=2", f"{PAGE}?b=2&a=1"),
    (f"{PAGE}/a/b", f"{PAGE}/a%2Fb"),
    (f"{PAGE}?q=a%26b", f"{PAGE}?q=a&b"),
    (f"{PAGE}/caf%E9", f"{PAGE}/caf%C3%A9"),
    ("https://xn--bcher-kva.example/", "https://bucher.example/"),
    ("https://field.example/#!/quay", "https://field.example/#!/port"),
    ("https://www.com/", "https://com/"),
    ("ftp://field.example/news/quay", PAGE),
]


@pytest.mark.parametrize(("one", "other"), SAME)
def test_two_ways_to_write_one_url_have_one_key(one, other):
    keys = url_keys([one, other])
    assert keys[one] == keys[other]


@pytest.mark.parametrize(("one", "other"), DIFFERENT)
def test_two_urls_have_two_keys(one, other):
    keys = url_keys([one, other])
    assert keys[one] != keys[other]


@pytest.mark.parametrize("url", ["/news/quay", "field.example/quay", "", "mailto:a@b.example"])
def test_what_is_no_absolute_url_has_no_key(url):
    assert url_keys([url]) == {url: None}


@pytest.mark.parametrize(
    "url",
    [f"{PAGE}/%", f"{PAGE}/%0", f"{PAGE}/%zz", f"{PAGE}/%00%FF%C0%80%ED%A0%80%F5%80%80%80", "a://"],
)
def test_broken_percent_encoding_is_kept(url):
    assert url_keys([url])[url]


@pytest.mark.parametrize(
    "label", ["xn--", "xn---", "xn--ü", "xn--999999999", "xn--a-99999999999", "xn--zzzzzzzzz!"]
)
def test_a_broken_label_of_a_host_is_kept(label):
    url = f"https://{label}.example/a"
    assert url_keys([url])[url].endswith(".example/a")


@settings(max_examples=300, deadline=None)
@given(
    st.text(
        st.characters(min_codepoint=97, categories=("Ll", "Lo")),
        min_size=1,
        max_size=12,
    ).filter(lambda label: normalize("NFC", label.lower()) == label and not label.isascii())
)
def test_a_host_in_its_own_letters_is_the_one_in_punycode(label):
    coded = label.encode("punycode").decode()
    keys = url_keys([f"https://{label}.example/a", f"https://xn--{coded}.example/a"])
    assert len(set(keys.values())) == 1


WORDS = st.text(
    st.characters(exclude_categories=("Cs", "Cc", "Zs", "Zl", "Zp"), exclude_characters="/?#&%="),
    min_size=1,
    max_size=8,
)
TRACKED = st.sampled_from(["utm_source", "utm_id", "fbclid", "gclid", "mc_eid", "_ga", "CMPID"])


@st.composite
def spellings(draw) -> tuple[str, str]:
    """A URL, and another way to write it."""
    path = draw(st.lists(WORDS, max_size=3))
    names = st.sampled_from(["id", "p", "q", "ü"])
    query = draw(st.lists(st.tuples(names, WORDS), max_size=3))
    plain = "https://field.example" + "".join(f"/{part}" for part in path)
    plain += "?" * bool(query) + "&".join(f"{name}={value}" for name, value in query)

    def spelt(text: str) -> str:
        """Percent-encode some characters that need not be, in digits of either case."""
        return "".join(
            "".join(
                f"%{byte:02x}" if draw(st.booleans()) else f"%{byte:02X}" for byte in c.encode()
            )
            if (c in "-._~" or c.isalnum() or ord(c) > 127) and draw(st.booleans())
            else c
            for c in text
        )

    parameters = [f"{spelt(name)}={spelt(value)}" for name, value in query]
    for name in draw(st.lists(TRACKED, max_size=2)):
        place = draw(st.integers(0, len(parameters)))
        parameters.insert(place, f"{spelt(name)}={draw(WORDS)}")
    other = draw(st.sampled_from(["http://", "https://", "HTTPS://"]))
    other += draw(st.sampled_from(["field.example", "www.field.example", "Field.EXAMPLE."]))
    other += "".join(f"/{spelt(part)}" for part in path) + draw(st.sampled_from(["", "/"]))
    other += "?" * bool(parameters) + "&".join(parameters)
    return plain, other + draw(st.sampled_from(["", "#", "#top", "#a=b/!"]))


@settings(max_examples=300, deadline=None)
@given(spellings())
def test_a_url_has_one_key_in_every_spelling(both):
    keys = url_keys(both)
    assert keys[both[0]] == keys[both[1]]


@settings(max_examples=200, deadline=None)
@given(spellings(), WORDS)
def test_another_path_or_parameter_is_another_page(both, word):
    one, other = both
    before, mark, query = one.partition("?")
    assert len(set(url_keys([other, f"{before}/x{quote(word)}{mark}{query}"]).values())) == 2
    assert len(set(url_keys([other, f"{one}{'&' if mark else '?'}zz={word}"]).values())) == 2


@settings(max_examples=300, deadline=None)
@given(st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\0"), max_size=40))
def test_any_text_after_the_host_has_a_key_no_longer_than_the_url(rest):
    url = f"https://field.example/{rest}"
    key = url_keys([url])[url]
    assert len(key.encode()) <= len(url.encode())
    assert url_keys([key])[key] is not None
