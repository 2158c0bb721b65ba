"""Partners that are wrong on purpose, one fault each: how they go wrong, and how to serve one.

The faults bend what a right partner answers (`bending`), or make a small partner of their own go about it wrongly.
Which checks catch them is not known here: `contracts/museum.csv` says so, and the tests show it.
"""
