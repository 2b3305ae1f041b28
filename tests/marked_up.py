"""Texts of all that is read when words are cleaned for searches."""

from hypothesis import strategies as st

LETTERS = "a b é И \u0306 ß 码 頭 ท \u0e48 ש \u05b8 क \u094d ب \u064b 1 ½ \u1112 \u1161 \u11ab"
SIGNS = "- - \u2010 \xad \u200b \u200d | & ; # x41 [ ( ] ) … ."
REFERENCES = "&amp; &shy; &eacute; &Aacute; &#39; &#xe9; &#8230; &bogus; &#1114112; &#55296;"


def marked_up() -> st.SearchStrategy[str]:
    pieces = f"{LETTERS} {SIGNS} {REFERENCES} &#x110000;".split()
    return st.lists(st.sampled_from([*pieces, " ", "\n", "\r", "\f", "\u2028"]), max_size=14).map(
        "".join
    )
