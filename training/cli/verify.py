"""`reproduce-weights verify RUN`: whether the file of a run is what it says. torch is imported once it begins."""

import argparse
from pathlib import Path

from training.cli.command import Command, add_json, add_workers
from training.cli.output import pairs, put, put_json


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("run", type=Path, metavar="RUN", help="folder of a run, such as runs/resnet50-v2-seed0")
    parser.add_argument("--data", required=True, metavar="DATA", help="what the run was measured on; as for train")
    parser.add_argument("--categories", metavar="SET", help="as for train")
    parser.add_argument("--device", choices=("cuda", "cpu"), help="default: cuda where there is a GPU")
    add_workers(parser)
    add_json(parser)


def _run(args: argparse.Namespace) -> int:
    from training.verify_run import verify_run

    verdict = verify_run(args.run, args.data, categories=args.categories, device=args.device, num_workers=args.workers)
    stated, found = verdict.stated, verdict.found
    if args.json:
        put_json(
            {"holds": verdict.holds, "stated": {"acc1": stated.acc1, "acc5": stated.acc5}, "found": found.record()}
        )
        return 0 if verdict.holds else 1
    (low, high), (low5, high5) = found.interval1, found.interval5
    rows = [
        ("acc@1", f"{found.acc1:.3f}", f"the file says {stated.acc1:.3f}; 95 % interval {low:.3f} to {high:.3f}"),
        (
            "acc@5",
            f"{found.acc5:.3f}",
            f"the file says {stated.acc5 or 0:.3f}; 95 % interval {low5:.3f} to {high5:.3f}",
        ),
        ("pictures", f"{found.num_images:,}", f"{stated.dataset} {stated.split}"),
    ]
    put("holds" if verdict.holds else "does not hold", *pairs(rows))
    return 0 if verdict.holds else 1


VERIFY = Command(
    name="verify", help="measure the file of a run again and compare", add_arguments=_add_arguments, run=_run
)
