"""What a regulator does with a slot and with his appointments."""
