"""Good and hostile traffic on our server, for minutes: its answers, its memory, and how long the good wait.

    .venv/bin/python tests/benchmarks/serve_soak.py --minutes 10

The server is `serve-weights run` with the embedded checkpoint and tight limits. Two good clients send pictures in a
closed loop all the while; six hostile ones send what `HOSTILE` lists, in an order of chance; and every ten seconds a
flood of good pictures comes that is three times what the queue takes. The exit status is 1 if there was a status of
500 or above other than 503 and 504, or if the server did not end well. Nothing timed is asserted.
"""

import asyncio
import base64
import io
import json
import random
import struct
import sys
import time
import zlib
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import httpx2
import numpy as np
from PIL import Image

from serve.bench.pictures import SAMPLES
from tests.benchmarks.papers import Row, Start, parser, publish
from tests.benchmarks.peers import SERVER_PACKAGES
from tests.benchmarks.served import Server, serving
from weights_registry.surroundings import versions

QUEUE, MAX_BYTES, DEADLINE_MS, BODY_TIMEOUT_S = 32, 4_000_000, 8000, 2
NUM_GOOD, NUM_HOSTILE, FLOOD_EVERY_S, FLOOD_SIZE = 2, 6, 10.0, 3 * QUEUE
ANSWER_S: Final = 60.0
COMMAND: Final = [
    *(sys.executable, "-m", "serve.cli.main", "run", "--port", "{port}", "--device", "cpu", "--access-log", "off"),
    *("--queue", str(QUEUE), "--max-bytes", str(MAX_BYTES), "--deadline-ms", str(DEADLINE_MS)),
    *("--body-timeout-s", str(BODY_TIMEOUT_S)),
]

JPEG: Final = (SAMPLES / "tabby_cat.jpg").read_bytes()


@dataclass(frozen=True, slots=True)
class Message:
    """What one client writes: pieces with a pause after each, and whether it hangs up before the answer."""

    pieces: Sequence[bytes]
    pause_s: float = 0.0
    hangs_up: bool = False


@dataclass(slots=True)
class Findings:
    """What came of it."""

    by_kind: dict[str, Counter[str]] = field(default_factory=dict)
    good_s: list[float] = field(default_factory=list)
    good_in_floods_s: list[float] = field(default_factory=list)
    rss_mib: list[tuple[float, float]] = field(default_factory=list)
    is_flooded: bool = False

    def count(self, kind: str, outcome: str) -> None:
        self.by_kind.setdefault(kind, Counter())[outcome] += 1


def request(body: bytes, content_type: str = "image/jpeg", path: str = "/predict", **headers: str) -> bytes:
    """A POST as bytes; a header given by keyword replaces the one that would be sent."""
    fields = {"Host": "soak", "Content-Type": content_type, "Content-Length": str(len(body)), "Connection": "close"}
    fields |= {name.replace("_", "-").title(): value for name, value in headers.items()}
    lines = [f"POST {path} HTTP/1.1", *(f"{name}: {value}" for name, value in fields.items() if value)]
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + body


def png_bomb(width: int, height: int) -> bytes:
    """A small PNG that says how large it is, and is."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    rows = zlib.compress(bytes((width + 7) // 8 + 1) * height, 9)
    header = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


def _spoiled() -> bytes:
    data = bytearray(JPEG)
    for _ in range(random.randint(1, 50)):
        data[random.randrange(2, len(data))] = random.randrange(256)
    return bytes(data)


def _form(*files: bytes) -> Message:
    parts = b"".join(
        b'--edge\r\nContent-Disposition: form-data; name="f"; filename="f.jpg"\r\n\r\n' + file + b"\r\n"
        for file in files
    )
    return Message([request(parts + b"--edge--\r\n", "multipart/form-data; boundary=edge")])


def _json(value: object) -> Message:
    return Message([request(json.dumps(value).encode(), "application/json")])


BOMB: Final = png_bomb(14_000, 14_000)

HOSTILE: Final[dict[str, Callable[[], Message]]] = {
    "truncated": lambda: Message([request(JPEG[: random.randrange(len(JPEG))])]),
    "spoiled bytes": lambda: Message([request(_spoiled())]),
    "noise": lambda: Message([request(random.randbytes(random.randrange(1, 100_000)))]),
    "empty": lambda: Message([request(b"")]),
    "bomb": lambda: Message([request(BOMB, "image/png")]),
    "wrong type": lambda: Message(
        [request(JPEG, random.choice(["text/html", "application/xml", "video/mp4", "\xff"]))]
    ),
    "declared too large": lambda: Message([request(b"", Content_Length=str(MAX_BYTES + 1))]),
    "too large, undeclared": lambda: Message(
        [request(b"", Content_Length="", Transfer_Encoding="chunked")]
        + [b"40000\r\n" + bytes(0x40000) + b"\r\n"] * (MAX_BYTES // 0x40000 + 2)
    ),
    "length that is no number": lambda: Message([request(JPEG, Content_Length="many")]),
    "slow sender": lambda: Message([request(JPEG)[at : at + 4000] for at in range(0, len(JPEG), 4000)], pause_s=0.5),
    "half a body, then nothing": lambda: Message([request(JPEG)[:5000], b""], pause_s=BODY_TIMEOUT_S + 1),
    "half a header, then nothing": lambda: Message([b"POST /predict HTTP/1.1\r\nHost: so", b""], pause_s=1),
    "hangs up half-way": lambda: Message([request(JPEG)[: random.randrange(1, 30_000)]], hangs_up=True),
    "hangs up before the answer": lambda: Message([request(JPEG)], hangs_up=True),
    "no HTTP": lambda: Message([b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + random.randbytes(200)]),
    "JSON that is none": lambda: Message([request(b'{"image": "', "application/json")]),
    "JSON of another form": lambda: _json({"image": {"url": "http://169.254.169.254/"}}),
    "JSON, nested": lambda: Message([request(b"[" * 100_000, "application/json")]),
    "base64 that is none": lambda: _json({"images": ["%%%", base64.b64encode(JPEG).decode()]}),
    "too many pictures": lambda: _json({"images": [""] * 1000}),
    "form, good and bad": lambda: _form(JPEG, b"bad", JPEG[:999]),
    "form without an end": lambda: Message([request(b"--edge\r\nContent-Disp", "multipart/form-data; boundary=edge")]),
    "unknown model": lambda: Message([request(JPEG, path="/predict?weights=nobody")]),
    "top_k of -1": lambda: Message([request(JPEG, path="/predict?top_k=-1")]),
    "unknown path": lambda: Message([request(JPEG, path=f"/{random.random()}")]),
    "large picture": lambda: Message([request(large_jpeg())]),
}
"""What hostile clients send. Some of it is fair: a large picture is work, and a form may be half good."""


def large_jpeg() -> bytes:
    """12 megapixels in a small file."""
    if not _LARGE:
        file = io.BytesIO()
        Image.fromarray(np.zeros((3000, 4000, 3), dtype=np.uint8)).save(file, "JPEG")
        _LARGE.append(file.getvalue())
    return _LARGE[0]


_LARGE: list[bytes] = []


async def exchange(server: Server, message: Message) -> str:
    """What the server made of it: a status, or how it ended without one."""
    host, port = server.url.removeprefix("http://").split(":")
    try:
        reader, writer = await asyncio.open_connection(host, int(port))
    except OSError:
        return "not connected"
    try:
        async with asyncio.timeout(ANSWER_S):
            for piece in message.pieces:
                writer.write(piece)
                await writer.drain()
                if message.pause_s:
                    await asyncio.sleep(message.pause_s)
            if message.hangs_up:
                return "hung up"
            if message.pieces[-1] == b"" and not reader.at_eof() and message.pause_s < BODY_TIMEOUT_S:
                return "hung up"
            return await _status(reader)
    except TimeoutError:
        return "no answer in time"
    except (ConnectionError, asyncio.IncompleteReadError):
        return await _status_left(reader)
    finally:
        writer.transport.abort()


async def _status(reader: asyncio.StreamReader) -> str:
    line = (await reader.readline()).split()
    if len(line) < 2:
        return "closed"
    await reader.read()
    return line[1].decode("latin-1")


async def _status_left(reader: asyncio.StreamReader) -> str:
    """The status that came before the server closed on a sender that still sent."""
    try:
        return await _status(reader)
    except (ConnectionError, asyncio.IncompleteReadError):
        return "closed"


async def soak(server: Server, minutes: float) -> Findings:
    """Send all of it for so long."""
    findings = Findings()
    ends_at = time.monotonic() + 60 * minutes
    await asyncio.gather(
        *(_good(server, findings, ends_at) for _ in range(NUM_GOOD)),
        *(_hostile(server, findings, ends_at) for _ in range(NUM_HOSTILE)),
        _floods(server, findings, ends_at),
        _watch(server, findings, ends_at),
    )
    return findings


async def _good(server: Server, findings: Findings, ends_at: float) -> None:
    pictures = [path.read_bytes() for path in sorted(SAMPLES.glob("*.jpg"))]
    while time.monotonic() < ends_at:
        was_flooded, begun = findings.is_flooded, time.perf_counter()
        outcome = await exchange(server, Message([request(random.choice(pictures))]))
        taken_s = time.perf_counter() - begun
        findings.count("good", outcome)
        if outcome == "200":
            (findings.good_in_floods_s if was_flooded or findings.is_flooded else findings.good_s).append(taken_s)


async def _hostile(server: Server, findings: Findings, ends_at: float) -> None:
    while time.monotonic() < ends_at:
        kind = random.choice(list(HOSTILE))
        findings.count(kind, await exchange(server, HOSTILE[kind]()))


async def _floods(server: Server, findings: Findings, ends_at: float) -> None:
    while time.monotonic() + FLOOD_EVERY_S < ends_at:
        await asyncio.sleep(FLOOD_EVERY_S)
        findings.is_flooded = True
        for outcome in await asyncio.gather(*(exchange(server, Message([request(JPEG)])) for _ in range(FLOOD_SIZE))):
            findings.count("flood", outcome)
        findings.is_flooded = False


async def _watch(server: Server, findings: Findings, ends_at: float) -> None:
    begun = time.monotonic()
    while time.monotonic() < ends_at:
        await asyncio.sleep(2)
        findings.rss_mib.append((time.monotonic() - begun, rss_mib(server.pid)))
        if sys.stderr.isatty():
            left = max(0.0, ends_at - time.monotonic())
            print(f"\r{left:4.0f} s left, {findings.rss_mib[-1][1]:.0f} MiB ", end="", file=sys.stderr)


def rss_mib(pid: int) -> float:
    """The resident set of a process, now."""
    for line in Path(f"/proc/{pid}/status").read_text(encoding="utf-8").splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 2**10
    raise ProcessLookupError(f"process {pid} has ended")


def main() -> int:
    """Soak, write, print."""
    options = parser(__doc__, rounds=1)
    options.add_argument("--minutes", type=float, default=10.0, help="for how long: %(default)s")
    options.add_argument("--seed", type=int, default=0, help="of the order of chance: %(default)s")
    arguments = options.parse_args()
    random.seed(arguments.seed)
    start = Start.now()
    with serving(COMMAND) as server:
        at_start = rss_mib(server.pid)
        findings = asyncio.run(soak(server, arguments.minutes))
        is_ready = httpx2.get(f"{server.url}/readyz", timeout=10).status_code == 200
        at_end = rss_mib(server.pid)
    wrong = wrong_statuses(findings)
    publish(
        "serve_soak",
        what="our server under good and hostile traffic: statuses, memory, latency of good requests",
        how={
            "order": "all at once",
            "minutes": arguments.minutes,
            "seed": arguments.seed,
            "weights": "EfficientNet_Lite0_Weights.ImageNet1K_V1",
            "device": "cpu",
            "limits": f"queue {QUEUE}, body {MAX_BYTES:,} bytes in {BODY_TIMEOUT_S} s, deadline {DEADLINE_MS} ms",
            "clients": f"{NUM_GOOD} good, {NUM_HOSTILE} hostile, {FLOOD_SIZE} more at once every {FLOOD_EVERY_S:g} s",
        },
        tables={
            "statuses": [_row_of(kind, counts) for kind, counts in sorted(findings.by_kind.items())],
            "memory": _memory(findings, at_start, at_end),
            "good_requests": [
                _latency("between floods", findings.good_s),
                _latency("in floods", findings.good_in_floods_s),
            ],
            "claims": [
                {"claim": "no status of 500 or above but 503 and 504", "holds": not wrong},
                {"claim": "ready when all was over", "holds": is_ready},
            ],
        },
        notes=[
            "hung up: the client did, on purpose; closed: the server did, without a status",
            "memory: the server's resident set; a tenth in: when caches and threads are warm",
        ],
        start=start,
        out=arguments.out,
        others_versions=versions(*SERVER_PACKAGES),
    )
    for kind, status in wrong:
        print(f"`{kind}` was answered with {status}", file=sys.stderr)
    return 1 if wrong or not is_ready else 0


def wrong_statuses(findings: Findings) -> list[tuple[str, str]]:
    """What must not have happened: server errors other than `full` and `too late`, and no answer at all."""
    return [
        (kind, outcome)
        for kind, counts in findings.by_kind.items()
        for outcome in counts
        if (outcome.startswith("5") and outcome not in ("503", "504")) or outcome == "no answer in time"
    ]


def _row_of(kind: str, counts: Counter[str]) -> Row:
    return {"kind": kind, "sent": counts.total(), "outcomes": ", ".join(f"{n} x {o}" for o, n in counts.most_common())}


def _memory(findings: Findings, at_start: float, at_end: float) -> list[Row]:
    ends_s = findings.rss_mib[-1][0] if findings.rss_mib else 0.0
    warm = next((mib for at_s, mib in findings.rss_mib if at_s >= ends_s / 10), at_start)
    peak = max((mib for _, mib in findings.rss_mib), default=at_end)
    moments = {"when ready": at_start, "a tenth in": warm, "most": peak, "at the end": at_end}
    return [{"moment": moment, "rss_mib": round(mib)} for moment, mib in moments.items()]


def _latency(when: str, taken_s: Sequence[float]) -> Row:
    if not taken_s:
        return {"when": when, "answered": 0}
    ordered = sorted(taken_s)
    at = {percent: 1e3 * ordered[min(len(ordered) - 1, len(ordered) * percent // 100)] for percent in (50, 95, 99)}
    return {
        "when": when,
        "answered": len(ordered),
        **{f"p{percent}_ms": round(value, 1) for percent, value in at.items()},
        "max_ms": round(1e3 * ordered[-1], 1),
    }


if __name__ == "__main__":
    sys.exit(main())
