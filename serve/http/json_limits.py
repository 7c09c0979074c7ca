"""Refuses JSON of more values than a route can need, before it is parsed. Knows nothing of what they mean.

A body of 20 MB may hold ten million of them. Parsed into Python's objects, with an error for each that does not fit,
they take minutes and gigabytes, in which no other thread gets its turn.
"""

from serve.errors import TooLarge


def check_json(text: bytes, *, max_values: int, max_nested: int | None = None) -> None:
    """Raises TooLarge if there may be more than `max_values`, or more than `max_nested` lists and objects among them.

    Counts commas and brackets, those in strings too: base64 has none.
    """
    num_nested = text.count(b"[") + text.count(b"{")
    if text.count(b",") + num_nested > max_values or (max_nested is not None and num_nested > max_nested):
        raise TooLarge(
            f"the JSON holds more than the {max_values:,} values, or lists of them, that are taken; send binary data"
        )
