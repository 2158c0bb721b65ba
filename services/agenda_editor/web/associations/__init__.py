"""The pages of SOS Médecins."""
