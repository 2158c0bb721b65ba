"""What an editor’s answer is wrapped in."""
