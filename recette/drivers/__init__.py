"""How the harness reaches the system under test."""
