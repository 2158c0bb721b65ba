"""Where a slot is: practices, SOS Médecins sites, and the CPTS that show it."""
