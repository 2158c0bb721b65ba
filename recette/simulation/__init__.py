"""A project played on a virtual clock: what people do, what a watch sees, and the dates that follow."""
