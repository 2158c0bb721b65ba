"""Practitioners, their places, their agendas and what these offer: one mapping to FHIR, rendered when written."""
