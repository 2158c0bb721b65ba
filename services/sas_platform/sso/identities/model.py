"""What a test identity is, and what may be wrong with it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from sas_kernel.text import Text
from sas_platform.regulators.model import Regulator


class Fault(StrEnum):
    """One thing that is wrong, and nothing else is. The order gives the identifiers: add at the end only."""

    WRONG_AUDIENCE = "wrong_audience"
    WRONG_ISSUER = "wrong_issuer"
    EXPIRED = "expired"
    BAD_NONCE = "bad_nonce"
    BAD_SIGNATURE = "bad_signature"
    ALG_NONE = "alg_none"
    MISSING_SUBJECT_NAME_ID = "missing_subject_name_id"
    WRONG_STATE = "wrong_state"
    SUBJECT_MISMATCH = "subject_mismatch"
    UNKNOWN_ACCOUNT = "unknown_account"
    INACTIVE_ACCOUNT = "inactive_account"


class Expected(StrEnum):
    """What the editor does with who signs in so."""

    GRANTED = "granted"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class TestIdentity:
    """`regulator.email` is the login. Who has a fault is in no table: his id is negative."""

    __test__ = False  # not a test case, whatever its name looks like to a test runner

    name: str
    regulator: Regulator
    password: str
    fault: Fault | None
    text: Text

    @property
    def expected(self) -> Expected:
        return Expected.GRANTED if self.fault is None else Expected.REFUSED
