"""The watch over a service in operation: probes, their samples, and what these say of the levels that were promised."""
