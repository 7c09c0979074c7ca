"""What the environment and the caller decide about fetching: patience, mirrors, no network. Knows no protocol."""

import os
from dataclasses import dataclass
from typing import Self, TypeVar

from weights_registry.checkpoint import check_url

OFFLINE_VARIABLE = "WEIGHTS_REGISTRY_OFFLINE"
MIRROR_VARIABLE = "WEIGHTS_REGISTRY_MIRROR"
TIMEOUT_VARIABLE = "WEIGHTS_REGISTRY_TIMEOUT_S"
ATTEMPTS_VARIABLE = "WEIGHTS_REGISTRY_ATTEMPTS"

_Number = TypeVar("_Number", int, float)

_YES = ("1", "true", "yes", "on")
_NO = ("", "0", "false", "no", "off")


@dataclass(frozen=True, slots=True, kw_only=True)
class Transfer:
    """How patiently one file is fetched over HTTP. Times are in seconds.

    `connect_timeout_s` bounds the wait for a connection, `read_timeout_s` a silence of the server (not the whole
    transfer). `max_attempts` counts failures in a row that brought no new byte: a line that breaks every 10 MB still
    gets there. The wait before the n-th new attempt is drawn from the upper half of `backoff_s` x 2^(n-1);
    neither that nor a server's Retry-After ever exceeds `max_wait_s`. Raises ValueError for a value out of range.
    """

    connect_timeout_s: float = 10.0
    read_timeout_s: float = 30.0
    max_attempts: int = 5
    backoff_s: float = 0.5
    max_wait_s: float = 60.0

    def __post_init__(self) -> None:
        for field in ("connect_timeout_s", "read_timeout_s"):
            if not getattr(self, field) > 0:
                raise ValueError(f"`{field}` must be above 0 seconds, not `{getattr(self, field)}`")
        for field in ("backoff_s", "max_wait_s"):
            if not getattr(self, field) >= 0:
                raise ValueError(f"`{field}` must not be negative, as `{getattr(self, field)}` seconds is")
        if self.max_attempts < 1:
            raise ValueError(f"`max_attempts` must be 1 or more, not `{self.max_attempts}`")

    @classmethod
    def from_environment(cls) -> Self:
        """The defaults, with both timeouts from WEIGHTS_REGISTRY_TIMEOUT_S and the count from ..._ATTEMPTS if set.

        Raises ValueError, naming the variable, if one holds no usable number.
        """
        timeout_s = _number(TIMEOUT_VARIABLE, float, cls().read_timeout_s)
        connect_timeout_s = _number(TIMEOUT_VARIABLE, float, cls().connect_timeout_s)
        max_attempts = _number(ATTEMPTS_VARIABLE, int, cls().max_attempts)
        return cls(connect_timeout_s=connect_timeout_s, read_timeout_s=timeout_s, max_attempts=max_attempts)


def is_offline() -> bool:
    """Whether WEIGHTS_REGISTRY_OFFLINE switches the network off. Raises ValueError if it is neither yes nor no."""
    value = os.environ.get(OFFLINE_VARIABLE, "").strip().lower()
    if value not in _YES + _NO:
        raise ValueError(f"`{OFFLINE_VARIABLE}` must be 1 or 0, not `{value}`")
    return value in _YES


def is_hub_offline() -> bool:
    """Whether the Hub may not be asked: our own variable, or HF_HUB_OFFLINE."""
    return is_offline() or os.environ.get("HF_HUB_OFFLINE", "").strip().lower() in _YES


def mirror_prefixes() -> tuple[str, ...]:
    """URL prefixes out of WEIGHTS_REGISTRY_MIRROR (comma separated), without closing slashes.

    Raises ValueError, naming the variable, if one is no address that bytes may come from.
    """
    prefixes = [prefix.strip().rstrip("/") for prefix in os.environ.get(MIRROR_VARIABLE, "").split(",")]
    for prefix in filter(None, prefixes):
        try:
            check_url(prefix)
        except ValueError as error:
            raise ValueError(f"`{MIRROR_VARIABLE}`: {error}") from None
    return tuple(filter(None, prefixes))


def _number(variable: str, kind: type[_Number], default: _Number) -> _Number:
    text = os.environ.get(variable, "").strip()
    if not text:
        return default
    try:
        value = kind(text)
    except ValueError:
        value = kind(0)
    if not value > 0:
        raise ValueError(f"`{variable}` must be a number above 0, not `{text}`")
    return value
