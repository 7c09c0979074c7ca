"""How long is waited between attempts: pure arithmetic."""

from datetime import UTC, datetime
from email.utils import format_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from weights_registry.errors import FetchError, NotFoundError
from weights_registry.sources import Transfer
from weights_registry.sources.retry import Transient, keep_trying, retry_after_s, wait_s

NOW_S = 1_700_000_000.0
PATIENT = Transfer(backoff_s=0.5, max_wait_s=60)


def test_retry_after_may_be_seconds() -> None:
    assert retry_after_s("120", now_s=NOW_S) == 120


@pytest.mark.parametrize(("ahead_s", "wait"), [(90, 90), (-90, 0)])
def test_retry_after_may_be_a_date(ahead_s: int, wait: float) -> None:
    date = format_datetime(datetime.fromtimestamp(NOW_S + ahead_s, UTC), usegmt=True)
    assert retry_after_s(date, now_s=NOW_S) == wait


@pytest.mark.parametrize("header", [None, "", "soon", "-5", "1e9", "²"])
def test_a_retry_after_that_says_nothing_is_no_wait_at_all(header: str | None) -> None:
    assert retry_after_s(header, now_s=NOW_S) is None


@given(st.integers(1, 10_000), st.floats(0, 1))
def test_the_back_off_doubles_up_to_its_cap_and_jitters_downwards_by_half_at_most(failures: int, draw: float) -> None:
    full_s = min(60.0, 0.5 * 2.0 ** min(failures - 1, 100))
    assert full_s / 2 <= wait_s(failures, None, PATIENT, draw=draw) <= full_s


@given(st.integers(1, 100), st.floats(0, 1e9), st.floats(0, 1))
def test_a_wait_that_is_asked_for_is_kept_up_to_the_cap(failures: int, asked_s: float, draw: float) -> None:
    assert wait_s(failures, asked_s, PATIENT, draw=draw) == min(asked_s, 60)


@given(st.integers(1, 5))
def test_only_failures_without_progress_are_counted(max_attempts: int) -> None:
    heights = iter([10, 20, 30] + [30] * 100)
    here = 0
    calls = 0

    def attempt() -> None:
        nonlocal here, calls
        here = next(heights)
        calls += 1
        raise Transient("cut")

    with pytest.raises(FetchError, match="at last: cut"):
        keep_trying(
            attempt,
            num_bytes=lambda: here,
            transfer=Transfer(max_attempts=max_attempts, backoff_s=0),
        )
    assert calls == (1 if max_attempts == 1 else 2 + max_attempts)


def test_what_will_not_pass_is_not_tried_again() -> None:
    calls = []

    def attempt() -> None:
        calls.append(1)
        raise NotFoundError("gone")

    with pytest.raises(NotFoundError, match="gone"):
        keep_trying(attempt, num_bytes=lambda: 0, transfer=PATIENT)
    assert len(calls) == 1
