"""Reports, every one made from the same `RunReport`."""

from recette.reports.files import write_reports

__all__ = ["write_reports"]
