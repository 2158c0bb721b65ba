"""Four groups of 25 practitioners at two places each, with 250, 1 000, 3 000 and 6 000 slots in 72 hours."""

from __future__ import annotations

from pathlib import Path

# Slots a day of the places of a group: a place of 6 a day has 18 in three days. Mixed so that 50 places add up.
GROUPS: dict[int, tuple[tuple[int, int], ...]] = {
    250: ((1, 17), (2, 33)),
    1000: ((6, 33), (8, 17)),
    3000: ((20, 50),),
    6000: ((40, 50),),
}
PRACTITIONERS = 25


def practitioner_ids(slots: int) -> list[str]:
    group = list(GROUPS).index(slots)
    return [f"8109{group}{number:07d}" for number in range(PRACTITIONERS)]


def write(path: Path) -> None:
    """A data set file of these groups, whole days long, so that any 72 hours hold as many slots."""
    rates = sorted({rate for group in GROUPS.values() for rate, _places in group})
    lines = [
        '[dataset]\nname = "bench"\ntitle_fr = "Mesure"\ntitle_en = "Measure"\nterritory = "Villefictive"\n',
        "[test_data]\n",
    ]
    lines += [
        f"[offers.d{rate}]\nfrom = 00:00:00\nto = 00:00:00\nevery = {1440 // rate}\nduration = 15\n"
        'slot_types = [["PUBLIC", "PRO", "SNP"]]\nconsultation_types = [["AMB", "VR"]]\n'
        'reasons = [["Consultation de médecine générale"]]\n'
        for rate in rates
    ]
    people = []
    for group, (slots, mixture) in enumerate(GROUPS.items()):
        per_place = [rate for rate, places in mixture for _ in range(places)]
        for number, national_id in enumerate(practitioner_ids(slots)):
            keys = []
            for rank in range(2):
                rate = per_place[number + rank * PRACTITIONERS]
                key = f"l{group}_{number}_{rank}"
                keys.append(f'{{ place = "{key}", offers = ["d{rate}"] }}')
                lines.append(
                    f'[[places]]\nkey = "{key}"\nname = "Cabinet {group}-{number}-{rank}"\n'
                    f'line = "{number + 1} rue du Lavoir"\ncity = "Villefictive"\npostal_code = "99100"\n'
                    f'phone = "01 99 00 00 12"\nfiness = "99{group:02d}{number:04d}{rank}"\n'
                )
            people.append(
                f'[[practitioners]]\nkey = "p{group}_{number}"\nid = "{national_id[1:]}"\nfamily = "MESURE{number}"\n'
                f'given = "Alix"\nprefix = "DR"\nspecialty_code = "SM54"\nspecialty = "Médecine générale"\n'
                f"places = [{', '.join(keys)}]\n"
            )
    path.write_text("\n".join(lines + people), encoding="utf-8")
