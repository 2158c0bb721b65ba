"""What a load may be: the profiles of `contracts/load_profiles.toml`, what the command line changes, the caps."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from recette.model.load import JourneyKind, Limits, LoadProfile
from sas_kernel import contracts
from sas_kernel.contracts import ServiceLevel
from sas_kernel.errors import ContractError, SasError
from sas_kernel.loopback import is_loopback
from sas_kernel.text import Text


class LoadError(SasError):
    """The load that was asked for cannot be made. The text says what to write."""


class GeneratorError(SasError):
    """A generator of ours did not do its work: no fault of the target, nor of the caller."""


@dataclass(frozen=True, slots=True)
class Profiles:
    by_name: dict[str, LoadProfile]
    limits: Limits


def read(rate: ServiceLevel, folder: Path | None = None) -> Profiles:
    """The profiles, their rates as multiples of the promised one (searches an hour); `ContractError` names the file."""
    path = (folder or contracts.directory()) / "load_profiles.toml"
    try:
        tables = tomllib.loads(path.read_text(encoding="utf-8"))
        caps, client, abort, judging = (tables[name] for name in ("caps", "client", "abort", "judging"))
        limits = Limits(
            single_share=float(tables["lots"]["single_share"]),
            most_per_second=float(caps["rate_per_second"]),
            longest=float(caps["duration"]),
            in_flight=int(caps["in_flight"]),
            kept_bytes=int(caps["kept_bytes"]),
            due_lag=float(client["due_lag"]),
            loop_lag=float(client["loop_lag"]),
            cpu=float(client["cpu"]),
            abort_window=float(abort["window"]),
            abort_fewest=int(abort["fewest"]),
            abort_share=float(abort["share"]),
            resamples=int(judging["resamples"]),
            confidence=float(judging["confidence"]),
            drawn=int(judging["drawn"]),
            slowest=int(judging["slowest"]),
            first_look=int(judging["first_look"]),
        )
        a_call = float(tables["calls"]["searches"])
        kinds = {name: _kind(name, row, a_call) for name, row in tables["journeys"].items()}
        profiles = {
            name: LoadProfile(
                name=name,
                rate=rate.value / 3600 * float(row["rate_factor"]),
                duration=float(row["duration"]),
                warm_up=float(row["warm_up"]),
                shape=tuple((float(seconds), float(factor)) for seconds, factor in row["shape"]),
                text=Text(row["text_fr"], row["text_en"]),
                source=row["source"],
                journeys=tuple(kinds[each] for each in row.get("journeys", ())),
            )
            for name, row in tables["profiles"].items()
        }
    except (OSError, ValueError, KeyError, TypeError, AttributeError, ZeroDivisionError) as error:
        raise ContractError(
            Text("Profils de charge illisibles dans {p} : {e}", "Unreadable load profiles in {p}: {e}").format(
                p=path, e=error
            )
        ) from error
    return Profiles(profiles, limits)


def _kind(name: str, row: Mapping[str, Any], a_call: float) -> JourneyKind:
    """`a_call`: how many searches one call makes."""
    return JourneyKind(
        name=name,
        factor=float(row.get("of_searches", 0.0)) + float(row.get("of_calls", 0.0)) / a_call,
        a_day=float(row.get("a_day", 0.0)),
        fewest=int(row["fewest"]),
        most=int(row["most"]),
        text=Text(row["text_fr"], row["text_en"]),
        source=row["source"],
    )


def chosen(
    profiles: Profiles,
    name: str,
    *,
    rate: float | None,
    duration: float | None,
    warm_up: float | None,
    without: Collection[str] = (),
) -> LoadProfile:
    """The profile of this name with what the caller changes of it; `LoadError` when a cap is exceeded.

    `without` are kinds of journeys left out.
    """
    if name not in profiles.by_name:
        raise LoadError(
            Text("Profil « {n} » inconnu ; possibles : {k}.", "Unknown profile '{n}'; possible: {k}.").format(
                n=name, k=", ".join(profiles.by_name)
            )
        )
    base = profiles.by_name[name]
    named = [kind.name for kind in base.journeys]
    for each in without:
        if each not in named:
            raise LoadError(
                Text(
                    "Le profil « {p} » n’a rien qui s’appelle « {n} » ; à laisser de côté : {k}.",
                    "The profile '{p}' has nothing named '{n}'; what can be left out: {k}.",
                ).format(p=name, n=each, k=", ".join(named) or "–")
            )
    profile = replace(
        base,
        journeys=tuple(kind for kind in base.journeys if kind.name not in without),
        rate=base.rate if rate is None else rate,
        duration=base.duration if duration is None else duration,
        warm_up=base.warm_up if warm_up is None else warm_up,
    )
    peak = profile.rate * max(factor for _, factor in profile.shape)
    if peak > profiles.limits.most_per_second:
        raise LoadError(
            Text(
                "{r:g} recherches par seconde demandées ; le plafond est de {m:g}.",
                "{r:g} searches a second asked for; the cap is {m:g}.",
            ).format(r=peak, m=profiles.limits.most_per_second)
        )
    if profile.total > profiles.limits.longest:
        raise LoadError(
            Text(
                "{d:g} s demandées, mise en température comprise ; le plafond est de {m:g} s.",
                "{d:g} s asked for, warm-up included; the cap is {m:g} s.",
            ).format(d=profile.total, m=profiles.limits.longest)
        )
    return profile


_SECONDS = {"s": 1.0, "m": 60.0, "min": 60.0, "h": 3600.0}
_DURATION = re.compile(r"(\d+(?:[.,]\d+)?)\s*(s|m|min|h)?")
_RATE = re.compile(r"(\d+(?:[.,]\d+)?)\s*/\s*(s|m|min|h)")


def duration_of(text: str) -> float:
    """Seconds of `90s`, `10m`, `1h` or `90`."""
    found = _DURATION.fullmatch(text.strip())
    if found is None:
        raise LoadError(
            Text("« {t} » n’est pas une durée (30s, 10m, 1h).", "'{t}' is no duration (30s, 10m, 1h).").format(t=text)
        )
    return float(found[1].replace(",", ".")) * _SECONDS[found[2] or "s"]


def rate_of(text: str) -> float:
    """Searches a second of `3000/h`, `50/m` or `2/s`."""
    found = _RATE.fullmatch(text.strip())
    if found is None or not float(found[1].replace(",", ".")):
        raise LoadError(
            Text("« {t} » n’est pas un débit (3000/h, 2/s).", "'{t}' is no rate (3000/h, 2/s).").format(t=text)
        )
    return float(found[1].replace(",", ".")) / _SECONDS[found[2]]


def require_consent(base_url: str, consents: Collection[str]) -> None:
    """Raise `LoadError` unless the target is this machine or its host is named as one whose owner consents."""
    host = (urlsplit(base_url).hostname or "").lower()
    if is_loopback(host) or host in {name.lower() for name in consents}:
        return
    raise LoadError(
        Text(
            "« {h} » n’est pas cette machine : une charge peut le mettre à terre. Avec l’accord de qui l’exploite, "
            "ajoutez --i-have-consent {h}.",
            "'{h}' is not this machine: a load can take it down. With the consent of who runs it, add "
            "--i-have-consent {h}.",
        ).format(h=host)
    )
