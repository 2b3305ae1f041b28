"""Texts that repeat themselves, and quotes of them: the costliest that anchoring has met.

A kind is the unit that a text repeats, and words of quotes. `tests/quotes/anchoring/test_budget.py`
counts the work for each; `tests/bench/hostile_texts.py` files texts of 2,000,000 characters.
"""

FLAG = "\U0001f1e6"


def words_times(unit: str, most: int = 60) -> list[str]:
    return [unit * (number + 1) for number in range(most)]


KINDS = {
    "flags": (FLAG, [FLAG * (2 * n + 1) for n in range(20)]),
    "the same two words": ("“aa bb,” said x. ", words_times("aa bb ")),
    "marked letters": ('"a" ', words_times("a ")),
    "ligatures of many letters": ("\ufdfa", ["صلى", "لله"]),
    "equal sentences": ("We close the quay in May, he said.\n", ["We close the quay"] * 60),
    "near sentences": ("We close the quay in May, he said.\n", ["We close the dock in June"] * 60),
    "one letter": ("a", words_times("a")),
    "joined emoji": ("\U0001f469\u200d", ["\U0001f469"] * 9),
    "families": ("\U0001f469\u200d\U0001f467 ", words_times("\U0001f469 ")),
    "jamo": ("\u1100", ["\u1100"] * 9),
    "syllables": ("한글 ", words_times("한글 ")),
    "conjuncts": ("क्", ["क"] * 9),
    "Hindi": ("उसने कहा, नहीं। ", words_times("उसने नहीं ")),
    "Thai": ("น้ำกล่าวว่าไม่", words_times("น้ำ")),
    "Chinese": ("他說不，", words_times("他說")),
    "one word": ("word ", words_times("word ")),
    "opening marks": ("“", ["a b c"] * 60),
    "nested marks": ("“a ‘b «c ", words_times("a b c ")),
    "apostrophes": ("'", words_times("' a ")),
    "words with apostrophes": ("it's 'a' ", words_times("it's a ")),
    "brackets": ("[", ["a [ b"] * 60),
    "notes": ("(applause) ", ["a (applause) b"] * 60),
    "time codes": ("a [00:12:03] ", words_times("a ")),
    "ampersands": ("&", ["a &amp;amp; b"] * 60),
    "tags": ("<a ", ["a <a b"] * 60),
    "combining marks": ("a" + "\u0301" * 300, words_times("a ")),
    "accents": ("e\u0301", words_times("é")),
    "ellipses": ("a b c ", [" … ".join(["a"] * 20)] * 20),
    "printed ellipses": ("a … ", words_times("a … ")),
    "dots": (". ", ["x . . . y"] * 60),
    "blanks": (" \u00a0", ["a b"] * 60),
    "lines": ("\n", ["a\nb"] * 60),
    "soft hyphens": ("a\u00adb ", words_times("ab ")),
    "attributions": ("« Ja, sade Lund, och nej - ", ["sade Lund nej"] * 60),
    "dash dialogue": ("\n– Ja, säger Lund, nej", words_times("Ja nej ")),
    "dashes and verbs": ("– said ", words_times("said ")),
    "dashes": ("-", ["a - b"] * 60),
    "labels": ("Lund: a b\n", words_times("a b ")),
    "questions": ("“a?” “b” ", words_times("a? b ")),
    "divided words": ("ab-\nba ", words_times("abba ")),
    "divided letters": ("a-\n", words_times("aa")),
    "signs": ("«a» b ", ['"a" ' + "-" * 50 + " b"] * 9),
    "stops": ("a.b ", words_times("a b ")),
    "digits": ("1", words_times("1")),
    "numbers": ("1,000 ", words_times("1,000 ")),
    "fractions": ("½", ["1/2", "12 x"] * 9),
    "superscripts": ("a¹", words_times("a1")),
    "capitals": ("WE CLOSE. ", words_times("we close. ")),
    "dotted capitals": ("İ ", words_times("i̇ ")),
}
