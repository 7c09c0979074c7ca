"""The plain facts of a card: what a checkpoint is, how to use it, where it comes from. Knows no figure of accuracy."""

from collections.abc import Mapping
from urllib.parse import unquote, urlsplit

from weights_registry.card import markdown
from weights_registry.card.metrics import SUBJECTS
from weights_registry.catalog import get_weights
from weights_registry.checkpoint import Checkpoint, Metrics
from weights_registry.errors import UnknownWeights
from weights_registry.wording import bytes_text


def what_it_is(checkpoint: Checkpoint) -> list[str]:
    """Paragraphs: the description, then size and reach as a table."""
    labels = checkpoint.labels
    some = ", ".join(labels.names[:3]) + (", ..." if len(labels) > 3 else "")
    facts = {
        "architecture": markdown.code(checkpoint.architecture),
        "parameters": f"{checkpoint.num_params:,}",
        "accuracy": "" if checkpoint.headline is None else _headline(checkpoint.headline),
        "GMACs": "" if checkpoint.gmacs is None else f"{checkpoint.gmacs:g} for one picture",
        "categories": f"{len(labels):,} ({markdown.code(labels.name)}): {markdown.text(some)}",
        "smallest input": f"{checkpoint.min_size[0]} x {checkpoint.min_size[1]} pixels",
    }
    return [markdown.text(checkpoint.description), _facts_table(facts)]


def _headline(metrics: Metrics) -> str:
    figure = f"{metrics.acc1:.3f} % acc@1 on {metrics.dataset} {metrics.split}, {metrics.kind} by {metrics.measured_by}"
    return markdown.text(figure if metrics.of == "this-file" else f"{figure}, of {SUBJECTS[metrics.of]}")


def use_it(checkpoint: Checkpoint) -> list[str]:
    """Paragraphs: three lines of Python, and what is fetched when they run first."""
    name = _python_text(name_to_type(checkpoint))
    lines = (
        "from weights_registry import Classifier",
        "",
        f"classifier = Classifier({name})",
        'print(classifier("photo.jpg").best)',
    )
    return ["\n".join(["```python", *lines, "```"]), *_first_use(checkpoint)]


def name_to_type(checkpoint: Checkpoint) -> str:
    """What finds this checkpoint: its id, or the file's name for a file of one's own that is registered under none."""
    if not checkpoint.url.startswith("file://") or not checkpoint.url.endswith(".safetensors"):
        return checkpoint.id
    try:
        is_registered = get_weights(checkpoint.id).checkpoint == checkpoint
    except UnknownWeights:
        is_registered = False
    return checkpoint.id if is_registered else file_name(checkpoint.url)


def file_name(url: str) -> str:
    """The last part of an address: the file's own name."""
    return unquote(urlsplit(url).path.rpartition("/")[2])


def where_from(checkpoint: Checkpoint) -> list[str]:
    """Paragraphs: the file and its digest, who made it and of what, and under which licences, as a table."""
    facts = {
        "file": _address(checkpoint.url),
        "mirrors": "; ".join(map(_address, checkpoint.mirrors)),
        "size": _size(checkpoint),
        "SHA-256": _digest(checkpoint),
        "recipe": "" if checkpoint.recipe is None else markdown.code(checkpoint.recipe),
        "lineage": "; then ".join(markdown.text(step) for step in checkpoint.lineage),
        "licence of the weights": markdown.text(checkpoint.weights_licence)
        + (f" ({markdown.text(checkpoint.weights_licence_source)})" if checkpoint.weights_licence_source else ""),
        "licence of the code": markdown.text(checkpoint.code_licence),
    }
    return [_facts_table(facts)]


def _facts_table(facts: Mapping[str, str]) -> str:
    return markdown.table(("fact", "value"), [(name, value) for name, value in facts.items() if value])


def _first_use(checkpoint: Checkpoint) -> list[str]:
    scheme, _, rest = checkpoint.url.partition("://")
    size = "" if checkpoint.num_bytes is None else f" {bytes_text(checkpoint.num_bytes)}"
    if scheme == "package":
        package = markdown.code(rest.partition("/")[0])
        return [f"The file is part of the Python package {package}: nothing is downloaded once that is installed."]
    if scheme == "file":
        return []
    return [f"The first use downloads{size}, checks the digest and keeps the file; later ones need no network."]


def _address(url: str) -> str:
    """An address to copy. Of a file of one's own only the name: a card is made to be shared."""
    if url.startswith("file://"):
        return f"{markdown.code(file_name(url))}, a file of one's own"
    return markdown.code(url)


def _size(checkpoint: Checkpoint) -> str:
    if checkpoint.num_bytes is None:
        return ""
    exact = f"{checkpoint.num_bytes:,} bytes"
    if checkpoint.num_bytes_tolerance:
        exact += f", right to within {checkpoint.num_bytes_tolerance:,}"
    return f"{bytes_text(checkpoint.num_bytes)} ({exact})"


def _digest(checkpoint: Checkpoint) -> str:
    if checkpoint.sha256 is None:
        return ""
    digest = markdown.code(checkpoint.sha256)
    return digest if len(checkpoint.sha256) == 64 else f"begins with {digest}; no more of it is published"


def _python_text(plain: str) -> str:
    """A Python literal in double quotes, in ASCII, which can end neither the line nor the block."""
    quoted = ascii(plain)[1:-1].replace("\\'", "'").replace('"', '\\"')
    return f'"{quoted}"'
