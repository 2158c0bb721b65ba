"""Reports, every one made from the same `RunReport`."""

from recette.reports.files import make_folder, write_reports

__all__ = ["make_folder", "write_reports"]
