"""Hot paths against a floor, alternating in one run: read the ratios. `make bench`."""
