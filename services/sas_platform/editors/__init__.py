"""The register of connected editors: where each one answers, in which environment, for which flows."""
