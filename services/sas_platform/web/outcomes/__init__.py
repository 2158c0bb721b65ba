"""How editors answered a search, told to a regulator."""
