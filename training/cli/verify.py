"""`reproduce-weights verify RUN`: whether the file of a run is what it says. torch is imported once it begins."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from training.cli.command import Command, add_json, add_workers
from training.cli.output import pairs, put, put_json

if TYPE_CHECKING:
    from training.runs.verify_run import Verdict


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("run", type=Path, metavar="RUN", help="folder of a run, such as runs/resnet50-v2-seed0")
    parser.add_argument("--data", required=True, metavar="DATA", help="what the run was measured on; as for train")
    parser.add_argument("--categories", metavar="SET", help="as for train")
    parser.add_argument("--device", choices=("cuda", "cpu"), help="default: cuda where there is a GPU")
    add_workers(parser)
    add_json(parser)


def _run(args: argparse.Namespace) -> int:
    from training.runs.verify_run import verify_run

    verdict = verify_run(args.run, args.data, categories=args.categories, device=args.device, num_workers=args.workers)
    if verdict.is_first:
        if args.json:
            put_json(_record(verdict))
        else:
            put("holds" if verdict.holds else "does not hold", *pairs(_rows(verdict)))
    return 0 if verdict.holds else 1


def _record(verdict: "Verdict") -> dict[str, Any]:
    stated, found = verdict.stated, verdict.found
    return {
        "holds": verdict.holds,
        "stated": {"acc1": stated.acc1, "acc5": stated.acc5, "num_images": stated.num_images},
        "found": {**found.record(), "unreadable": list(found.unreadable)},
    }


def _rows(verdict: "Verdict") -> list[tuple[str, str, str]]:
    stated, found = verdict.stated, verdict.found
    rows = [
        ("acc@1", f"{found.acc1:.3f}", _beside(stated.acc1, found.interval1)),
        ("acc@5", f"{found.acc5:.3f}", _beside(stated.acc5, found.interval5)),
        ("pictures", f"{found.num_images:,}", f"{_says(stated.num_images, ',')}; {stated.dataset} {stated.split}"),
    ]
    if found.unreadable:
        rows.append(("unreadable", f"{len(found.unreadable):,}", f"not counted, such as: {found.unreadable[0]}"))
    return rows


def _beside(stated: float | None, interval: tuple[float, float]) -> str:
    return f"{_says(stated, '.3f')}; 95 % interval {interval[0]:.3f} to {interval[1]:.3f}"


def _says(stated: float | None, form: str) -> str:
    return "the file does not say" if stated is None else f"the file says {stated:{form}}"


VERIFY = Command(
    name="verify", help="measure the file of a run again and compare", add_arguments=_add_arguments, run=_run
)
