"""The engine on the CPU: portions side by side are the same as one after the other, and leave torch as it was."""

import signal
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from weights_registry.inference.engine import CPU_PORTION, Engine, portion_sizes
from weights_registry.inference.transforms import ImageTransforms
from weights_registry.preprocessing import Preprocessing

SIDE = 16


class Network(nn.Module):
    """A convolution and a mean; it cannot bear a picture whose first value is `poison`."""

    def __init__(self, *, poison: float | None = None) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.layers = nn.Sequential(nn.Conv2d(3, 8, 3), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten())
        self.poison = poison

    def forward(self, images_NCHW: torch.Tensor) -> Any:
        if self.poison is not None and (images_NCHW[:, 0, 0, 0] == self.poison).any():
            raise IndexError("poisoned")
        return self.layers(images_NCHW)


@pytest.fixture(autouse=True)
def torch_as_it_was() -> Iterator[None]:
    before = torch.get_num_threads()
    yield
    torch.set_num_threads(before)


def engine_of(network: nn.Module) -> Engine:
    transforms = ImageTransforms(Preprocessing(resize_size=SIDE, crop_size=SIDE))
    return Engine(network, transforms, device="cpu")


def pictures(number: int) -> torch.Tensor:
    return torch.randn(number, 3, SIDE, SIDE, generator=torch.Generator().manual_seed(number))


@pytest.mark.parametrize("num_threads", [1, 2, 3, 16])
def test_probabilities_do_not_depend_on_the_batch_or_on_the_threads(num_threads: int) -> None:
    engine = engine_of(Network())
    images_NCHW = pictures(19)
    torch.set_num_threads(1)
    one_by_one = torch.cat([engine.probabilities(each[None]) for each in images_NCHW])
    torch.set_num_threads(num_threads)
    for number in (1, 2, 3, 5, 19):
        torch.testing.assert_close(engine.probabilities(images_NCHW[:number]), one_by_one[:number])
        assert torch.get_num_threads() == num_threads


@given(st.integers(1, 300), st.integers(1, 8))
def test_portions_are_small_and_leave_no_picture_out(num_images: int, num_at_once: int) -> None:
    sizes = portion_sizes(num_images, num_at_once)
    assert sum(sizes) == num_images
    assert {*sizes} <= {1, CPU_PORTION}
    assert len(sizes) >= min(num_images, num_at_once)
    assert sizes == sorted(sizes, reverse=True)


@given(st.integers(1, 300), st.integers(1, 8), st.integers(CPU_PORTION + 1, 200))
def test_small_pictures_go_in_even_shares_that_leave_none_out(num_images: int, num_at_once: int, portion: int) -> None:
    sizes = portion_sizes(num_images, num_at_once, portion=portion)
    assert sum(sizes) == num_images
    assert max(sizes) <= min(portion, -(-num_images // num_at_once))
    assert len(set(sizes[:-1])) <= 1


@pytest.mark.parametrize("side", [1, 16, 28, 224])
def test_probabilities_are_the_softmax_of_the_logits(side: int) -> None:
    engine = engine_of(nn.Sequential(nn.Conv2d(3, 8, 1), nn.AdaptiveAvgPool2d(1), nn.Flatten()))
    images_NCHW = torch.randn(5, 3, side, side)
    torch.testing.assert_close(engine.probabilities(images_NCHW), engine.logits(images_NCHW).softmax(1))


def test_two_threads_share_a_batch_and_a_thread_that_comes_later_is_not_held_to_one() -> None:
    class Meeting(Network):
        def __init__(self) -> None:
            super().__init__()
            self.both_are_here = threading.Barrier(2)

        def forward(self, images_NCHW: torch.Tensor) -> Any:
            self.both_are_here.wait(30)
            return super().forward(images_NCHW)

    torch.set_num_threads(2)
    engine_of(Meeting()).probabilities(pictures(2))
    found: list[int] = []
    later = threading.Thread(target=lambda: found.append(torch.get_num_threads()))
    later.start()
    later.join()
    assert found == [2]


def test_a_thread_that_is_born_inside_of_the_network_is_not_held_to_a_part_of_the_threads() -> None:
    class Hiring(Network):
        """Each call starts a thread, which asks torch at once, and again when all is over."""

        def __init__(self) -> None:
            super().__init__()
            self.is_over = threading.Event()
            self.hired: list[threading.Thread] = []
            self.found: list[int] = []

        def forward(self, images_NCHW: torch.Tensor) -> Any:
            has_asked = threading.Event()

            def ask() -> None:
                self.found.append(torch.get_num_threads())
                has_asked.set()
                self.is_over.wait(30)
                self.found.append(torch.get_num_threads())

            thread = threading.Thread(target=ask)
            thread.start()
            self.hired.append(thread)
            has_asked.wait(30)
            return super().forward(images_NCHW)

    torch.set_num_threads(4)
    network = Hiring()
    engine = engine_of(network)
    engine.probabilities(pictures(4))
    engine.probabilities(pictures(2))
    network.is_over.set()
    for thread in network.hired:
        thread.join()
    assert network.found == [4] * 12


def test_each_of_the_threads_that_share_a_batch_has_its_part_in_every_batch() -> None:
    class Counting(Network):
        def __init__(self) -> None:
            super().__init__()
            self.seen: list[int] = []

        def forward(self, images_NCHW: torch.Tensor) -> Any:
            self.seen.append(torch.get_num_threads())
            return super().forward(images_NCHW)

    network = Counting()
    engine = engine_of(network)
    for num_threads, number, part in ((4, 4, 1), (4, 2, 2), (4, 3, 1), (2, 2, 1), (6, 2, 3), (4, 2, 2), (5, 1, 5)):
        torch.set_num_threads(num_threads)
        network.seen.clear()
        engine.probabilities(pictures(number))
        assert network.seen == [part] * number


def test_callers_at_a_time_do_not_wait_for_each_others_helpers() -> None:
    class Meeting(Network):
        """Goes on when four pictures are under way at a time, two of each caller."""

        def __init__(self) -> None:
            super().__init__()
            self.all_are_here = threading.Barrier(4)

        def forward(self, images_NCHW: torch.Tensor) -> Any:
            self.all_are_here.wait(20)
            return super().forward(images_NCHW)

    def call() -> None:
        answered.append(len(engine.probabilities(pictures(2))))

    torch.set_num_threads(2)
    for _ in range(20):  # threads that first ask torch for anything while helpers of others begin
        engine = engine_of(Meeting())
        answered: list[int] = []
        callers = [threading.Thread(target=call) for _ in range(2)]
        for caller in callers:
            caller.start()
        for caller in callers:
            caller.join()
        assert answered == [2, 2]


def test_ctrl_c_while_a_batch_is_under_way_leaves_torch_as_it_was_and_the_rest_of_the_batch_undone() -> None:
    class Interrupting(Network):
        """Ctrl-C comes while the caller waits for helpers, which go on when it is out."""

        def __init__(self) -> None:
            super().__init__()
            self.num_calls = 0
            self.is_first = threading.Lock()
            self.is_out = threading.Event()

        def forward(self, images_NCHW: torch.Tensor) -> Any:
            self.num_calls += 1
            if threading.current_thread() is not threading.main_thread():
                if self.is_first.acquire(blocking=False):
                    time.sleep(0.03)  # a caller that takes portions itself has done so by then
                    signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)
                self.is_out.wait(30)
            return super().forward(images_NCHW)

    torch.set_num_threads(2)
    network = Interrupting()
    engine = engine_of(network)
    try:
        with pytest.raises(KeyboardInterrupt):
            engine.probabilities(pictures(20))
        assert torch.get_num_threads() == 2
    finally:
        network.is_out.set()
    engine.probabilities(pictures(2))  # when the helpers are free
    assert network.num_calls <= 2 + 2


@pytest.mark.parametrize("index", [0, 10, 19])
def test_what_the_network_raises_in_any_portion_is_raised(index: int) -> None:
    engine = engine_of(Network(poison=99.0))
    images_NCHW = pictures(20)
    images_NCHW[index, 0, 0, 0] = 99.0
    torch.set_num_threads(2)
    with pytest.raises(IndexError, match="poisoned"):
        engine.probabilities(images_NCHW)
    assert torch.get_num_threads() == 2
    assert len(engine.probabilities(pictures(20))) == 20


def test_no_pictures_have_no_probabilities() -> None:
    assert engine_of(Network()).probabilities(pictures(0)).shape == (0, 8)
