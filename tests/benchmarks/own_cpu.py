"""CPU time of this process and of all that it started; the rest of the machine's is others'. Knows no benchmark.

A process's time counts for its parent only when that waits for it. Servers that are killed with workers of their own
leave these to the system, which waits for them; `ended` counts them here.
"""

import os
import resource
from collections.abc import Callable
from pathlib import Path
from typing import Final

_TICKS_A_SECOND: Final = os.sysconf("SC_CLK_TCK")

# Seconds of processes that this one started, and that others waited for.
_of_orphans_s: list[float] = []


def own_cpu_s() -> float:
    """User and system time of this process and of all that it started and that have ended."""
    used = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(each.ru_utime + each.ru_stime for each in used) + sum(_of_orphans_s)


def all_cpu_s() -> float | None:
    """CPU time of all programs since the machine started, by Linux' count; None elsewhere."""
    try:
        ticks = [int(word) for word in Path("/proc/stat").read_text(encoding="utf-8").split()[1:9]]
    except (OSError, ValueError):
        return None
    user, nice, system, _idle, _iowait, irq, softirq, steal = ticks
    return (user + nice + system + irq + softirq + steal) / _TICKS_A_SECOND


def ending(pid: int, end: Callable[[], None]) -> None:
    """End the child `pid` by calling `end`, which waits for it, and count what its family used as own.

    Of those that outlive their parent it counts what they had used before, short of what the others took to end.
    """
    used_s, before_s = _family_s(pid), _children_s()
    try:
        end()
    finally:
        _of_orphans_s.append(max(0.0, used_s - (_children_s() - before_s)))


def _children_s() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _family_s(pid: int) -> float:
    """What `pid` and its living descendants used, and those that they waited for; 0 where there is no /proc."""
    family, ticks = [pid], 0
    for process in family:  # grows while it is walked
        try:
            # The name, in brackets, may hold spaces.
            fields = Path(f"/proc/{process}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
            ticks += sum(map(int, fields[11:15]))
            for children in Path(f"/proc/{process}/task").glob("*/children"):
                family += map(int, children.read_text(encoding="utf-8").split())
        except OSError:  # it ended while we looked
            continue
    return ticks / _TICKS_A_SECOND
