"""The pages people see: an agenda at its booking URL."""
