"""The dashboard: what journals and samples tell, on pages that change nothing, and what a run does while it goes on."""
