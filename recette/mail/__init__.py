"""Notification of anomalies by e-mail, and what comes back (ANS-CONV-001, art. 8.2)."""
