"""Single sign-on: the scenarios that judge a platform's provider, in the order in which they are played."""

from __future__ import annotations

from recette.catalogue.platform.sso import sessions, sign_in, tokens
from recette.model import Scenario

SCENARIOS: tuple[Scenario, ...] = (*sign_in.SCENARIOS, *tokens.SCENARIOS, *sessions.SCENARIOS)
