"""The words of made-up articles by language: the most frequent ones, and how others are formed."""

from typing import NamedTuple


class Language(NamedTuple):
    """Lists are separated by spaces, or by | if their items hold spaces."""

    share: int  # of a hundred articles
    tags: str  # as articles name it, the most frequent first
    common: str  # words, the most frequent first
    syllables: str
    endings: str  # the forms of a made-up word, with | between: searches stem them
    cues: str
    firsts: str
    lasts: str
    papers: str  # each with a place
    bodies: str  # organisations, each with a place
    roles: str  # without apostrophes; none has all words of another, so any two conflict
    title: str
    marks: str
    """Quote marks, apostrophe and dash, as outlets print them."""


ENGLISH = Language(
    share=60,
    tags="en en-GB en-US",
    common=(
        "the of to and a in that is for we it on was with he as they at be by will this not have "
        "are from has but I you our more all would who what when if can no people must never it’s "
        "don’t – because only every council harbour bridge schools river month plan planned prices"
    ),
    syllables="ba bel cor dan der eli fen gar hol il jan ka lor mun nor ost per qua ril sto tam",
    endings="|s |s|ed|ing e|es|ed|ing y|ies |ly ation|ations ness er|ers",
    cues="said|says|told the board|added|warned|argued|wrote|insisted",
    firsts="Ada Mara Bo Cleo Edda Finn Greta Hugo Ines Jory Nils Oona Åsa Imran Nadia Ruth",
    lasts="Quill Birch Crane Dove Frost Heath Kirk Lund Moss Håkansson O’Dell Sørby Malik",
    papers="{} Post|{} Herald|{} News|{} Courier|{} Gazette",
    bodies="{} Council|{} Water Board|{} Teachers’ Union|{} Rail|{} University|{} Police|{} Energy",
    roles="director|mayor|chief executive|professor of hydrology|minister for transport|treasurer",
    title="Mr",
    marks='“”’– “”’– ""\'- ‘’’—',
)
GERMAN = Language(
    share=15,
    tags="de de-AT de-CH",
    common=(
        "die der und in zu den das nicht von sie ist des sich mit dem dass er es ein ich auf so "
        "eine auch als an nach wie im für man aber aus durch wenn nur war noch werden bei hat wir "
        "was wird sein sind über uns kann doch mehr am – müssen können Straße Schulen Brücken neue"
    ),
    syllables="ber bach dorf ei feld gar hal ing kel lau mar nau ol pfen rei schu tra wal zie",
    endings="|e|en ung|ungen en|t|te|ten heit|heiten lich|liche|lichen |s|es",
    cues="sagte|erklärte|betonte|warnte|schrieb|meinte",
    firsts="Anke Bernd Carla Elke Günther Jürgen Käthe Lothar Moritz Nele Otto Yusuf Zeynep",
    lasts="Böhm Dietz Fuchs Groß Jäger Kühn Lenz Müller Nölle Özdemir Schäfer Weiß Yılmaz",
    papers="{} Zeitung|{} Anzeiger|{} Nachrichten|{} Rundschau",
    bodies="{} Stadtrat|{} Wasserwerke|{} Lehrerverband|{} Klinikum|{} Universität|{} Polizei",
    roles="Direktor|Bürgermeister|Geschäftsführerin|Professorin für Hydrologie|Schatzmeister",
    title="Herr",
    marks='„“’– „“’– »«’– ""\'-',
)
FRENCH = Language(
    share=14,
    tags="fr fr-CA fr-BE",
    common=(
        "de la le et les des en un du une que est pour qui dans a par plus pas au sur ne se ce il "
        "sont avec nous on mais aux ou cette elle comme été fait leur ont bien y sans peut deux "
        "tout même c’est n’est qu’il l’eau d’un – jamais très faut écoles marché prix rivière île"
    ),
    syllables="ba bro cha dou é fi gra jo lan mon nou oi par qui ro sai tour ver vil zé",
    endings="|s |e|s|es er|e|ent|é ment|ments tion|tions eur|eurs age|ages",
    cues="a déclaré|a dit|affirme|a prévenu|explique|écrit",
    firsts="Alice Benoît Chloé Élodie François Gaëlle Inès Jérôme Karim Léa Noémie Rachida",
    lasts="Aubert Bonnet Cédille Estève Gauthier Hébert Lefèvre Morel Noël Sénéchal Traoré",
    papers="Journal de {}|Courrier de {}|Dépêche de {}|Écho de {}",
    bodies="mairie de {}|Régie des eaux de {}|Hôpital de {}|Université de {}|Police de {}",
    roles="maire|présidente|directrice générale|professeure de droit|trésorier|fondateur",
    title="M.",
    marks='«»’– «»’– “”’– ""\'-',
)
SPANISH = Language(
    share=11,
    tags="es es-MX es-AR",
    common=(
        "de la que el en y a los se del las un por con no una su para es al lo como más o pero sus "
        "le ha me si sin sobre este ya entre cuando todo esta ser son dos también fue había era "
        "muy años hasta está qué sólo – nunca debemos queremos puentes escuela río precios ciudad"
    ),
    syllables="al be cas do es fue gar hue illo jo lan mon nie o par que ro san tor val zo",
    endings="|s o|a|os|as ar|a|an|ó ción|ciones dad|dades mente ero|eros",
    cues="dijo|afirmó|advirtió|explicó|señaló|escribió",
    firsts="Ana Beatriz Camilo Elena Fermín Héctor Inés Joaquín Lucía Martín Óscar Sofía",
    lasts="Álvarez Benítez Castaño Durán Fuentes Gómez Ibáñez Lozano Muñoz Núñez Peña Zúñiga",
    papers="Diario de {}|Correo de {}|Noticias de {}|Heraldo de {}",
    bodies="Ayuntamiento de {}|Aguas de {}|Hospital de {}|Universidad de {}|Policía de {}",
    roles="alcalde|presidenta|directora general|catedrática de hidrología|tesorero|fundador",
    title="Sr.",
    marks='«»’– “”’– “”’– ""\'-',
)
LANGUAGES = (ENGLISH, GERMAN, FRENCH, SPANISH)
