"""What a checkpoint says of each picture of a study; kept in parts, so that a study that was killed goes on.

Knows no study. Legend: N pictures, K categories.
"""

import os
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt
import torch

from training.data.pictures import FilePictures, Pictures
from training.data.tar_pictures import TarPictures
from training.errors import DataSetError, RunError
from training.runs.export import FILE
from training.studies.parts import Parts, Record
from weights_registry.inference.answers import Labelled, answers
from weights_registry.inference.classifier import Classifier
from weights_registry.wording import printable

NUM_IN_PART: Final = 1024

OnProgress = Callable[[int], None]


@dataclass(frozen=True, eq=False)
class FirstAnswers:
    """Of each picture the likeliest category, its probability (0 to 1), and whether the label is among five; (N,) each.

    `best_N` is -1 where a picture could not be read; `unreadable` says why.
    """

    labels_N: npt.NDArray[np.int64]
    best_N: npt.NDArray[np.int64]
    confidence_N: npt.NDArray[np.float64]
    hits5_N: npt.NDArray[np.bool_]
    unreadable: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class LogProbabilities:
    """Logarithms of all probabilities, float32 (N, K), and the labels (N,), of the pictures that can be read."""

    logs_NK: torch.Tensor
    labels_N: torch.Tensor
    unreadable: tuple[str, ...]


def weights_of(word: str) -> str | Path:
    """The weights that a person means: the file of a run if `word` is its folder, else a name or a file as it stands.

    Raises RunError for a folder without an exported file.
    """
    if not Path(word).is_dir():
        return word
    path = Path(word, FILE)
    if not path.is_file():
        raise RunError(f"`{word}` holds no `{FILE}`: a run writes it once its last epoch is done")
    return path


def name_of(pictures: Pictures, index: int) -> str:
    """What a picture is called: its path below the folder or within the tar file, or its number, counted from 0."""
    if isinstance(pictures, FilePictures):
        return printable(pictures.samples[index][0].relative_to(pictures.root).as_posix())
    if isinstance(pictures, TarPictures):
        return printable(pictures.samples[index][0].name)
    return f"picture {index}"


def first_answers(
    classifier: Classifier, pictures: Pictures, parts: Parts, *, on_progress: OnProgress = lambda num_images: None
) -> FirstAnswers:
    """The classifier's answers to all pictures; parts that are there already are taken as they are."""
    records = []
    for part in _parts_of(pictures):
        record = parts.get(_part_name(part))
        if record is None:
            record = _answer(classifier, pictures, part)
            parts.keep(_part_name(part), record)
        records.append(record)
        on_progress(len(part))
    return FirstAnswers(
        labels_N=np.array([each for record in records for each in record["labels"]], dtype=np.int64),
        best_N=np.array([each for record in records for each in record["best"]], dtype=np.int64),
        confidence_N=np.array([each for record in records for each in record["confidence"]], dtype=np.float64),
        hits5_N=np.array([each for record in records for each in record["hits5"]], dtype=bool),
        unreadable=tuple(each for record in records for each in record["unreadable"]),
    )


def log_probabilities(
    classifier: Classifier, pictures: Pictures, parts: Parts, *, on_progress: OnProgress = lambda num_images: None
) -> LogProbabilities:
    """All that the classifier says of all pictures, 4 bytes a picture and category, on disk as well until `clear`.

    Raises DataSetError if no picture can be read.
    """
    found, labels, unreadable = [], [], []
    for part in _parts_of(pictures):
        record, path = parts.get(_part_name(part)), _array_path(parts, part)
        if record is None or not path.is_file():
            record = _keep_logs(classifier, pictures, part, path)
            parts.keep(_part_name(part), record)
        found.append(torch.from_numpy(np.load(path)))
        labels += record["labels"]
        unreadable += record["unreadable"]
        on_progress(len(part))
    if not labels:
        raise DataSetError(f"no picture to measure on can be read: {unreadable[0] if unreadable else 'there is none'}")
    return LogProbabilities(torch.cat(found), torch.tensor(labels), tuple(unreadable))


def clear(parts: Parts, pictures: Pictures) -> None:
    """Remove the log-probabilities from the disk; they would be in the way of nothing but space."""
    for part in _parts_of(pictures):
        _array_path(parts, part).unlink(missing_ok=True)


def _answer(classifier: Classifier, pictures: Pictures, part: range) -> Record:
    record: Record = {"labels": [], "best": [], "confidence": [], "hits5": [], "unreadable": []}
    with closing(answers(classifier, _labelled(classifier, pictures, part))) as given:
        for index, answer in zip(part, given, strict=True):
            record["labels"].append(answer.truths[0])
            record["best"].append(answer.indices[0] if answer.indices else -1)
            record["confidence"].append(answer.probabilities[0] if answer.probabilities else 0.0)
            record["hits5"].append(answer.hit5)
            if answer.error is not None:
                record["unreadable"].append(f"`{name_of(pictures, index)}` cannot be used: {answer.error.reason}")
    return record


def _keep_logs(classifier: Classifier, pictures: Pictures, part: range, path: Path) -> Record:
    """Write the log-probabilities of a part, whole or not at all; what else is to be kept of it."""
    record: Record = {"labels": [], "unreadable": []}
    labels, rows = pictures.labels(), []
    with closing(classifier.stream(picture for picture, _ in _labelled(classifier, pictures, part))) as outcomes:
        for index, outcome in zip(part, outcomes, strict=True):
            if outcome.probabilities_K is None:
                reason = outcome.error.reason if outcome.error else ""
                record["unreadable"].append(f"`{name_of(pictures, index)}` cannot be used: {reason}")
            else:
                # Smaller than float32 has them, probabilities come as 0, whose logarithm no temperature could bear.
                rows.append(outcome.probabilities_K.clamp_min(torch.finfo(torch.float32).tiny).log())
                record["labels"].append(int(labels[index]))
    logs_NK = torch.stack(rows) if rows else torch.empty(0, len(classifier.checkpoint.labels))
    draft = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        with draft.open("wb") as file:
            np.save(file, logs_NK.numpy())
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)
    return record


def _labelled(classifier: Classifier, pictures: Pictures, part: range) -> Iterator[Labelled]:
    """The pictures of a part: files as they are, which the classifier's own threads decode; others are in memory."""
    num_channels = classifier.checkpoint.preprocessing.num_channels
    for index in part:
        if isinstance(pictures, FilePictures):
            path, label = pictures.samples[index]
            yield path, (label,)
        elif isinstance(pictures, TarPictures):
            yield pictures.content(index), (pictures.samples[index][1],)
        else:
            picture, label = pictures.read(index, num_channels=num_channels)
            yield picture, (label,)


def _parts_of(pictures: Pictures) -> list[range]:
    return [range(start, min(start + NUM_IN_PART, len(pictures))) for start in range(0, len(pictures), NUM_IN_PART)]


def _part_name(part: range) -> str:
    return f"pictures-{part.start:08}"


def _array_path(parts: Parts, part: range) -> Path:
    return parts.folder / f"{_part_name(part)}.npy"
