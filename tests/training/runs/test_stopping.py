"""A signal sets a flag, once, and afterwards signals do again what they did."""

import os
import signal
import threading

import pytest

from training.runs.stopping import StopWish, stop_wishes


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_is_noted_and_interrupts_nothing(number: signal.Signals) -> None:
    before = signal.getsignal(number)
    with stop_wishes() as wish:
        assert wish.signal == 0
        os.kill(os.getpid(), number)
        assert wish.signal == number
    assert signal.getsignal(number) is before


def test_a_second_one_does_what_it_did_before() -> None:
    with stop_wishes() as wish:
        os.kill(os.getpid(), signal.SIGINT)
        assert wish.signal == signal.SIGINT
        with pytest.raises(KeyboardInterrupt):
            os.kill(os.getpid(), signal.SIGINT)


def test_outside_the_main_thread_nothing_is_touched() -> None:
    found: list[StopWish] = []

    def enter() -> None:
        with stop_wishes() as wish:
            found.append(wish)

    before = signal.getsignal(signal.SIGTERM)
    thread = threading.Thread(target=enter)
    thread.start()
    thread.join()
    assert found[0].signal == 0
    assert signal.getsignal(signal.SIGTERM) is before
