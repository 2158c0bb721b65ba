"""The protocol: clients, codes, tokens and claims, and Authlib's grants on them."""
