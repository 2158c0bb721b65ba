"""The authorization server: what the three endpoints of OAuth answer."""
