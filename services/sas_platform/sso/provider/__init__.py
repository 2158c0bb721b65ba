"""The OpenID provider: its endpoints, and the codes and tokens it has given."""
