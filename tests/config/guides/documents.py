"""README and guides as tests read them: tokens and blocks of each document.

The fence of a block says what it is: a language, and perhaps a word after it.
"""

from functools import cache
from pathlib import Path
from typing import NamedTuple

from django.conf import settings
from markdown_it import MarkdownIt
from markdown_it.token import Token

from config.guides.views import GUIDES

BASE = Path(settings.BASE_DIR)
FOLDER = BASE / "config" / "guides"
README = BASE / "README.md"
DOCUMENTS = {"README": README} | {name: FOLDER / f"{name}.md" for name in GUIDES}


class Block(NamedTuple):
    language: str
    mark: str
    code: str
    line: int


@cache
def tokens_of(document: str) -> list[Token]:
    return MarkdownIt().enable("table").parse(DOCUMENTS[document].read_text("utf-8"))


@cache
def blocks(document: str) -> list[Block]:
    fences = [token for token in tokens_of(document) if token.type == "fence"]
    return [
        Block(*(*fence.info.split(), "", "")[:2], fence.content, fence.map[0] + 1)
        for fence in fences
    ]
