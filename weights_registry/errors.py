"""Every error this package raises on purpose; knows nothing of where they are raised.

RegistryError
├── UnknownWeights          no checkpoint, family or architecture of that name (also a LookupError)
├── RegistrationError       a name is taken, or a family breaks the rules (also a ValueError)
├── RecordError             a checkpoint record (header, catalog) cannot be read (also a ValueError)
├── FetchError              the bytes of a checkpoint could not be had
│   ├── OfflineError        the network is switched off and the file is not here
│   ├── NotFoundError       the source says that there is no such file
│   └── DigestMismatch      the bytes are not the published ones; they were set aside
├── UnsafeFile              a pickle that would run code; nothing of it was run
├── LoadError               the parameters do not fit the architecture
├── CardError               a card, or what was measured for it, breaks a rule (also a ValueError)
└── InvalidImage            bytes that are no acceptable picture (also a ValueError)
    └── ImageTooLarge       more bytes or pixels than `ImageLimits` allow

A wrong argument is a plain `ValueError` or `TypeError`.
"""


class RegistryError(Exception):
    """Root of the tree: catches everything this package raises on purpose."""


class UnknownWeights(RegistryError, LookupError):
    """No checkpoint, family or architecture has that name; the message lists the closest ones."""


class RegistrationError(RegistryError, ValueError):
    """A family or checkpoint cannot be registered: its name is taken, or it breaks a rule."""


class RecordError(RegistryError, ValueError):
    """A checkpoint record, in a file header or a catalog, is missing, damaged or of a later version."""


class FetchError(RegistryError):
    """The bytes of a checkpoint could not be had; the message names each source tried and why it failed."""


class OfflineError(FetchError):
    """The file is not on this machine and the network is switched off."""


class NotFoundError(FetchError):
    """The source answered that there is no such file."""


class DigestMismatch(FetchError):
    """The bytes are not the published ones. The file was set aside, never loaded."""


class UnsafeFile(RegistryError):
    """A pickle holds more than tensors. It was refused before any of its code could run."""


class LoadError(RegistryError):
    """The parameters in a file do not fit the architecture; the message names the keys."""


class CardError(RegistryError, ValueError):
    """A card's blocks or its evidence cannot be read; the message names the line or the file."""


class InvalidImage(RegistryError, ValueError):
    """Bytes that are no acceptable picture. `source` names the file, `reason` says what is wrong."""

    def __init__(self, reason: str, *, source: str = "image") -> None:
        super().__init__(f"`{source}` cannot be used: {reason}")
        self.source = source
        self.reason = reason

    def __reduce__(self) -> tuple[object, ...]:
        # Worker processes send this error home by pickle, which would call __init__ with the message alone.
        return _rebuild_invalid_image, (type(self), self.reason, self.source)


class ImageTooLarge(InvalidImage):
    """A picture, fine perhaps, with more bytes or pixels than the limits allow; it was not decoded."""


def _rebuild_invalid_image(kind: type[InvalidImage], reason: str, source: str) -> InvalidImage:
    return kind(reason, source=source)
