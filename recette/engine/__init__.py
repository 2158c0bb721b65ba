"""Plays scenarios, collects judgements, adds them up to a report. Speaks in events; whoever prints is listening."""
