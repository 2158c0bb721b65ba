"""Patients for one scenario each: nobody has ever heard of them, so that each word of theirs can be looked for."""

from __future__ import annotations

from datetime import date, timedelta
from random import SystemRandom

from recette.checks.appointment import Patient

_SYLLABLES = ("bra", "cor", "dil", "fén", "gru", "kal", "lom", "mév", "nax", "pry", "quo", "rug", "sté", "tov", "zim")


def invented() -> Patient:
    """Somebody nobody has ever heard of, no word of whom stands anywhere by chance."""
    drawn = SystemRandom()

    def word(syllables: int) -> str:
        return "".join(drawn.choice(_SYLLABLES) for _ in range(syllables)) + "é" + drawn.choice(_SYLLABLES)

    token = word(3)
    return Patient(
        family=word(3).upper(),
        given=word(2).capitalize(),
        birth_date=date(1930, 1, 1) + timedelta(days=drawn.randrange(25_000)),
        phone=f"01 99 00 {drawn.randrange(100):02d} {drawn.randrange(100):02d}",
        reason=f"Douleur {token}",
        token=token,
    )
