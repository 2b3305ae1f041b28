"""Synthetic filings by the thousand, like those of a newspaper's archive."""

# ruff: noqa: SIM905 - words are read more easily than lists of strings

from itertools import accumulate
from random import Random

OUTLETS = 40
ORGANISATIONS = 600
SPEAKERS = 4_000

WORDS = (
    "the a of to in and for on at with from by after before over under until while because that "
    "council harbour bridge ferry budget school hospital river tunnel quarry station library "
    "committee inspector engineer mayor teacher farmer pilot driver nurse tenant union market "
    "winter summer morning evening week month year report plan rule price grant debt repair flood "
    "storm power water road train bus cable tower garden forest island village city county region "
    "new old late early safe broken open closed public private local northern southern quiet "
    "costly honest careful second third final we they nobody everybody will would must should "
    "cannot never always again still open close pay build mend wait hope warn ask vote leave "
    "return agree refuse measure promise finish begin"
).split()
RARE = ("café", "naïve", "coöperation", "façade", "it’s", "– after all –", "the board’s")
FIRST = (
    "Ada Bo Cleo Dag Edda Finn Greta Hugo Ines Jory Kaja Lars Mara Nils Oona Per Rhea Sten Tove "
    "Ulf Vera Wilf Ylva Zeno Åsa Élodie Óscar Şirin"
).split()
LAST = (
    "Abel Birch Crane Dove Elm Frost Gale Heath Ivory Jansen Kirk Lund Moss North Oake Pike Quill "
    "Reed Stone Thorn Upton Vane Wold Yarrow Zander Håkansson Müller Núñez O’Dell Sørby"
).split()
PLACES = (
    "Ashby Brack Corrow Dunmere Eastholm Farley Glenmoor Harrow Inver Kelso Linden Marrow Norbury "
    "Oldcastle Penrose Quarrie Redhill Selby Tarn Westerby"
).split()
BODIES = (
    "Council|Water Board|Port Authority|Teachers’ Union|Hospital Trust|Rail|University|Police|"
    "Chamber of Commerce|Farmers’ League|Housing Association|Fire Service|Museum|Energy"
).split("|")
ROLES = (
    "chief executive|director|head of operations|spokeswoman|chair|deputy chair|chief engineer|"
    "minister for transport|general secretary|professor of hydrology|harbour master|treasurer|"
    "councillor for the northern ward|founder|head of research|regional manager"
).split("|")
CUES = "said|says|told the board|added|warned|argued|wrote|insisted".split("|")
LANGUAGES = ("en", "en", "en-GB", None)
KINDS = ("direct", "direct", "direct", "partial", "partial", "split")


class Newsroom:
    """Outlets, organisations and speakers of filings; few speak often, most rarely (Zipf's law)."""

    def __init__(self, random: Random):
        self.random = random
        bodies = [f"{place} {body}" for place in PLACES for body in BODIES]
        self.bodies = [f"{b} {n}" if n else b for n in range(3) for b in bodies][:ORGANISATIONS]
        people = [f"{first} {last}" for first in FIRST for last in LAST]
        people += [f"{f} {middle}. {last}" for middle in "KLMN" for f in FIRST for last in LAST]
        random.shuffle(people)
        self.people = [
            (name, random.choice(ROLES), random.choice(self.bodies)) for name in people[:SPEAKERS]
        ]
        self.often = list(accumulate(1 / rank for rank in range(1, len(self.people) + 1)))
        self.outlets = [f"The {place} {kind}" for kind in ("Post", "Herald") for place in PLACES]

    def filing(self, number: int) -> dict:
        """One article of 2 to 6 kB with 4 to 12 quotes."""
        random = self.random
        paragraphs, quotes = [], []
        curly = random.random() < 0.7
        wanted, length = random.randint(4, 12), random.randint(2_000, 6_000)
        day = f"20{random.randint(10, 25)}-{random.randint(1, 12):02}-{random.randint(1, 28):02}"
        while len(quotes) < wanted:
            paragraph, quote = self._quote(curly)
            paragraphs.append(paragraph)
            quotes.append(quote)
        while sum(map(len, paragraphs)) < length:
            paragraphs.insert(
                random.randrange(len(paragraphs) + 1),
                " ".join(self._sentence() + "." for _ in range(random.randint(1, 4))),
            )
        outlet = random.choice(self.outlets)
        filing = {
            "outlet": outlet,
            "url": f"https://{outlet.lower().replace(' ', '-')}.example/{day[:4]}/{number}",
            "headline": self._sentence(),
            "byline": [f"{random.choice(FIRST)} {random.choice(LAST)}"],
            "published": random.choice((*[day] * 8, day[:7], day[:4], f"{day}T09:30:00+01:00")),
            "language": random.choice(LANGUAGES),
            "text": "\n\n".join(paragraphs),
            "quotes": quotes,
        }
        if random.random() < 0.3:
            filing["external_id"] = f"cms-{number}"
        return filing

    def _sentence(self, least: int = 8, most: int = 22) -> str:
        words = self.random.choices(WORDS, k=self.random.randint(least, most))
        if len(words) > 12 and self.random.random() < 0.5:
            words[5] += ","
        if self.random.random() < 0.07:
            words[3] = self.random.choice(RARE)
        return " ".join(words).capitalize()

    def _quote(self, curly: bool) -> tuple[str, dict]:
        """A paragraph that prints a quote, and the quote as filed."""
        random = self.random
        name, role, body = random.choices(self.people, cum_weights=self.often)[0]
        surname, cue = name.split()[-1], random.choice(CUES)
        left, right = "“”" if curly else '""'
        kind = random.choice(KINDS)
        if kind == "partial":
            text = self._sentence(4, 9).lower()
            paragraph = f"{self._sentence()}, {cue} {name}, who called it {left}{text}{right}."
        elif kind == "split":
            first, second = self._sentence() + ",", self._sentence() + "."
            text = f"{first} {second}"
            paragraph = f"{left}{first}{right} {cue} {name}, {role}. {left}{second}{right}"
        else:
            text = " ".join(self._sentence() + "." for _ in range(random.randint(1, 3)))
            paragraph = f"{left}{text[:-1]},{right} {cue} {name}. {self._sentence()}."
            text = f"{text[:-1]},"
        if random.random() < 0.5:  # as typed on a keyboard, whatever is printed
            text = text.replace("’", "'").replace("–", "-")
        quote = {
            "text": text,
            "kind": "partial" if kind == "partial" else "direct",
            "speaker": name,
            "role": role,
            "organisation": body,
            "attribution": {"text": f"{cue} {name}", "speaker": surname, "cue": cue},
            "status": "published",
        }
        chance = random.random()
        if chance < 0.1:
            quote |= {"speaker": f"a {body} spokesperson", "speaker_kind": "unnamed", "role": None}
        elif chance < 0.2:
            del quote["role"], quote["organisation"]
        elif chance < 0.25:
            quote["speaker"] = None
        if random.random() < 0.15:
            quote["via"] = [{"kind": "told", "name": random.choice(self.outlets)}]
        if random.random() < 0.2:
            quote["said"] = random.choice(("2024-03", "2019", "2023-11-02"))
        return paragraph, quote
