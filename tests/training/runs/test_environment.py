"""A run's log names the processor and the versions that it ran on, by the names that measurements use."""

import torch

from training.runs.environment import hardware, versions
from weights_registry.surroundings import PACKAGES, cpu_name


def test_a_run_on_a_cpu_names_its_model() -> None:
    found = hardware(torch.device("cpu"), num_processes=2)
    assert (found["device"], found["name"], found["num_processes"]) == ("cpu", cpu_name(), 2)


def test_versions_are_of_all_that_can_change_a_result() -> None:
    assert [*versions()][: len(PACKAGES) + 1] == ["python", *PACKAGES]
    assert ("cuda" in versions()) == (torch.version.cuda is not None)
