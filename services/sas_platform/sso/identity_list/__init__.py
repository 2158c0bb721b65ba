"""The list of test identities, as JSON for the harness and as a page for people."""
