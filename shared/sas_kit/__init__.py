"""The plumbing of the services and the harness: HTTP, database, pages. It knows no health word."""
