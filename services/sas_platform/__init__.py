"""The national platform's stand-in: it asks every connected editor for free slots and merges what they answer."""
