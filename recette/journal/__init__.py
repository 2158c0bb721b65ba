"""What people did and what runs showed, in the order in which it was written: append-only, chained by hashes."""
