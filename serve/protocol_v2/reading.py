"""Requests -> calls: reads bodies, decompresses and parses them, without holding up the event loop. Knows no models."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Final, TypeVar

from starlette.requests import Request

from serve.errors import DeadlineExceeded, Unavailable
from serve.protocol_v2.answers import LENGTH_HEADER
from serve.protocol_v2.calls import Call, json_length, read_call
from serve.protocol_v2.compression import check_encoding, inflate
from serve.serving import read_body
from serve.settings import Settings

Result = TypeVar("Result")

_OFF_LOOP_BYTES: Final = 100_000
"""JSON beyond this is parsed in a thread: a picture's numbers take 10 ms, and the event loop would serve nobody."""

_MAX_AT_A_TIME: Final = 2
"""Numbers in JSON take up to 20 times their bytes while they are parsed: so few bodies are parsed at once."""


class CallReader:
    """Reads the calls of one app. What bodies decompress to is held to the limits that bodies are held to."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._free = asyncio.Semaphore(_MAX_AT_A_TIME)
        self.num_held = 0

    @asynccontextmanager
    async def read(self, request: Request) -> AsyncIterator[Call]:
        """The request's call, for `async with`, until whose end its bytes are counted as held.

        Raises what `inflate` and `read_call` do; Unavailable while too much is held, DeadlineExceeded.
        """
        encoding = check_encoding(request.headers.get("content-encoding"))
        body = await read_body(request.receive)
        if encoding is None:
            yield await self._parse(request, body)
            return
        body = await self._in_thread(lambda: inflate(body, encoding, max_bytes=self._settings.max_bytes))
        with self._held(len(body)):
            yield await self._parse(request, body)

    async def _parse(self, request: Request, body: bytes) -> Call:
        num_json_bytes = json_length(request.headers.get(LENGTH_HEADER), body)
        max_pictures = self._settings.max_pictures
        if num_json_bytes <= _OFF_LOOP_BYTES:
            return read_call(body, num_json_bytes, max_pictures=max_pictures)
        return await self._in_thread(lambda: read_call(body, num_json_bytes, max_pictures=max_pictures))

    async def _in_thread(self, work: Callable[[], Result]) -> Result:
        wait_s = self._settings.deadline_ms / 1e3
        try:
            async with asyncio.timeout(wait_s):
                await self._free.acquire()
        except TimeoutError as error:
            raise DeadlineExceeded(f"the body's turn to be parsed did not come within {wait_s:g} seconds") from error
        try:
            return await asyncio.to_thread(work)
        finally:
            self._free.release()

    @contextmanager
    def _held(self, num_bytes: int) -> Iterator[None]:
        if self.num_held + num_bytes > self._settings.max_buffered_bytes:
            raise Unavailable("the bodies of other requests fill the server's memory")
        self.num_held += num_bytes
        try:
            yield
        finally:
            self.num_held -= num_bytes
