"""INT_R02, the platform side: the regulators' own accounts, and telling every editor of them."""
