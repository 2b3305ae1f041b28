"""The words of made-up articles, by language: short lists of real ones and how others are formed.

Real words inflect as they do, so that what stems by language has something to stem. Made-up ones
take the same endings.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from random import Random


@dataclass(frozen=True, eq=False)
class Language:
    tags: tuple[str, ...]  # as articles name it, the most frequent first
    little: str  # the words met most, in that order
    inflected: dict[str, str]  # endings, with | between, and the stems that take them
    syllables: str
    endings: tuple[str, ...]  # of made-up words
    cues: str
    that: str  # begins indirect speech
    about: str  # of indirect speech with words in quote marks
    firsts: str
    lasts: str
    places: str
    bodies: str
    roles: str
    papers: str
    title: str
    spokesperson: str
    collective: str
    marks: tuple[tuple[str, str, str, str], ...]
    """Quote marks, apostrophe and dash, as outlets print them; the first are most outlets'."""

    def words(self) -> list[str]:
        """Its real words: the most frequent, then others in every form."""
        forms = [
            stem + ending
            for endings, stems in self.inflected.items()
            for stem in stems.split()
            for ending in endings.split("|")
        ]
        return [*dict.fromkeys([*self.little.split(), *forms])]

    def made_up(self, random: Random, number: int) -> Iterator[str]:
        """Yield made-up words: a few stems, each in all its forms. Some may come twice."""
        syllables, made = self.syllables.split(), 0
        while made < number:
            stem = "".join(random.choices(syllables, k=2 + (random.random() < 0.4)))
            for ending in random.choice(self.endings).split("|"):
                yield stem + ending
                made += 1


CURLY, STRAIGHT = ("“", "”", "’", "–"), ('"', '"', "'", "-")

ENGLISH = Language(
    tags=("en", "en-GB", "en-US"),
    little=(
        "the of to and a in that is for we it on was with he as they at be by will this not have "
        "are from has but I you an their or our more been all would there were who what which when "
        "if so can no people my us them his her must should one do up out about after before never "
        "it’s don’t we’re can’t – nobody because than then now only very well just every still"
    ),
    inflected={
        "|s|ed|ing": (
            "ask open repair return vote work need wait warn look report help talk start turn call "
            "plant mend fail listen explain follow want learn play order train answer visit deliver"
        ),
        "e|es|ed|ing": "clos measur promis manag believ decid agre refus chang hop us argu provid",
        "y|ies|ied|ying": "stud carr den worr suppl appl",
        "|s": (
            "council harbour bridge school hospital river tunnel quarry station inspector engineer "
            "mayor teacher farmer pilot driver nurse tenant union market winter summer morning "
            "week month year plan rule price grant debt flood storm road bus tower garden forest "
            "island village board budget child house home law minister government court judge"
        ),
        "y|ies": "librar count cit part compan famil polic inquir ferr authorit",
        "|er|est|ly": "quick slow quiet loud strong weak new old clear safe poor rich hard",
    },
    syllables="ba bel cor dan der eli fen gar hol il jan ka lor mun nor ost per qua ril sto tam",
    endings=("|s", "|s|ed|ing", "e|es|ed|ing", "y|ies", "|ly", "ation|ations", "ness", "er|ers"),
    cues="said|says|told the board|added|warned|argued|wrote|insisted",
    that="that",
    about="spoke of",
    firsts=(
        "Ada Bo Cleo Dag Edda Finn Greta Hugo Ines Jory Kaja Lars "
        "Mara Nils Oona Per Rhea Sten Tove "
        "Ulf Vera Wilf Ylva Zeno Åsa Harriet Imran Nadia Oliver Priya Ruth Samuel Tariq Una Walter"
    ),
    lasts=(
        "Abel Birch Crane Dove Elm Frost Gale Heath Ivory Jansen Kirk Lund Moss North Oake Pike "
        "Quill Reed Stone Thorn Upton Vane Wold Yarrow Håkansson O’Dell Sørby Achebe Malik Nair"
    ),
    places=(
        "Ashby Brack Corrow Dunmere Eastholm Farley Glenmoor Harrow Inver Kelso Linden Marrow "
        "Norbury Oldcastle Penrose Quarrie Redhill Selby Tarn Westerby"
    ),
    bodies=(
        "Council|Water Board|Port Authority|Teachers’ Union|Hospital Trust|Rail|University|Police|"
        "Chamber of Commerce|Farmers’ League|Housing Association|Fire Service|Museum|Energy"
    ),
    roles=(
        "chief executive|director|head of operations|chair|deputy chair|chief engineer|"
        "minister for transport|general secretary|professor of hydrology|harbour master|treasurer|"
        "councillor for the northern ward|founder|head of research|regional manager|mayor"
    ),
    papers="Post|Herald|News|Courier|Gazette",
    title="Mr",
    spokesperson="a {} spokesperson",
    collective="{} residents",
    marks=(CURLY, CURLY, STRAIGHT, ("‘", "’", "’", "—")),
)

GERMAN = Language(
    tags=("de", "de-AT", "de-CH"),
    little=(
        "die der und in zu den das nicht von sie ist des sich mit dem dass er es ein ich auf so "
        "eine auch als an nach wie im für man aber aus durch wenn nur war noch werden bei hat wir "
        "was wird sein einen welche sind oder zur um haben einer mir über ihm diese einem ihr uns "
        "da zum kann doch vor dieser mich ihn du hatte seine mehr am denn nun unter sehr selbst – "
        "schon hier bis habe ihre dann ihnen seiner alle wieder meine gegen müssen jetzt können"
    ),
    inflected={
        "en|t|te|ten|end": (
            "sag mach frag bau hol hör kauf leb lern lieb prüf such wähl zahl zeig zähl brauch "
            "spiel stell stimm warn wohn"
        ),
        "|e|en|er|es": "klein neu alt gut lang kurz stark schwach sicher ruhig billig streng still",
        "|en": "Frau Schulung Zeitung Wohnung Prüfung Regierung Entscheidung Meinung Zahlung",
        "|e|en|es": "Tag Jahr Weg Preis Plan Brief Beruf Kreis Markt Sturm Fluss",
        "e|en": "Straß Schul Brück Farm Woch Stund Frag Kirch Küst",
        "|s|n": "Bürger Lehrer Fahrer Minister Richter Kläger Hafen Garten Winter Sommer",
        "haus|hauses|häuser|häusern": "Kranken Rat Wohn Kauf Schul",
    },
    syllables="ber bach dorf ei feld gar hal ing kel lau mar nau ol pfen rei schu stei tra wal zie",
    endings=("|e|en", "ung|ungen", "en|t|te|ten", "heit|heiten", "lich|liche|lichen", "|s|es"),
    cues="sagte|erklärte|betonte|warnte|schrieb|meinte",
    that="dass",
    about="sprach von",
    firsts=(
        "Anke Bernd Carla Dieter Elke Frieda Günther Heike Ingo Jürgen Käthe Lothar Moritz Nele "
        "Otto Paula Ralf Sabine Torsten Ulrike Volker Wiebke Yusuf Zeynep"
    ),
    lasts=(
        "Ahrens Böhm Claasen Dietz Ebert Fuchs Groß Hahn Jäger Kühn Lenz Müller Nölle Özdemir "
        "Pohl Quast Richter Schäfer Thiele Uhl Vogt Weiß Yılmaz Zöller"
    ),
    places=(
        "Altenau Birkfeld Daunheim Elmsbach Förde Grünau Hainburg Kaltental Lindau Moorhof Neuwied "
        "Oberstein Rothal Seebach Tannwald Weiden"
    ),
    bodies=(
        "Stadtrat|Wasserwerke|Hafenamt|Lehrerverband|Klinikum|Verkehrsbetriebe|Universität|Polizei|"
        "Handelskammer|Bauernverband|Wohnungsbau|Feuerwehr|Museum|Stadtwerke"
    ),
    roles=(
        "Geschäftsführerin|Direktor|Vorsitzende|stellvertretender Vorsitzender|Bürgermeister|"
        "Ministerin für Verkehr|Generalsekretär|Professorin für Hydrologie|Schatzmeister|"
        "Stadträtin|Gründer|Leiterin der Forschung|Sprecherin des Vorstands"
    ),
    papers="Zeitung|Anzeiger|Nachrichten|Rundschau",
    title="Herr",
    spokesperson="Sprecher von {}",
    collective="Anwohner von {}",
    marks=(("„", "“", "’", "–"), ("„", "“", "’", "–"), ("»", "«", "’", "–"), STRAIGHT),
)

FRENCH = Language(
    tags=("fr", "fr-CA", "fr-BE"),
    little=(
        "de la le et les des en un du une que est pour qui dans a par plus pas au sur ne se ce il "
        "sont avec nous on mais aux ou cette elle comme été fait leur "
        "ont bien y sans peut deux ans "
        "ces tout même après encore être avant ils où si vous notre "
        "je faut – aussi jamais toujours "
        "c’est n’est qu’il l’eau d’un personne rien parce très doit entre depuis contre ici puis"
    ),
    inflected={
        "er|e|ent|é|ée|ons|ait": (
            "ferm parl vot travaill demand aid cherch donn gard jou mont pass port press refus "
            "rest trouv compt expliqu coût"
        ),
        "ir|it|issent|i|ie|issait": "fin chois bât réuss obé avert sais",
        "|s": (
            "maire port pont école ville rivière marché hiver matin semaine mois projet règle prix "
            "route train bus tour jardin forêt île village budget enfant maison loi ministre juge"
        ),
        "|e|s|es": "petit grand fort seul clair vert ouvert public content prudent important",
        "al|aux": "journ hôpit can loc région génér",
        "tion|tions": "ques solu sta situa ac na élec rela",
    },
    syllables="ba bro cha dou é fi gra jo lan mon nou oi par qui ro sai tour ver vil zé",
    endings=("|s", "|e|s|es", "er|e|ent|é", "ment|ments", "tion|tions", "eur|eurs", "age|ages"),
    cues="a déclaré|a dit|affirme|a prévenu|explique|écrit",
    that="que",
    about="a évoqué",
    firsts=(
        "Alice Benoît Chloé Didier Élodie François Gaëlle Henri Inès Jérôme Karim Léa Mathieu "
        "Noémie Olivier Pascal Rachida Sébastien Thérèse Vincent Yasmine Zoé"
    ),
    lasts=(
        "Aubert Bonnet Cédille Delmas Estève Faure Gauthier Hébert Jolivet Lefèvre Morel Noël "
        "Perrin Quéré Renaud Sénéchal Thibault Vasseur Benali Traoré"
    ),
    places=(
        "Aubrac Belleroche Chantemer Dourville Évigny Fontaine Grisolles Hautmont Lorival "
        "Marsanne Nérac Orbeil Pontvieux Rivesol Sauvigny Valmer"
    ),
    bodies=(
        "mairie de {}|Régie des eaux de {}|Port de {}|Syndicat des enseignants de {}|Hôpital de {}|"
        "Université de {}|Police de {}|Chambre de commerce de {}|Musée de {}|Pompiers de {}"
    ),
    roles=(
        "directrice générale|directeur|présidente|vice-président|ministre des Transports|maire|"
        "secrétaire générale|professeure d’hydrologie|trésorier|conseillère municipale|fondateur|"
        "responsable de la recherche|porte-parole"
    ),
    papers="Journal|Courrier|Dépêche|Écho",
    title="M.",
    spokesperson="porte-parole : {}",
    collective="riverains de {}",
    marks=(("« ", " »", "’", "–"), ("« ", " »", "’", "–"), CURLY, STRAIGHT),
)

SPANISH = Language(
    tags=("es", "es-MX", "es-AR"),
    little=(
        "de la que el en y a los se del las un por con no una su para es al lo como más o pero sus "
        "le ha me si sin sobre este ya entre cuando todo esta ser "
        "son dos también fue había era muy "
        "años hasta desde está mi porque qué sólo han yo hay vez "
        "puede todos así nos ni parte tiene "
        "él uno donde bien tiempo mismo ese ahora cada nadie – nunca siempre debemos queremos aquí"
    ),
    inflected={
        "ar|a|an|ó|aron|ando|amos": (
            "cerr habl vot trabaj pregunt ayud busc cambi espec esper "
            "esc gan lleg llev mir necesit "
            "pag pas qued tom avis explic"
        ),
        "er|e|en|ió|ieron|iendo|emos": "comprend respond vend aprend deb tem promet",
        "o|a|os|as": "nuev viej pequeñ buen mal segur públic lent rápid clar tranquil car barat",
        "|s": (
            "puerto puente escuela hospitale río mercado invierno verano mañana semana proyecto "
            "regla precio carretera calle autobuse torre bosque isla pueblo casa ley ministro juez"
        ),
        "ción|ciones": "na elec esta situa solu rela inversi informa",
        "dad|dades": "ciu uni seguri universi",
    },
    syllables="al be cas do es fue gar hue illo jo lan mon nie o par que ro san tor val zo",
    endings=("|s", "o|a|os|as", "ar|a|an|ó", "ción|ciones", "dad|dades", "mente", "ero|eros"),
    cues="dijo|afirmó|advirtió|explicó|señaló|escribió",
    that="que",
    about="habló de",
    firsts=(
        "Ana Beatriz Camilo Diego Elena Fermín Gloria Héctor Inés Joaquín Lucía Martín Nuria Óscar "
        "Pilar Ramón Sofía Tomás Úrsula Valentín Ximena Yolanda"
    ),
    lasts=(
        "Álvarez Benítez Castaño Durán Echeverría Fuentes Gómez Herrera Ibáñez Jiménez Lozano "
        "Muñoz Núñez Ortega Peña Quiroga Ríos Sánchez Tejada Zúñiga"
    ),
    places=(
        "Alcorán Barranca Cañada Duratón Ermita Fuensanta Gandul Herrería Lobera Mirador Nogales "
        "Olmedo Peñalta Ribera Sotillo Valdera"
    ),
    bodies=(
        "Ayuntamiento de {}|Aguas de {}|Puerto de {}|Sindicato de Maestros de {}|Hospital de {}|"
        "Universidad de {}|Policía de {}|Cámara de Comercio de {}|Museo de {}|Bomberos de {}"
    ),
    roles=(
        "directora general|director|presidenta|vicepresidente|ministra de Transportes|alcalde|"
        "secretario general|catedrática de hidrología|tesorero|concejala|fundador|"
        "jefa de investigación|portavoz del consejo"
    ),
    papers="Diario|Correo|Noticias|Heraldo",
    title="Sr.",
    spokesperson="portavoz: {}",
    collective="vecinos de {}",
    marks=(("«", "»", "’", "–"), CURLY, CURLY, STRAIGHT),
)

LANGUAGES = {ENGLISH: 60, GERMAN: 15, FRENCH: 14, SPANISH: 11}
"""And how many of a hundred articles are written in each."""
