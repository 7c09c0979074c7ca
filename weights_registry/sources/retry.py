"""Tries again what may go better next time, waiting longer each time. Knows no HTTP client."""

from __future__ import annotations

import logging
import random
import time
from collections.abc import Callable
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING

from weights_registry.errors import FetchError
from weights_registry.sources.settings import Transfer

if TYPE_CHECKING:
    from tenacity import RetryCallState

log = logging.getLogger(__name__)


class Transient(FetchError):
    """A failure that may pass. `retry_after_s` is the wait the server asked for, None if it did not."""

    def __init__(self, reason: str, *, retry_after_s: float | None = None) -> None:
        super().__init__(reason)
        self.retry_after_s = retry_after_s


def retry_after_s(header: str | None, *, now_s: float) -> float | None:
    """Seconds to wait by a Retry-After header, which holds seconds or an HTTP date; None if it says neither.

    `now_s` counts seconds since 1970 (UTC). Never negative. Source: RFC 9110, section 10.2.3.
    """
    text = (header or "").strip()
    if text.isascii() and text.isdigit():
        return float(text)
    try:
        return max(0.0, parsedate_to_datetime(text).timestamp() - now_s)
    except ValueError:
        return None


def wait_s(num_failures: int, asked_s: float | None, transfer: Transfer, *, draw: float) -> float:
    """Seconds to wait after that many failures in a row: what the server asked, else exponential with jitter.

    `draw` is uniform in 0..1. Processes that fail together come back spread over half of the interval.
    """
    interval_s = min(transfer.max_wait_s, transfer.backoff_s * 2 ** min(num_failures - 1, 60))
    backoff_s = interval_s * (1 + draw) / 2
    return backoff_s if asked_s is None else min(transfer.max_wait_s, max(asked_s, 0.0))


def keep_trying(attempt: Callable[[], None], *, num_bytes: Callable[[], int], transfer: Transfer) -> None:
    """Call `attempt` until it returns; a `Transient` failure is tried again, any other error leaves at once.

    Gives up after `transfer.max_attempts` failures in a row between which `num_bytes()` did not reach a new height,
    and raises FetchError with the last reason.
    """
    from tenacity import Retrying, retry_if_exception_type

    highest = num_bytes()
    num_failures = 0

    def counted() -> None:
        nonlocal highest, num_failures
        try:
            attempt()
        except Transient:
            reached = num_bytes()
            num_failures = 1 if reached > highest else num_failures + 1
            highest = max(highest, reached)
            raise

    def wait(state: RetryCallState) -> float:
        return wait_s(num_failures, _failure(state).retry_after_s, transfer, draw=random.random())

    retrying = Retrying(
        retry=retry_if_exception_type(Transient),
        stop=lambda _: num_failures >= transfer.max_attempts,
        wait=wait,
        sleep=time.sleep,
        before_sleep=_tell,
        reraise=True,
    )
    try:
        retrying(counted)
    except Transient as error:
        times = "once" if num_failures == 1 else f"{num_failures} times in a row"
        raise FetchError(f"failed {times}, at last: {error}") from error


def _failure(state: RetryCallState) -> Transient:
    error = state.outcome.exception() if state.outcome else None
    assert isinstance(error, Transient)
    return error


def _tell(state: RetryCallState) -> None:
    log.info("%s; trying again in %.1f s", _failure(state), state.upcoming_sleep)
