"""Ten made-up articles, which the tests of each format write down in its own way."""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Story:
    key: str
    headline: str
    byline: tuple[str, ...]
    paragraphs: tuple[str, ...]
    published: str
    modified: str
    language: str
    outlet: str
    rights: str = ""
    url: str = field(default="")

    @property
    def address(self) -> str:
        return self.url or f"https://{self.outlet.lower().replace(' ', '')}.example/{self.key}"

    @property
    def text(self) -> str:
        return "\n\n".join(self.paragraphs)


STORIES = (
    Story(
        "harbour-wall",
        "North wall of Torrigan harbour to close for a year",
        ("Noor Aldaine",),
        (
            "The north wall of Torrigan harbour will close in May, the port authority said on "
            "Tuesday, after surveys found cracks below the waterline.",
            "“We had no choice,” said Mara Quill, the harbour master. “The wall moves when the "
            "tide does, and it should not.”",
            "“No boat will be left without a berth.”",
            "Some forty boats are to move to the east basin. The ferry will land at Skerrow until "
            "the work is done, which the authority expects in the spring of next year.",
        ),
        "2026-03-10T14:05:00+00:00",
        "2026-03-10T16:40:00+00:00",
        "en-GB",
        "The Harbour Post",
        "© 2026 Harbour Post Ltd",
    ),
    Story(
        "school-meals",
        "Council votes to keep free school meals",
        ("Ada Lund", "Tom Reyes"),
        (
            "Free meals stay on the menu at all of Harrow Sound’s primary schools, councillors "
            "decided by 21 votes to 18 on Thursday night.",
            "Ingrid Pellow, who leads the council, told the meeting: “A child who is hungry at "
            "ten learns nothing at eleven.”",
            "Her opponents had proposed to charge families who earn more than £40,000 a year. "
            "Peter Dace, their leader, called the vote “a bill that our grandchildren will pay”.",
            "The meals cost £3.2m a year & feed some 6,400 pupils.",
        ),
        "2026-02-05T22:31:00+00:00",
        "2026-02-06T07:02:00+00:00",
        "en-GB",
        "Harrow Sound Courier",
    ),
    Story(
        "tram-strike",
        "Tram drivers call off strike after all-night talks",
        ("Sam Okoro",),
        (
            "A strike that would have stopped every tram in Kelby from Monday was called off at "
            "dawn on Saturday, six hours before a deadline set by the drivers’ union.",
            "“We got the rest breaks. That was what this was about,” said Dolores Vane, the "
            "union’s secretary.",
            "The operator, Kelby Tramways, said it would hire 60 drivers by September; its chief "
            "executive, Hugh Marsh, thanked “both sides for staying in the room”.",
        ),
        "2026-06-13T06:12:00-04:00",
        "2026-06-13T06:12:00-04:00",
        "en-US",
        "Kelby Ledger",
        "Copyright 2026 Kelby Ledger. All rights reserved.",
    ),
    Story(
        "klinik",
        "Klinik in Altenried bleibt geöffnet",
        ("Jana Röder",),
        (
            "Die Klinik in Altenried wird nicht geschlossen. Das teilte der Landkreis am Mittwoch "
            "nach einer Sitzung mit, die bis in den Abend dauerte.",
            "„Wir haben das Geld für drei Jahre“, sagte Landrätin Petra Ostheim. „Danach müssen "
            "Bund und Land entscheiden, was ihnen ein Krankenhaus wert ist.“",
            "Die 240 Beschäftigten hatten seit Wochen vor dem Kreishaus demonstriert. Ein Sprecher "
            "der Gewerkschaft nannte den Beschluss „eine Atempause“.",
        ),
        "2026-04-22T19:45:00+02:00",
        "2026-04-23T08:00:00+02:00",
        "de",
        "Altenrieder Zeitung",
        "© Altenrieder Zeitung 2026",
    ),
    Story(
        "pont",
        "Le pont de Valbourg rouvrira en juin",
        ("Léa Morvan", "Karim Benali"),
        (
            "Fermé depuis deux ans, le pont de Valbourg rouvrira le 12 juin, a annoncé lundi la "
            "maire de la ville, à l’issue d’une visite du chantier.",
            "« Nous avons tenu le budget, et presque tenu les délais », a déclaré Hélène "
            "Carpentier devant une cinquantaine de riverains.",
            "Le chantier a coûté 14,6 millions d’euros. Les bus circuleront dès le premier jour ; "
            "les camions devront attendre l’automne.",
        ),
        "2026-05-04T12:00:00+02:00",
        "2026-05-04T17:20:00+02:00",
        "fr",
        "La Gazette de Valbourg",
    ),
    Story(
        "puerto",
        "El puerto de Rocamar prohíbe los cruceros en verano",
        ("Inés Calvo",),
        (
            "El puerto de Rocamar no recibirá cruceros entre junio y septiembre, según el acuerdo "
            "que aprobó el viernes el pleno del ayuntamiento.",
            "«No es una guerra contra el turismo; es una defensa de la ciudad», dijo la alcaldesa, "
            "Marta Sorribes.",
            "Los comerciantes del paseo anunciaron un recurso. Su portavoz, Julio Prats, habló de "
            "«una decisión tomada de espaldas al barrio».",
        ),
        "2026-01-30T20:15:00+01:00",
        "2026-01-31T09:00:00+01:00",
        "es",
        "Diario de Rocamar",
        "© Diario de Rocamar, S.L.",
    ),
    Story(
        "ferje",
        "Ferjen til Nordvåg innstilles i vinter",
        ("Kari Moe",),
        (
            "Ferjen mellom Skarvik og Nordvåg skal ikke gå fra november til mars, opplyser "
            "fylkeskommunen i en pressemelding tirsdag.",
            "– Vi kan ikke sende folk ut på havet i en båt uten reservemotor, sier "
            "samferdselssjef Leif Åsen.",
            "På Nordvåg bor det 312 mennesker. – Hvem skal kjøre barna til skolen, spør Tone "
            "Hauge, som driver butikken på øya.",
        ),
        "2026-09-15T10:30:00+02:00",
        "2026-09-15T12:00:00+02:00",
        "nb-NO",
        "Skarvik Avis",
    ),
    Story(
        "reactor-inquiry",
        "Inquiry finds warning on reactor valve was ignored",
        ("Priya Nand", "O’Brien Walsh"),
        (
            "Engineers at the Stannow reactor warned of a faulty valve 14 months before it failed, "
            "and their report was filed unread, a public inquiry has found.",
            "Dame Ruth Keeling, who chaired it, said: “It was not that nobody knew. It was that "
            "nobody who knew was asked.”",
            "The valve’s makers, Orme & Daughters, said they “accept every line” of the report. "
            "Three managers have resigned.",
            "The regulator wants 5 < n < 9 inspectors at every site; it has two.",
        ),
        "2026-07-01T00:01:00+01:00",
        "2026-07-01T11:25:00+01:00",
        "en",
        "Torrigan Wire",
        "© Torrigan Wire 2026",
    ),
    Story(
        "orchestra",
        "City orchestra names first chief conductor from its own ranks",
        ("Bea Lindqvist",),
        (
            "Viola player Tomasz Wrona will lead the Kelby Philharmonic from the autumn, the first "
            "of its own musicians to do so in 88 years.",
            "“I know where every one of them breathes,” he said at a rehearsal on Sunday, to "
            "laughter from the second desk.",
            "His first season opens on 3 October with Sibelius and a new piece by Amara Osei.",
        ),
        "2026-05-17T18:00:00-04:00",
        "2026-05-17T18:00:00-04:00",
        "en-US",
        "Kelby Ledger",
        "Copyright 2026 Kelby Ledger. All rights reserved.",
    ),
    Story(
        "wolf",
        "Farmers and ranger at odds over wolf on Skerrow",
        ("Noor Aldaine",),
        (
            "A wolf has been photographed on Skerrow for the first time in two centuries, and the "
            "island cannot agree whether that is good news.",
            "“It swam. Think about that: it swam,” said Finn Abara, the ranger who set up the "
            "camera.",
            "“My sheep can’t swim,” said Greta Holm, who keeps 200 of them on the western slope.",
            "The parliament’s environment committee will hear both on 9 December.",
        ),
        "2026-11-20T08:00:00+00:00",
        "2026-11-21T10:15:00+00:00",
        "en-GB",
        "The Harbour Post",
        "© 2026 Harbour Post Ltd",
    ),
)
