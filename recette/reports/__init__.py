"""Reports, every one made from the same `RunReport`."""
