"""Invented territories: people, places and what they offer, as patterns that follow the clock.

A data set never names a date. It says "every day from 08:00 to 12:00, one slot every 20 minutes", so that it is as
fresh in ten years as today; `slots` turns the patterns into instants for a given `now`. Pure but for `load`, which
reads a file.
"""

from __future__ import annotations

from sas_kernel.datasets.expansion import site_slots, slots, slots_of
from sas_kernel.datasets.model import (
    APPOINTMENT_TYPES,
    CONSULTATION_TYPES,
    FIRST_DAY,
    LAST_DAY,
    REGULATOR_KINDS,
    SITE_SLOT_TYPES,
    SLOT_TYPES,
    STATUSES,
    Dataset,
    DatasetAssociation,
    DatasetCommunity,
    DatasetPractitioner,
    DatasetRegulator,
    DatasetSite,
    DatasetSiteSlot,
    DatasetSlot,
    DatasetStaff,
    InvalidDatasetError,
    Offer,
    Place,
)
from sas_kernel.datasets.national import national
from sas_kernel.datasets.reading import load

__all__ = [
    "APPOINTMENT_TYPES",
    "CONSULTATION_TYPES",
    "FIRST_DAY",
    "LAST_DAY",
    "REGULATOR_KINDS",
    "SITE_SLOT_TYPES",
    "SLOT_TYPES",
    "STATUSES",
    "Dataset",
    "DatasetAssociation",
    "DatasetCommunity",
    "DatasetPractitioner",
    "DatasetRegulator",
    "DatasetSite",
    "DatasetSiteSlot",
    "DatasetSlot",
    "DatasetStaff",
    "InvalidDatasetError",
    "Offer",
    "Place",
    "load",
    "national",
    "site_slots",
    "slots",
    "slots_of",
]
