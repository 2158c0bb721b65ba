"""What this service measures of itself, by name; docs/operations.md says what each is for."""

from __future__ import annotations

from typing import Final

OBSERVED_LEVELS: Final = ("slot_search.one_practitioner", "slot_search.answer_timeout")
"""The promises around which durations are told exactly."""
METRICS_TOKEN: Final = "SAS_PLATFORM_METRICS_TOKEN"
