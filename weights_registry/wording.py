"""Sizes and counts as people read them, and text that is safe to print. Knows nothing of checkpoints."""


def printable(text: str) -> str:
    """`text` on one line, safe for a terminal: what is not printable (line ends, escape codes) is spelled out."""
    if text.isprintable():
        return text
    return "".join(each if each.isprintable() else each.encode("unicode_escape").decode() for each in text)


def bytes_text(num_bytes: int | None) -> str:
    """A size as people read it: `97.8 MB`, in steps of 1000."""
    if num_bytes is None:
        return "?"
    return f"{num_bytes / 1e6:.1f} MB" if num_bytes < 1e9 else f"{num_bytes / 1e9:.2f} GB"


def count_text(count: int) -> str:
    """A count as people read it: `25.6M`."""
    return f"{count / 1e6:.1f}M" if count >= 1e6 else f"{count / 1e3:.1f}k" if count >= 1e4 else str(count)
