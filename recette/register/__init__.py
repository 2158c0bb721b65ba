"""The register of anomalies: what runs showed, what both parties did about it, and what is due when."""
