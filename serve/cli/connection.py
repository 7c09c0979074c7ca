"""One connection: uvicorn's protocol with a bound on the bytes before a body. Knows no route.

uvicorn keeps whatever comes as an address or a header until it ends, however long that is.
"""

from typing import Final

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

MAX_HEAD_BYTES: Final = 65_536

_REFUSAL: Final = (
    b"HTTP/1.1 431 Request Header Fields Too Large\r\n"
    b"Content-Type: application/problem+json\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%s"
)
_PROBLEM: Final = (
    b'{"type": "about:blank", "title": "Request Header Fields Too Large", "status": 431, '
    b'"detail": "the address and the headers have more than the %d bytes that this server takes"}' % MAX_HEAD_BYTES
)


class Connection(HttpToolsProtocol):
    """Refuses a request whose address and headers are not complete after MAX_HEAD_BYTES, and closes.

    What came together with their first byte is not counted: it may be the end of the request before.
    """

    _num_head_bytes = 0
    _head_of: object = None

    def data_received(self, data: bytes) -> None:
        """What came; called by the event loop."""
        super().data_received(data)
        # Before the first request uvicorn has no cycle, whatever its types say.
        if getattr(self.cycle, "scope", self) is self.scope:  # the head is complete
            return
        self._num_head_bytes = self._num_head_bytes + len(data) if self._head_of is self.scope else 0
        self._head_of = self.scope
        if self._num_head_bytes > MAX_HEAD_BYTES and not self.transport.is_closing():
            self.transport.write(_REFUSAL % (len(_PROBLEM), _PROBLEM))
            self.transport.close()
