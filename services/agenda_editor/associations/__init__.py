"""SOS Médecins associations: sites where somebody consults, and nobody is named beforehand."""
