"""Measure proposed quotes against marked articles.

    python -m tests.corpus.extraction ../shared/corpus/articles.ndjson --errors

Reads any file in the corpus format: one article a line, with `text` and `quotes` (`start`, `end`,
`kind`, `speaker_as_printed`, `speaker`, `acceptable_speakers`, `role`, `organisation`, `cue`).
Marks of kind `scare` are nobody's words: to propose one is an error. Marks of kind `unsure` and
`ambiguous` ones count neither way. `indirect` marks are left out: they are not complete.
"""

import argparse
import json
import re
import resource
import sys
import time
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from math import sqrt
from pathlib import Path
from unicodedata import combining, normalize

from quotes.extraction import Proposal, propose

OVERLAP = 0.8
COUNTED = ("direct", "partial", "mixed")
SMALL = frozenset(["the", "a", "an", "of", "for", "and", "in", "at", "to", "on", "by"])
WORD = re.compile(r"[^\W_]+")
Z = 1.96  # of a 95 % interval


@dataclass
class Share:
    """Right out of all, with Wilson's interval."""

    right: int = 0
    of: int = 0

    def add(self, right: bool) -> bool:
        self.right += right
        self.of += 1
        return right

    @property
    def value(self) -> float:
        return self.right / self.of if self.of else 1.0

    def interval(self) -> tuple[float, float]:
        if not self.of:
            return 0.0, 1.0
        n, p = self.of, self.value
        middle = (p + Z * Z / (2 * n)) / (1 + Z * Z / n)
        half = Z * sqrt(p * (1 - p) / n + Z * Z / (4 * n * n)) / (1 + Z * Z / n)
        return middle - half, min(1.0, middle + half)

    def __str__(self) -> str:
        low, high = self.interval()
        return f"{self.value:.3f}  ({self.right} of {self.of}; {low:.2f} to {high:.2f})"


@dataclass
class Figures:
    articles: int = 0
    seconds: float = 0.0
    proposals: int = 0
    exact: Counter = field(default_factory=Counter)
    near: Counter = field(default_factory=Counter)
    shares: dict[str, Share] = field(default_factory=lambda: defaultdict(Share))
    rules: dict[str, dict[str, Share]] = field(
        default_factory=lambda: defaultdict(lambda: defaultdict(Share))
    )
    bands: dict[str, Share] = field(default_factory=lambda: defaultdict(Share))
    errors: list[str] = field(default_factory=list)

    def f1(self, how: str) -> float:
        counts = getattr(self, how)
        precision, recall = self.precision(how), self.recall(how)
        return 2 * precision * recall / (precision + recall) if counts["hit"] else 0.0

    def precision(self, how: str) -> float:
        counts = getattr(self, how)
        return counts["hit"] / max(1, counts["hit"] + counts["false"])

    def recall(self, how: str) -> float:
        counts = getattr(self, how)
        return counts["hit"] / max(1, counts["hit"] + counts["missed"])

    def share(self, name: str) -> float:
        return self.shares[name].value


def fold(text: str | None) -> str:
    plain = normalize("NFKD", (text or "").replace("’", "'"))
    return " ".join("".join(c for c in plain if not combining(c)).casefold().split())


def words_of(text: str | None) -> list[str]:
    return [
        w for w in WORD.findall(fold(text).replace("'s", "").replace("ł", "l")) if w not in SMALL
    ]


def same_name(ours: str | None, theirs: str | None) -> bool:
    return bool(ours) and bool(theirs) and sorted(words_of(ours)) == sorted(words_of(theirs))


def token_f(ours: str | None, theirs: str | None) -> float:
    a, b = Counter(words_of(ours)), Counter(words_of(theirs))
    shared = sum((a & b).values())
    return 2 * shared / (sum(a.values()) + sum(b.values())) if shared else 0.0


def acronym_of(short: str, full: str) -> bool:
    initials = "".join(w[0] for w in full.replace("-", " ").split() if w[0].isupper())
    return short.replace(".", "") == initials


def same_body(ours: str | None, theirs: str) -> bool:
    return bool(ours) and (
        same_name(ours, theirs) or acronym_of(ours, theirs) or acronym_of(theirs, ours)
    )


def printed_in(name: str, text: str) -> bool:
    return fold(name) in fold(text)


def overlap(a: tuple[int, int], b: tuple[int, int]) -> float:
    shared = min(a[1], b[1]) - max(a[0], b[0])
    return shared / max(a[1] - a[0], b[1] - b[0]) if shared > 0 else 0.0


def measure(path: Path, errors: bool = False) -> Figures:
    figures = Figures()
    with path.open(encoding="utf-8") as lines:
        articles = [json.loads(line) for line in lines if line.strip()]
    propose(articles[0]["text"], articles[0].get("language"))  # word lists are read once
    for article in articles:
        began = time.process_time()
        proposals = propose(article["text"], article.get("language"))
        figures.seconds += time.process_time() - began
        figures.articles += 1
        figures.proposals += len(proposals)
        _compare(figures, article, proposals, errors)
    return figures


def _compare(figures: Figures, article: dict, proposals: list[Proposal], errors: bool) -> None:
    text = article["text"]
    ours = [(span, p, i) for p in proposals for i, span in enumerate(p.spans)]
    marks = [q for q in article.get("quotes") or [] if q["kind"] != "indirect"]
    counted = [q for q in marks if q["kind"] in COUNTED]
    matched: set[int] = set()
    seen: set[tuple[int, int]] = set()
    also = defaultdict(list)  # a passage marked twice, said by one and passed on by another
    for mark in counted:
        also[mark["start"], mark["end"]].append(mark.get("speaker_as_printed"))
    for mark in counted:
        span = (mark["start"], mark["end"])
        best = max(range(len(ours)), key=lambda i: overlap(ours[i][0], span), default=None)
        near = best is not None and overlap(ours[best][0], span) >= OVERLAP
        exact = best is not None and ours[best][0] == span
        if near:
            matched.add(best)
        twice, seen = span in seen, seen | {span}
        if not mark.get("ambiguous") and not twice:
            figures.near["hit" if near else "missed"] += 1
            figures.exact["hit" if exact else "missed"] += 1
            if not near and errors:
                figures.errors.append(_line(article, mark, None, "missed"))
        mark = {**mark, "printed": also[span]}
        if near and not mark.get("ambiguous") and not twice:
            _compare_parts(figures, article, mark, ours[best][1], ours[best][2], errors)
    for i, (span, proposal, _) in enumerate(ours):
        if i in matched:
            continue
        if any(
            overlap(span, (q["start"], q["end"])) > 0
            and (q["kind"] == "unsure" or q.get("ambiguous"))
            for q in marks
        ):
            continue
        figures.near["false"] += 1
        figures.rules[proposal.rule]["span"].add(False)
        if not any(q["start"] == span[0] and q["end"] == span[1] for q in counted):
            figures.exact["false"] += 1
        if errors:
            figures.errors.append(
                _line(article, {"start": span[0], "end": span[1]}, proposal, "false")
            )
    for i in matched:
        figures.rules[ours[i][1].rule]["span"].add(True)
        if not any((q["start"], q["end"]) == ours[i][0] for q in counted):
            figures.exact["false"] += 1
    assert all(text[a:b].strip() for (a, b), _, _ in ours)


def _compare_parts(
    figures: Figures, article: dict, mark: dict, proposal: Proposal, part: int, errors: bool
) -> None:
    shares, rule = figures.shares, figures.rules[proposal.rule]
    printed = mark.get("speaker_as_printed")
    said = proposal.attribution.speaker
    wrong = []
    if (printed and said is None and part == 0) or (printed and said is not None):
        mine = words_of(said)
        names = [words_of(name) for name in mark["printed"] if name]
        right = any(sorted(mine) == sorted(name) for name in names)
        inside = bool(mine) and any(
            set(mine) <= set(name) or set(name) <= set(mine) for name in names
        )
        names_only = article.get("language", "en").startswith("en")
        if not names_only or article.get("whole_phrases"):  # marked with role and article
            right = inside
        shares["printed"].add(right)
        figures.bands[f"{proposal.band}, printed"].add(right)
        if not right:
            wrong.append(f"printed {said!r} for {printed!r}")
    if mark.get("speaker") or mark.get("acceptable_speakers"):
        names = [n for n in [mark.get("speaker"), *(mark.get("acceptable_speakers") or [])] if n]
        right = any(same_name(proposal.speaker, name) for name in names)
        shares["canonical"].add(right)
        rule["canonical"].add(right)
        figures.bands[proposal.band].add(right)
        if not right:
            wrong.append(f"speaker {proposal.speaker!r} for {mark['speaker']!r}")
        if mark.get("role"):
            role = token_f(proposal.role, mark["role"])
            shares["role, overlap"].add(role > 0)
            shares["role, words"].add(role >= 0.8)
            if role < 0.8:
                wrong.append(f"role {proposal.role!r} for {mark['role']!r}")
        else:
            shares["role, none printed"].add(not proposal.role)
            if proposal.role:
                wrong.append(f"role {proposal.role!r} for none")
        body = mark.get("organisation")
        if body and printed_in(body, article["text"]):
            right = shares["organisation"].add(same_body(proposal.organisation, body))
            if not right:
                wrong.append(f"organisation {proposal.organisation!r} for {body!r}")
        elif not body:
            shares["organisation, none"].add(not proposal.organisation)
            if proposal.organisation:
                wrong.append(f"organisation {proposal.organisation!r} for none")
    if mark.get("cue") and mark.get("attribution") != "implicit" and proposal.attribution.cue:
        cue = fold(proposal.attribution.cue)
        right = cue in fold(mark["cue"]) or fold(mark["cue"]) in cue
        if not shares["cue"].add(right):
            wrong.append(f"cue {proposal.attribution.cue!r} for {mark['cue']!r}")
    elif mark.get("cue") and mark.get("attribution") == "explicit" and part == 0:
        shares["cue"].add(False)
        wrong.append(f"cue None for {mark['cue']!r}")
    shares["kind"].add(proposal.kind == mark["kind"])
    if mark.get("via"):
        names = [step["name"] for step in proposal.via]
        shares["via"].add(any(fold(name) in fold(mark["via"]) for name in names))
    if wrong and errors:
        figures.errors.append(_line(article, mark, proposal, "; ".join(wrong)))


def _line(article: dict, mark: dict, proposal: Proposal | None, what: str) -> str:
    text, start, end = article["text"], mark["start"], mark["end"]
    words = " ".join(text[start:end].split())
    words = words if len(words) < 44 else f"{words[:28]}…{words[-12:]}"
    before = " ".join(text[max(0, start - 60) : start].split())
    after = " ".join(text[end : end + 50].split())
    rule = f" <{proposal.rule}>" if proposal else ""
    return f"{article.get('key')}: {what}{rule}\n      {before}[{words}]{after}"


def report(figures: Figures) -> str:
    lines = [f"{figures.articles} articles, {figures.proposals} proposals"]
    for how, name in (("near", f"overlap {OVERLAP}"), ("exact", "exact")):
        counts = getattr(figures, how)
        lines.append(
            f"spans, {name:12} F1 {figures.f1(how):.3f}  P {figures.precision(how):.3f}"
            f"  R {figures.recall(how):.3f}  {dict(counts)}"
        )
    lines += [f"{name:20} {share}" for name, share in sorted(figures.shares.items())]
    lines.append("by rule: spans that are quotes; speakers that are right")
    for rule, shares in sorted(figures.rules.items()):
        lines.append(f"  {rule:22} {shares['span']}   {shares['canonical']}")
    lines.append("by band: resolved speakers that are right; printed ones")
    for band in ("sure", "likely", "check"):
        lines.append(f"  {band:8} {figures.bands[band]}   {figures.bands[f'{band}, printed']}")
    if figures.seconds:
        lines.append(f"{figures.articles / figures.seconds:.0f} articles a second on one core")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    lines.append(f"{peak:.0f} MB at most, the Python process and the articles included")
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("files", nargs="+", type=Path, help="NDJSON files in the corpus format")
    parser.add_argument("--errors", action="store_true", help="list every error")
    options = parser.parse_args()
    for path in options.files:
        figures = measure(path, options.errors)
        sys.stdout.write(f"{path.name}: {report(figures)}\n")
        for error in figures.errors:
            sys.stdout.write(f"  {error}\n")


if __name__ == "__main__":
    main()
