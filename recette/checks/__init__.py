"""The checks: pure functions over raw JSON, headers and timings. They import no service and no HTTP library."""
