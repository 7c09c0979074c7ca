"""What a program under measurement tells its parent: time stamps, its answer, its memory. One line of JSON."""

import json
import resource
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Stamp:
    """A moment of this process. `wall_s` is on the clock of `time.perf_counter`, `cpu_s` counts from its start."""

    wall_s: float
    cpu_s: float
    rss_mib: float

    @classmethod
    def now(cls) -> "Stamp":
        """This moment."""
        return cls(time.perf_counter(), time.process_time(), rss_mib())


def report(*, imported: Stamp, loaded: Stamp, predicted: Stamp, index: int, probability: float) -> None:
    """Print the stamps, the answer, and the most memory this process ever held."""
    peak_rss_mib = rss_mib(peak=True)
    stamps = {"imported": asdict(imported), "loaded": asdict(loaded), "predicted": asdict(predicted)}
    print(json.dumps({**stamps, "peak_rss_mib": peak_rss_mib, "index": index, "probability": probability}))


def rss_mib(*, peak: bool = False) -> float:
    """The resident set of this process, mapped files included: now, or the most ever. Off Linux always the latter."""
    status = Path("/proc/self/status")
    if status.exists():  # `ru_maxrss` would count what the parent held when it forked
        fields = dict(line.split(":", 1) for line in status.read_text(encoding="utf-8").splitlines())
        return int(fields["VmHWM" if peak else "VmRSS"].split()[0]) / 2**10
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (2**20 if sys.platform == "darwin" else 2**10)
