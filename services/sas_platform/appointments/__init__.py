"""INT_R03, the platform side: what editors tell of the appointments that regulators made."""
