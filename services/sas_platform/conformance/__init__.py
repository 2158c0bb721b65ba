"""What the platform's FHIR server says of itself, and what it answers when it refuses."""
