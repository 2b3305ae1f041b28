"""Partial dates in words."""

from datetime import date


def in_words(partial: str) -> str:
    """`14 March 2026` for `2026-03-14`; `March 2026` or `2026` for a partial date."""
    year, *rest = (int(part) for part in partial.split("-"))
    if not rest:
        return str(year)
    day = date(year, rest[0], rest[1] if len(rest) > 1 else 1)
    written = f"{day:%B} {year}"
    return f"{rest[1]} {written}" if len(rest) > 1 else written


def day_of(time: str) -> str:
    """The day of a time (RFC 3339, UTC)."""
    return time[:10]
