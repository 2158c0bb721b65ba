"""What an operator chose, or one sentence about what is wrong with it."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import TypeVar

from pydantic import ValidationError
from pydantic_settings import BaseSettings, SettingsError

from sas_kernel.errors import SasError
from sas_kernel.text import Text

_REFUSED = Text("Réglage refusé : {what}.", "Setting refused: {what}.")

Chosen = TypeVar("Chosen", bound=BaseSettings)


class InvalidSettingError(SasError):
    """Something that an operator chose cannot be: by an option, or in the environment."""


def chosen(kind: Callable[[], Chosen], prefix: str) -> Chosen:
    """`kind()`, or `InvalidSettingError` with the names of settings, which begin with `prefix` in the environment.

    Values are not repeated: one may be a secret.
    """
    try:
        return kind()
    except ValidationError as error:
        faults = [(".".join(str(part) for part in each["loc"][:1]), each["msg"]) for each in error.errors()]
    except SettingsError as error:  # "… value for field "x" from source …", of what should have been JSON
        name = str(error).partition('field "')[2].partition('"')[0]
        faults = [(name, "JSON expected")]
    what = "; ".join(f"{prefix}{name.upper()} (--{name.replace('_', '-')}): {why}" for name, why in faults)
    raise InvalidSettingError(_REFUSED.format(what=what)) from None


def whole(least: int, most: int | None = None) -> Callable[[str], int]:
    """The type of an option: a whole number within these bounds, or argparse says what was expected."""

    def parsed(value: str) -> int:
        number = int(value) if value.strip().lstrip("+-").isdecimal() else None
        if number is None or number < least or (most is not None and number > most):
            expected = f"{least} at least" if most is None else f"{least} to {most}"
            raise argparse.ArgumentTypeError(f"'{value}' is not a whole number, {expected}")
        return number

    return parsed
