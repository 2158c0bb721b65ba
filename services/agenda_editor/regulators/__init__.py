"""INT_R02: the accounts of regulators, as the platform creates and changes them."""
