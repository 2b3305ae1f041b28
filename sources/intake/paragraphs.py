"""The paragraphs of marked-up text, as a person would copy them."""

import re
from collections.abc import Callable

from sources.intake.elements import Element, name_of

OF_HTML = (
    "address article blockquote body caption center dd details div dl dt fieldset footer form h1 h2"
    " h3 h4 h5 h6 header hgroup hr html li main nav ol p pre section summary table tbody tfoot"
    " thead tr ul"
)
OF_NITF = "abstract block body.content bq byline credit dateline hedline hl1 hl2 note tagline"
OF_TEI = "head item list quote row"  # as trafilatura writes it
BLOCKS = frozenset(f"{OF_HTML} {OF_NITF} {OF_TEI}".split())
BREAKS = frozenset({"br", "lb"})
CELLS = frozenset({"td", "th", "cell"})

WHITE = re.compile(r"[ \t\n\r\f\v]+")
BREAK, CELL = "\N{LINE SEPARATOR}", "\N{PARAGRAPH SEPARATOR}"
"""The end of a line and of a cell, while a paragraph is put together."""

type Skips = Callable[[Element], bool]


def paragraphs_of(root: Element, skips: Skips = lambda element: False) -> list[str]:
    """Return the text of an element by paragraphs, without what `skips` says.

    White space is collapsed as browsers do; a line break stays one, and two part paragraphs.
    The walk is not recursive, so that no nesting is too deep for it.
    """
    found: list[str] = []
    pieces: list[str] = []

    def close() -> None:
        text = WHITE.sub(" ", "".join(pieces))
        pieces.clear()
        for part in re.split(rf"(?: ?{BREAK}){{2,}}", text):
            lines = [re.sub(rf" ?{CELL} ?", "\t", line).strip() for line in part.split(BREAK)]
            if paragraph := "\n".join(line for line in lines if line):
                found.append(paragraph)

    todo: list[tuple[str, Element]] = [("open", root)]
    while todo:
        step, element = todo.pop()
        name = name_of(element)
        if step == "open":
            skipped = not name or skips(element)
            if not skipped:
                if name in BLOCKS:
                    close()
                elif name in BREAKS:
                    pieces.append(BREAK)
                elif name in CELLS and element.getprevious() is not None:
                    pieces.append(CELL)
                pieces.append(element.text or "")
            if element is not root:
                todo.append(("tail", element))
            if not skipped:
                todo.append(("close", element))
                todo.extend(("open", child) for child in reversed(element))
        elif step == "close":
            if name in BLOCKS:
                close()
        else:
            pieces.append(element.tail or "")
    close()
    return found


def words_of(element: Element | None) -> str:
    """The text of an element on one line, as far as possible; empty for none."""
    return "" if element is None else " ".join(paragraphs_of(element))
