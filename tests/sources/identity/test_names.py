"""What a name says by itself."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from sources.identity.names import given_name_groups, parse, plain, split_acronym, words
from sources.models import Organisation, Speaker
from sources.models.functions import fold_all

KINDS = {
    "full": """Mara Quill|bell hartley|Ali bin Hassan al-Quari|Dr. Kara Starling
        |The Rt Hon Kara Starling|Baroness Kara Starling|Frau Dr. Kara Starling
        |Kara Starling MBE|გიორგი ველისაშვილი|王芳琳|陈小海|Président Jean Valmont
        |President Otis Pellow|US President Otis Pellow|Prime Minister Nils Quay
        |Jan van der Berg|Mark Bishop|John King|Alex Priest|محمد الخضري|Анна Петренкова
        |דוד כרמלי|Kovács, Anna|Wolfgang Richter|ジョン・クイル|الدكتور محمد الخضري
        |Louis de Vaumont|J. R. Vell|Conan O’Dell|Mu Li|Una Marston|El Hassan Tayeb
        |Ada Lund|Ben Orr|Otto von Pellow|M. Q. Lund|الرئيس محمد الخضري|Père Laurent Petit
        |Ana de la Vega|Sheikh Kara Starling|Expert Harbour Review|Hassan el-sayed
        |Ixolte Mayor|Ixolte Mayor of Torrigan""",
    "single": """Quill|Mara|Toccalini|Quaysoft|NQA|van der Berg|Prince|Müller|Сидоренко
        |الخضري|כרמלי|Quill MBE|Quill, MBE|Quill Jr|Quill, Jr.""",
    "titled": """Mr Quill|Mrs. Quill|Dr Starling|Frau Dr. Müller|President Pellow
        |Sir Quill|Herr Weber|Mme Dupont|السيد الخضري|г-н Петренков|王先生|田中氏|田中さん
        |Ms Nandakumar|Baroness Starling|Signora Rossi|김 씨|Mr van der Berg|王部长
        |Mr Bishop|Mrs King|M. Petit|Bishop Vell|Mayor Lund|Quill, Mr|Mr Quill Jr
        |Trade minister Lund""",
    "office": """the Prime Minister|The Bishop of Harrow|Police Chief|Home Secretary
        |Mayor of Torrigan|President|the President|der Bürgermeister
        |Bürgermeister von Torrigan|le maire|la ministre de la Santé|el presidente
        |il sindaco|de burgemeester|o prefeito|رئيس الوزراء|وزير الخارجية|министр обороны
        |премьер-министр|外交部长|首相|statsministern|Deputy Speaker|the chief executive
        |chief executive|the Torrigan mayor|Harbour Master of Torrigan
        |Minister van Defensie|the Queen|head of tourism|the harbour master
        |Maire de Torrigan|Bishop and Mayor|Bishop King of Harrow|The Torrigan Bishop
        |Vell minister""",
    "description": """a resident of Harrow|an official in Brussels|police|Police
        |One resident|Sources close to the minister|a port spokesperson|NQA spokesperson
        |ein Sprecher der Polizei|متحدث باسم الشرطة|un vecino del barrio|une habitante
        |the agency|The Government|The city|detectives|The report's authors|One poster
        |a message|местный житель|источник в порту|一位居民|外交部发言人|住民|en boende
        |um morador|een bewoner|una residente|Quill family|local residents|passers-by
        |the father|A Resident of Harrow|porte-parole du port|harbour fishermen
        |Government officials|a man in the queue|שכן בבניין|عامل في الميناء
        |the lamplighter|lamplighter of harrow|Residents living nearby|The Harrow Residents
        |someone near quarlow|Pell Council police-spokeswoman|harbour-spokesman Lund""",
    "label": """Anonymous|Speaker 1|SPEAKER_00|N/A|he|She|they|Unknown|匿名|مجهول
        |Sprecher 2|Caller 3|-|1|anonyme|Q|Anonymous blogger|Man 2|Witness A|...""",
    "body": """National Quay Agency|The National Quay Agency|National Quay Agency (NQA)
        |Port Authority|Harbour Ltd|Ministère de la Mer|Quayland Government|Torrigan News
        |Pell Morning Herald|quay.com|Bundesministerium der Häfen|Министерство обороны
        |وزارة الصحة|外交部|株式会社港|Pell Police|University of Pell|Pell University
        |Torrigan Rovers|Quay Gmbh|Harbour Chiefs’ Council|Residents Association
        |Pilots Union|Police Federation|The Residents Council|Lord Vell Foundation""",
}

SPEAKER_KINDS = {
    "full": {"person", None},
    "single": {None},
    "titled": {"person"},
    "office": {"unnamed"},
    "description": {"unnamed", None},
    "label": {"unnamed"},
    "body": {"organisation"},
}

SPOKESPERSONS = """a port spokesperson|NQA spokesperson|ein Sprecher der Polizei|متحدث باسم الشرطة
    |外交部发言人|porte-parole du port|Pell Council police-spokeswoman|harbour-spokesman Lund"""


def listed(texts: str) -> list[str]:
    return [name.strip() for name in texts.split("|")]


@pytest.mark.parametrize(
    ("kind", "name"), [(kind, name) for kind, texts in KINDS.items() for name in listed(texts)]
)
def test_a_name_is_of_its_kind(kind, name):
    assert parse(name).kind == kind
    assert parse(name).identifies is (kind in ("full", "body"))
    assert parse(name).speaker_kind in SPEAKER_KINDS[kind]
    assert parse(name).is_spokesperson is (name in listed(SPOKESPERSONS))


@pytest.mark.parametrize("around", ["“{}”", "„{}“", "«{}»", '"{}"', "{}.", "{},", " {}: "])
def test_marks_around_a_name_say_nothing(around):
    for name in ("Mara Quill", "the harbour master", "National Quay Agency", "王先生"):
        assert parse(around.format(name)) == parse(name)


@pytest.mark.parametrize(
    ("name", "titles", "rest", "postnominals"),
    [
        ("The Rt Hon Kara Starling, MBE", ("the", "rt", "hon"), ("kara", "starling"), ("mbe",)),
        ("Frau Dr. Kara Starling", ("frau", "dr"), ("kara", "starling"), ()),
        ("US President Otis Pellow", ("us", "president"), ("otis", "pellow"), ()),
        ("السيدة ليلى الخضري", ("السيدة",), ("ليلى", "الخضري"), ()),
        ("Kara Starling Jr", (), ("kara", "starling", "jr"), ()),
        ("Starling, Kara, MBE", (), ("kara", "starling"), ("mbe",)),
        ("陈小海先生", ("先生",), ("陈小海",), ()),
        ("Maire de Torrigan", (), ("maire", "de", "torrigan"), ()),
        ("Lord Vell Foundation", ("lord",), ("vell", "foundation"), ()),
    ],
)
def test_titles_and_postnominals_are_taken_off(name, titles, rest, postnominals):
    parsed = parse(name)
    assert (parsed.titles, parsed.words, parsed.postnominals) == (titles, rest, postnominals)


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("Mara Quill", "person"),
        ("Quill, Mara", "person"),
        ("Mr Quill", "person"),
        ("Dr Ixolte Vemm", "person"),
        ("Ixolte Vemm", None),
        ("Quaysoft", None),
        ("NQA", None),
        ("National Quay Agency", "organisation"),
        ("Sydney Quay Herald", "organisation"),
        ("the agency", None),
        ("Police", None),
        ("police", "unnamed"),
        ("police officers", "unnamed"),
        ("Expert Harbour Review", None),
        ("Residents of Pell Council", "unnamed"),
        ("a resident of Harrow", "unnamed"),
        ("the Prime Minister", "unnamed"),
        ("Speaker 1", "unnamed"),
        ("გიორგი ველისაშვილი", "person"),
    ],
)
def test_a_name_says_a_kind_of_speaker_or_none(name, kind):
    assert parse(name).speaker_kind == kind


@pytest.mark.parametrize(
    ("short", "full", "fits"),
    [
        ("Mr Quill", "Rob Quill", True),
        ("Quill", "Rob Quill", True),
        ("Mr van der Berg", "Jan van der Berg", True),
        ("Ms Quill", "Rob Quill", False),
        ("Mr Quill", "Mara Quill", False),
        ("Mr Quill", "Rob Quillon", False),
        ("Mr Rob", "Ann Rob Quill", False),
        ("王先生", "王小海", True),
        ("李先生", "王小海", False),
        ("Mr Quill", "Quill Ltd", False),
    ],
)
def test_a_surname_is_short_for_a_full_name_that_begins_or_ends_with_it(short, full, fits):
    assert parse(short).may_be_short_for(parse(full)) is fits


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("National Quay Agency (NQA)", ("National Quay Agency", "NQA")),
        ("Bank of Pell (BoP)", ("Bank of Pell", "BoP")),
        ("Hafennachrichtendienst (HND)", ("Hafennachrichtendienst", "HND")),
        ("Labour (UK)", ("Labour (UK)", None)),
        ("Mara Quill (the mayor)", ("Mara Quill (the mayor)", None)),
        ("NQA", ("NQA", None)),
    ],
)
def test_a_bracketed_acronym_is_told_from_other_brackets(name, expected):
    assert split_acronym(name) == expected


@given(st.text(max_size=60))
@example("🄐")
def test_any_text_is_some_kind_of_name(text):
    parsed = parse(text)
    assert parsed == parse(text)
    assert plain(plain(text)) == plain(text)
    split_acronym(text)


@given(st.sampled_from(sorted(words()["titles"])), st.sampled_from(["Quill", "Vemm"]))
def test_no_title_makes_a_surname_identify_anybody(title, surname):
    assert not parse(f"{title.title()} {surname}").identifies


def test_word_lists_are_plain_and_groups_have_two_forms_or_more():
    for listed_words in words().values():
        assert all(plain(word) == word for word in listed_words)
    sizes = {}
    for numbers in given_name_groups().values():
        for number in numbers:
            sizes[number] = sizes.get(number, 0) + 1
    assert min(sizes.values()) >= 2


@pytest.mark.django_db
def test_postgresql_sets_aside_the_titles_and_letters_of_the_lists():
    lists = words()
    given = lists["male"] | lists["female"]
    compared = {t for t in lists["titles"] - lists["dotted_titles"] - given if len(t) > 1}
    names = {f"{title.title()}. Mara Quill" for title in compared | lists["dotted_titles"]}
    names |= {f"{title.upper()} Mara Quill" for title in compared}
    names |= {f"Mara Quill, {letters.upper()}" for letters in lists["postnominals"]}
    assert {name for name, key in Speaker.keys_of(names).items() if key != "mara quill"} == set()
    kept = {f"{title} Mara Quill" for title in lists["dotted_titles"] | (lists["titles"] & given)}
    kept |= {f"Mara Quill {which}" for which in lists["generations"]}
    assert "mara quill" not in Speaker.keys_of(kept).values()
    articles = {f"{article.title()} Harbour" for article in lists["articles"] - {"l'"}}
    articles.add("L’Harbour")
    assert set(Organisation.keys_of(articles).values()) == {"harbour"}


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("one", "other", "equal"),
    [
        ("The Rt Hon Kara Starling", "Kara Starling", True),
        ("Frau Dr. Kara Starling", "Dr Kara Starling", True),
        ("Kara Starling MBE", "KARA STARLING", True),
        ("The Right Honourable Kara Starling, MP", "Kara Starling", True),
        ("محمّد الخضري", "محمد الخضري", True),
        ("אָדָם כרמלי", "אדם כרמלי", True),
        ("陈小海先生", "陈小海", True),
        ("الدكتور محمد الخضري", "محمد الخضري", True),
        ("The Police", "police", True),
        ("Starling, Kara", "Kara Starling", False),  # proposed: "Smith, Jones" may be two people
        ("Mr Quill", "Quill", False),
        ("Mr Quill", "Mrs Quill", False),
        ("Kara Starling Jr", "Kara Starling", False),
        ("M. Q. Lund", "Q. Lund", False),
        ("Gen Sato Vell", "Sato Vell", False),
        ("王芳先生", "王芳", False),
        ("Dr", "", False),
        ("The", "", False),
    ],
)
def test_names_of_speakers_are_compared_without_titles(one, other, equal):
    keys = Speaker.keys_of([one, other])
    assert (keys[one] == keys[other]) is equal


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("one", "other", "equal"),
    [
        ("The National Quay Agency", "National Quay Agency", True),
        ("National Quay Agency (NQA)", "the national quay agency", True),
        ("L’Agence du port", "agence du port", True),
        ("Labour (UK)", "Labour", False),
        ("Dr Vell Ltd", "Vell Ltd", False),
        ("LA Times", "Times", False),
    ],
)
def test_names_of_organisations_are_compared_without_article_and_acronym(one, other, equal):
    keys = Organisation.keys_of([one, other])
    assert (keys[one] == keys[other]) is equal


@pytest.mark.django_db
@pytest.mark.parametrize("called", ["NQA", "The National Quay Agency", "National Quay Agency"])
def test_an_organisation_is_found_by_its_bracketed_acronym(called):
    body = Organisation.objects.create(name="National Quay Agency (NQA)")
    assert list(Organisation.objects.called(called)) == [body]


@pytest.mark.django_db
@given(
    st.one_of(
        st.text(max_size=60),
        st.lists(
            st.sampled_from(["Dr", "the", "L’", "Quill,", "MBE", "NQA", "(NQA)", "王芳先生"])
        ).map(" ".join),
    )
)
def test_a_key_is_part_of_the_folded_name(name):
    name = name.replace("\0", "")
    (folded,) = fold_all([name]).values()
    for model in (Speaker, Organisation):
        (key,) = model.keys_of([name]).values()
        assert key in folded


@pytest.mark.django_db
@given(st.lists(st.sampled_from(["Dr", "Sir", "MBE", "Mara", "Quill", "of", "王芳"]), min_size=1))
def test_a_key_is_its_own_key(parts):
    name = " ".join(parts)
    key = Speaker.keys_of([name])[name]
    assert Speaker.keys_of([key])[key] == key
