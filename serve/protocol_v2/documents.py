"""What the protocol's routes say of their errors in the OpenAPI document."""

from http import HTTPStatus
from typing import Any

from serve.protocol_v2.schemas import Error


def problems(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """These statuses, each with the body that all errors have here."""
    return {status: {"model": Error, "description": HTTPStatus(status).phrase} for status in statuses}
