"""`agreement`: what an agreement says, and the dates that follow from it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from recette.cli.options import SETTINGS, LangOption, said

if TYPE_CHECKING:
    from recette.agreement.model import Agreement, DueDate
    from sas_kernel.text import Lang

app = typer.Typer()
agreement_app = typer.Typer(
    no_args_is_help=True,
    help=said("Les conventions et leurs échéances.", "The agreements and their deadlines."),
)
app.add_typer(agreement_app, name="agreement")

NameArgument = Annotated[
    str, typer.Argument(metavar="NAME", help=said("Convention, par exemple sas-agenda.", "For example sas-agenda."))
]
FormatOption = Annotated[str, typer.Option("--format", help="console, json")]
SetOption = Annotated[
    list[str] | None,
    typer.Option(
        "--set",
        metavar="KEY=VALUE",
        help=said("Change un choix laissé ouvert (répétable).", "Change a choice left open (repeatable)."),
    ),
]


@agreement_app.command("list", help=said("Liste les conventions.", "List the agreements."))
def list_agreements(lang: LangOption = SETTINGS.lang) -> None:
    from recette.agreement import reading

    for name in reading.names():
        agreement = reading.load(name)
        typer.echo(f"{name:<20} {agreement.title.to(lang)} ({agreement.reference})")


@agreement_app.command(
    "show", help=said("Montre délais, phases et choix d’une convention.", "Show an agreement’s terms and choices.")
)
def show(name: NameArgument, changes: SetOption = None, lang: LangOption = SETTINGS.lang) -> None:
    agreement = _load(name, changes)
    typer.echo(f"{agreement.title.to(lang)} ({agreement.reference})\n")
    for deadline in agreement.deadlines.values():
        typer.echo(f"{deadline.id:<22} {deadline.text.to(lang)} (art. {deadline.article})")
    typer.echo("\n" + said("Choix là où le texte se tait :", "Choices where the text is silent:"))
    for choice in agreement.choices.values():
        mark = "" if choice.is_default else said(" (modifié)", " (changed)")
        typer.echo(f"{choice.key:<22} {choice.value or '—'}{mark}: {choice.reason.to(lang)} (art. {choice.article})")


@agreement_app.command(
    "due", help=said("Calcule l’échéance qu’ouvre un événement.", "Compute the deadline that an event opens.")
)
def due(
    name: NameArgument,
    event: Annotated[str, typer.Option("--event", help=said("Événement ou règle.", "Event or rule."))],
    at: Annotated[
        str,
        typer.Option(
            "--at",
            metavar="INSTANT",
            help=said(
                "Instant où le délai commence : ISO 8601 ; sans décalage, l’heure de Paris.",
                "Instant at which it starts: ISO 8601; without offset, Paris time.",
            ),
        ),
    ],
    changes: SetOption = None,
    format_: FormatOption = "console",
    lang: LangOption = SETTINGS.lang,
) -> None:
    import json

    from recette.agreement import arithmetic
    from recette.cli.clocks import instant

    if format_ not in {"console", "json"}:
        raise typer.BadParameter(said("attendu : console ou json", "expected console or json"), param_hint="--format")
    agreement = _load(name, changes)
    found = arithmetic.due(agreement, event, instant(at))
    if format_ == "json":
        typer.echo(json.dumps(_document(agreement, found), ensure_ascii=False, indent=2))
    else:
        typer.echo(_sentences(found, lang))


def _load(name: str, changes: list[str] | None) -> Agreement:
    from recette.agreement import reading

    pairs = [change.partition("=") for change in changes or ()]
    for key, equals, _ in pairs:
        if not equals or not key:
            raise typer.BadParameter(said("attendu : CLÉ=VALEUR", "expected: KEY=VALUE"), param_hint="--set")
    return reading.load(name, changes={key.strip(): value.strip() for key, _, value in pairs})


def _document(agreement: Agreement, found: DueDate) -> dict[str, object]:
    deadline = found.deadline
    return {
        "agreement": agreement.name,
        "reference": agreement.reference,
        "event": deadline.id,
        "at": found.at.isoformat(),
        "counted_from": found.counted_from.isoformat(),
        "due_at": found.due_at.isoformat(),
        "article": deadline.article,
        "rule": {
            "id": deadline.id,
            "amount": deadline.amount,
            "unit": deadline.unit.value,
            "starts_at": {"fr": deadline.start.fr, "en": deadline.start.en},
            "text": {"fr": deadline.text.fr, "en": deadline.text.en},
            "article": deadline.article,
        },
        "consequences": [
            {
                "id": each.id,
                "when": each.when.value,
                "text": {"fr": each.text.fr, "en": each.text.en},
                "article": each.article,
            }
            for each in found.consequences
        ],
        "choices": [
            {
                "key": each.key,
                "value": each.value,
                "default": each.is_default,
                "reason": {"fr": each.reason.fr, "en": each.reason.en},
                "article": each.article,
            }
            for each in found.footnotes
        ],
    }


def _sentences(found: DueDate, lang: Lang) -> str:
    deadline = found.deadline
    lines = [
        said("Échéance : ", "Due: ") + f"{found.due_at:%Y-%m-%d %H:%M:%S %z}",
        f"{deadline.text.to(lang)} (art. {deadline.article})",
        said("Compté de : ", "Counted from: ") + f"{deadline.start.to(lang)}, {found.counted_from:%Y-%m-%d %H:%M %z}",
    ]
    lines += [f"→ {each.text.to(lang)} (art. {each.article})" for each in found.consequences]
    lines += [
        f"[{number}] {each.key} = {each.value or '—'} : {each.reason.to(lang)} (art. {each.article})"
        for number, each in enumerate(found.footnotes, 1)
    ]
    return "\n".join(lines)
