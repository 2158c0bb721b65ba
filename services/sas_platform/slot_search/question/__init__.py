"""What a search asks, and of whom."""
