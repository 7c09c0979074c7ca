"""Prometheus metrics, one registry per app. Knows what is counted, nothing of how it comes about.

With several workers each process keeps its numbers in a file of `PROMETHEUS_MULTIPROC_DIR`, and whichever worker is
scraped answers for all of them.
"""

import os
import sys
from collections.abc import Mapping
from typing import Literal

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    PlatformCollector,
    ProcessCollector,
    generate_latest,
)
from prometheus_client.multiprocess import MultiProcessCollector

from serve.batching.engine_threads import BatchReport
from serve.models.model import ModelFacts
from serve.models.predictor import Classified

_SECONDS = (0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30)
_SIZES = (1, 2, 4, 8, 16, 32, 64, 128, 256)


class Telemetry:
    """The server's numbers. Each method is cheap enough for every request; children are looked up once."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        if not _is_multiprocess():
            ProcessCollector(registry=self.registry)
            PlatformCollector(registry=self.registry)
        self._requests = self._counter("serve_requests", "Requests answered.", "route", "status")
        self._request_s = self._histogram("serve_request_seconds", "From request to answer.", "route")
        self._queue_s = self._histogram("serve_queue_seconds", "A picture's wait for a thread and the engine.", "model")
        self._decode_s = self._histogram("serve_decode_seconds", "A picture's decoding and preprocessing.", "model")
        self._inference_s = self._histogram("serve_inference_seconds", "One batch in the network.", "model")
        self._batch_size = self._histogram("serve_batch_size", "Pictures in a batch.", "model", buckets=_SIZES)
        self._rejected = self._counter("serve_rejected", "Requests refused, by the error that refused them.", "reason")
        self._log_dropped = self._counter("serve_access_log_dropped", "Lines of the access log that were lost.")
        self._waiting = self._gauge("serve_waiting", "Pictures that wait.", "model")
        self._in_flight = self._gauge("serve_in_flight", "Requests begun and not yet answered.")
        self._info = self._gauge("serve_model_info", "1 for each loaded model.", "model", "sha256", "device", "dtype")
        self._memory = self._gauge("serve_device_memory_bytes", "Memory that torch holds on the GPU.", "kind")
        self._by_request: dict[tuple[str, int], tuple[Counter, Histogram]] = {}
        self._by_model: dict[str, tuple[Histogram, Histogram]] = {}
        self._by_lane: dict[str, tuple[Histogram, Histogram, Gauge]] = {}

    def request_began(self) -> None:
        """One more in flight."""
        self._in_flight.inc()

    def request_ended(self, route: str, status: int, seconds: float) -> None:
        """One less in flight, answered with `status` after `seconds`."""
        self._in_flight.dec()
        if (route, status) not in self._by_request:
            self._by_request[route, status] = self._requests.labels(route, status), self._request_s.labels(route)
        counter, histogram = self._by_request[route, status]
        counter.inc()
        histogram.observe(seconds)

    def rejected(self, error: Exception) -> None:
        """A request was refused for `error`."""
        self._rejected.labels(type(error).__name__).inc()

    def log_line_dropped(self) -> None:
        """A line of the access log was lost. From any thread."""
        self._log_dropped.inc()

    def classified(self, found: Classified) -> None:
        """One picture was answered."""
        name = found.model.checkpoint.id
        if name not in self._by_model:
            self._by_model[name] = self._queue_s.labels(name), self._decode_s.labels(name)
        queue_s, decode_s = self._by_model[name]
        queue_s.observe(found.queue_s)
        decode_s.observe(found.decode_s)

    def on_batch(self, report: BatchReport) -> None:
        """One batch was run."""
        name = report.lane
        if name not in self._by_lane:
            self._by_lane[name] = (
                self._batch_size.labels(name),
                self._inference_s.labels(name),
                self._waiting.labels(name),
            )
        batch_size, inference_s, waiting = self._by_lane[name]
        batch_size.observe(report.size)
        inference_s.observe(report.run_s)
        waiting.set(report.num_waiting)

    def waiting(self, num_waiting: Mapping[str, int]) -> None:
        """So many pictures wait for each model now."""
        for name, number in num_waiting.items():
            self._waiting.labels(name).set(number)

    def model_loaded(self, facts: ModelFacts) -> None:
        """A model serves now."""
        self._info.labels(facts.name, facts.sha256, facts.device, facts.dtype).set(1)

    def model_unloaded(self, facts: ModelFacts) -> None:
        """A model serves no more."""
        self._info.labels(facts.name, facts.sha256, facts.device, facts.dtype).set(0)

    def render(self) -> bytes:
        """The metrics of this app, all its workers included, in Prometheus' text format."""
        self._look_at_device()
        return generate_latest(self._of_all_workers())

    def of_model(self, name: str) -> dict[str, float]:
        """The counts and sums kept of this model, of all workers, by their names in Prometheus' text format."""
        samples = (sample for family in self._of_all_workers().collect() for sample in family.samples)
        return {sample.name: sample.value for sample in samples if sample.labels == {"model": name}}

    def _of_all_workers(self) -> CollectorRegistry:
        if not _is_multiprocess():
            return self.registry
        merged = CollectorRegistry()
        MultiProcessCollector(merged)  # type: ignore[no-untyped-call]  # prometheus_client leaves it bare
        return merged

    def _look_at_device(self) -> None:
        torch = sys.modules.get("torch")  # never the one to import it
        if torch is not None and torch.cuda.is_initialized():
            self._memory.labels("allocated").set(torch.cuda.memory_allocated())
            self._memory.labels("reserved").set(torch.cuda.memory_reserved())

    def _counter(self, name: str, help_text: str, *labels: str) -> Counter:
        return Counter(name, help_text, labels, registry=self.registry)

    def _gauge(self, name: str, help_text: str, *labels: str) -> Gauge:
        mode: Literal["livemax", "livesum"] = "livemax" if "info" in name else "livesum"
        return Gauge(name, help_text, labels, registry=self.registry, multiprocess_mode=mode)

    def _histogram(self, name: str, help_text: str, *labels: str, buckets: tuple[float, ...] = _SECONDS) -> Histogram:
        return Histogram(name, help_text, labels, registry=self.registry, buckets=buckets)


def _is_multiprocess() -> bool:
    return "PROMETHEUS_MULTIPROC_DIR" in os.environ
