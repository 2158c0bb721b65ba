"""The scenarios, one module a flow."""
