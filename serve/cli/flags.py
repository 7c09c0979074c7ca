"""The table of settings as command line flags. Knows no single setting."""

import argparse
import os
import sys
from difflib import get_close_matches
from typing import Any, Final, get_args, get_origin

from pydantic import SecretStr, ValidationError
from pydantic.fields import FieldInfo

from serve.settings import Settings

_PREFIX: Final = Settings.model_config["env_prefix"]


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
    for name in _unknown_variables():
        close = get_close_matches(name, _variables(), n=1)
        hint = f"; did you mean `{close[0]}`?" if close else ""
        print(f"serve-weights: `{name}` in the environment is no setting and does nothing{hint}", file=sys.stderr)
    given = {name: getattr(arguments, name) for name in Settings.model_fields if getattr(arguments, name) is not None}
    try:
        return Settings(**given)
    except ValidationError as error:
        for each in error.errors():
            name = str(each["loc"][0]) if each["loc"] else "settings"
            source = f"--{name.replace('_', '-')}" if name in given else f"{_PREFIX}{name.upper()}"
            print(f"serve-weights: `{source}`: {each['msg']}, not `{_shown(name, each['input'])}`", file=sys.stderr)
        return None


def _variables() -> list[str]:
    return [f"{_PREFIX}{name.upper()}" for name in Settings.model_fields]


def _unknown_variables() -> list[str]:
    """A word only, not a refusal: Kubernetes sets such names by itself for a service that is called `serve`."""
    return sorted(name for name in os.environ if name.upper().startswith(_PREFIX) and name.upper() not in _variables())


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
