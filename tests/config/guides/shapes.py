"""What a document shows of an answer, and how the answer differs from it; `…` is anything."""

import json
import re


def shape_of(shown: str):
    """JSON of a document, in which `…` stands for any value, member or element, and in a string
    for any words."""
    opened, written = [], ""
    for part in re.findall(r'"(?:[^"\\]|\\.)*"|…|.', shown, re.DOTALL):
        if part in "{[":
            opened.append(part)
        elif part in "}]":
            opened.pop()
        elif part == "…":
            member = opened[-1:] == ["{"] and not written.rstrip().endswith(":")
            part = '"…": "…"' if member else '"…"'
        written += part
    return json.loads(written)


def differences(shown, real, place: str = "") -> list[str]:
    """How JSON differs in shape from what is shown: the same members, values of the same type.

    Every element of a list has the shape of one that is shown; without `…` there are as many.
    """
    if shown == "…":
        return []
    if type(shown) is not type(real) and not (shown is None or real is None):
        return [f"{place}: {type(real).__name__}, shown as {type(shown).__name__}"]
    if (shown is None) != (real is None):
        return [f"{place}: {real!r:.60}, shown as {shown!r:.60}"]
    if isinstance(shown, dict):
        missing = shown.keys() - real.keys() - {"…"}
        more = set() if "…" in shown else real.keys() - shown.keys()
        found = [f"{place}: no {name}" for name in missing]
        found += [f"{place}: {name} is not shown" for name in more]
        for name in shown.keys() & real.keys():
            found += differences(shown[name], real[name], f"{place}/{name}")
        return found
    if isinstance(shown, list):
        kinds = [one for one in shown if one != "…"]
        if len(real) < len(kinds) or ("…" not in shown and len(real) > len(kinds)):
            return [f"{place}: {len(real)} elements, shown with {len(kinds)}"]
        found = [[differences(kind, one, place) for kind in kinds] for one in real]
        return next((min(each, key=len) for each in found if each and all(each)), [])
    return []


def differs_as_text(shown: str, real: str) -> str | None:
    """The first line that is not as shown; `…` stands for anything, alone for any lines."""
    lines = [re.escape(line).replace("…", ".*") for line in shown.rstrip("\n").split("\n")]
    pattern = "\n".join("(?:.*\n?)*" if line == ".*" else line for line in lines)
    if re.fullmatch(pattern, real.rstrip("\n")):
        return None
    there = real.split("\n")
    return next(
        (
            f"{line!r} is not in the output"
            for line in lines
            if not any(re.fullmatch(line, one) for one in there)
        ),
        f"not in this order: {real}",
    )
