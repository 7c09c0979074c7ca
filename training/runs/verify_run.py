"""Is an exported file what it says of itself? Measured again, on the same pictures. Knows nothing of training."""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from training.data.dataset import open_data_set
from training.data.feeding import EvaluationSet, evaluation_loader
from training.distributed import joined
from training.errors import RunError
from training.learning.scores import Scores, score
from training.recipes.record import from_dict
from training.runs.export import FILE
from training.runs.runlog import RunLog
from weights_registry.checkpoint import Metrics

# Other hardware rounds otherwise: torchvision saw 69.760 to 69.762 by the number of GPUs (pytorch/vision#4559).
TOLERANCE: Final = 0.05


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What the file says, and what was found by all processes; `is_first` in the one that is to tell it."""

    stated: Metrics
    found: Scores
    is_first: bool = True

    @property
    def holds(self) -> bool:
        """Whether as many pictures gave the same accuracies, within 0.05 percentage points."""
        pairs = ((self.stated.acc1, self.found.acc1), (self.stated.acc5, self.found.acc5))
        same_pictures = self.stated.num_images == self.found.num_images
        return same_pictures and all(a is None or abs(a - b) <= TOLERANCE for a, b in pairs)


def verify_run(
    folder: Path, data: str, *, categories: str | None = None, device: str | None = None, num_workers: int = 0
) -> Verdict:
    """Evaluate the exported file of a run again, on the pictures that `data` names, shared out between the processes.

    Raises RunError if nothing was exported or the pictures are not those of the run, and what loading a file raises.
    """
    import weights_registry

    header, _ = RunLog(folder).read()
    path = folder / FILE
    if not path.is_file():
        raise RunError(f"`{folder}` holds no `{FILE}`: a run writes it once its last epoch is done")
    opened = open_data_set(data, categories=categories)
    found, stated = opened.eval.fingerprint(), header["data"]["fingerprint"][header["data"]["eval_split"]]
    if found != stated:
        raise RunError(
            f"`{data}` holds other pictures to measure on than the run saw: expected {stated}, found {found}"
        )
    loaded = weights_registry.load(path)
    with joined(device) as process:
        part = EvaluationSet(
            opened.eval,
            from_dict(header["recipe"]),
            process=process.number,
            num_processes=process.num_processes,
        )
        batches = evaluation_loader(part, batch_size=64, num_workers=num_workers)
        scores = score(loaded.model.to(process.device), batches, loaded.checkpoint.preprocessing, device=process.device)
    return Verdict(stated=loaded.metrics[0], found=scores, is_first=process.is_first)
