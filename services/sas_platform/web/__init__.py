"""The regulator's page."""
