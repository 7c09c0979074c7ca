"""Every error the server raises on purpose, and the HTTP status of each. Knows nothing of how they are sent.

ServeError                     500
├── InvalidRequest             422  arguments or body that do not fit the route
│   └── UnreadableBody         400  JSON, base64 or a form that cannot be parsed
├── NoKey                      401  an API key is needed and none was given
├── WrongKey                   403  the API key given is not the one, or none is configured for what needs one
├── UnknownModel               404  no such model is loaded here
├── BodyTimeout                408  the body did not arrive in time
├── TooLarge                   413  more bytes or pixels than the server takes
├── UnsupportedMediaType       415  a content type that is not taken
├── ClientGone                 499  the client hung up; nobody reads the answer
├── ModelFailed                500  the network raised an error on this very picture
├── LoadFailed                 502  a checkpoint could not be fetched or loaded
├── Unavailable                503  for now: try again after `retry_after_s`
│   ├── QueueFull                   as many wait as may
│   ├── NotReady                    starting, stopping, or the model is still loading
│   └── EngineDied                  the engine thread has ended; the process must be restarted
└── DeadlineExceeded           504  no answer within the deadline

`InvalidImage` of weights_registry is the client's too: 400. `UnknownWeights` is a 404.
"""

from typing import Final

from weights_registry.errors import InvalidImage, UnknownWeights


class ServeError(Exception):
    """Root of the tree: catches everything this package raises on purpose."""


class InvalidRequest(ServeError):
    """The arguments or the body do not fit the route."""


class UnreadableBody(InvalidRequest):
    """The body cannot be parsed as what its content type says."""


class NoKey(ServeError):
    """An API key is needed here and the request has none."""


class WrongKey(ServeError):
    """The request's API key does not open this route."""


class UnknownModel(ServeError):
    """No model of that name is loaded; the message lists those that are."""


class BodyTimeout(ServeError):
    """The sender was too slow with its body."""


class TooLarge(ServeError):
    """More bytes, or more pixels, than the server takes."""


class UnsupportedMediaType(ServeError):
    """The content type is none of those taken; the message lists them."""


class ClientGone(ServeError):
    """The client hung up before its answer was there."""


class ModelFailed(ServeError):
    """The network raised an error on this picture, alone in its batch."""


class LoadFailed(ServeError):
    """The checkpoint could not be fetched or loaded; what was served before still is."""


class Unavailable(ServeError):
    """Not now; worth another try after `retry_after_s` seconds."""

    retry_after_s = 1


class QueueFull(Unavailable):
    """As many items wait for this model as may."""


class NotReady(Unavailable):
    """Starting, stopping, or the model is still being loaded."""


class EngineDied(Unavailable):
    """The engine thread has ended and answers nobody any more.

    Raise it where the engine runs when nothing can be run any more, such as after a CUDA fault.
    """

    retry_after_s = 10


class DeadlineExceeded(ServeError):
    """No answer was there by the deadline."""


STATUS: Final[dict[type[Exception], int]] = {
    InvalidImage: 400,
    UnreadableBody: 400,
    NoKey: 401,
    WrongKey: 403,
    UnknownModel: 404,
    UnknownWeights: 404,
    BodyTimeout: 408,
    TooLarge: 413,
    UnsupportedMediaType: 415,
    InvalidRequest: 422,
    ClientGone: 499,
    ModelFailed: 500,
    LoadFailed: 502,
    Unavailable: 503,
    DeadlineExceeded: 504,
}


def status_of(error: BaseException) -> int:
    """The HTTP status of `error`: that of the nearest class above it in the table, 500 for one that has none."""
    return next((STATUS[kind] for kind in type(error).__mro__ if kind in STATUS), 500)


def deliverable(error: BaseException) -> Exception:
    """`error` for a future: itself, or a RuntimeError from it where a future would refuse it or end the event loop."""
    if isinstance(error, Exception) and not isinstance(error, StopIteration):
        return error
    told = RuntimeError(f"{error!r} was raised where nothing of the kind was to be expected")
    told.__cause__ = error
    return told
