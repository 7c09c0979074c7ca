"""The table of settings as command line flags. Knows no single setting."""

import argparse
import sys
from typing import Any, get_args, get_origin

from pydantic import SecretStr, ValidationError
from pydantic.fields import FieldInfo

from serve.settings import Settings


def add_flags(parser: argparse.ArgumentParser) -> None:
    """A flag for each setting, with unit and default in its help."""
    for name, field in Settings.model_fields.items():
        parser.add_argument(
            f"--{name.replace('_', '-')}",
            dest=name,
            default=None,
            metavar=_metavar(name, field),
            help=_help(name, field).replace("%", "%%"),
        )
    parser.epilog = "Each may also be set in the environment, as SERVE_PORT for --port; a flag wins."


def settings_from(arguments: argparse.Namespace) -> Settings | None:
    """The settings meant by flags and environment; None, with a line to stderr for each fault, if they do not fit."""
    given = {name: getattr(arguments, name) for name in Settings.model_fields if getattr(arguments, name) is not None}
    try:
        return Settings(**given)
    except ValidationError as error:
        for each in error.errors():
            name = str(each["loc"][0]) if each["loc"] else "settings"
            source = f"--{name.replace('_', '-')}" if name in given else f"SERVE_{name.upper()}"
            print(f"serve-weights: `{source}`: {each['msg']}, not `{_shown(name, each['input'])}`", file=sys.stderr)
        return None


def _shown(name: str, value: Any) -> Any:
    return "..." if "key" in name else value


def _metavar(name: str, field: FieldInfo) -> str:
    choices = _choices(field)
    if choices:
        return "{" + ",".join(choices) + "}"
    return {"weights": "NAME[,NAME...]", "api_key": "KEY"}.get(name, name.rpartition("_")[2].upper())


def _help(name: str, field: FieldInfo) -> str:
    default = field.default
    if field.default_factory is not None or default is None or isinstance(default, SecretStr):
        return field.description or name  # which says what the default is
    shown = ",".join(default) if isinstance(default, tuple) else str(default).lower() if default is False else default
    return f"{field.description} (default: {shown})"


def _choices(field: FieldInfo) -> tuple[str, ...]:
    annotation = field.annotation
    if annotation is bool:
        return ("true", "false")
    return get_args(annotation) if str(get_origin(annotation)) == "typing.Literal" else ()
