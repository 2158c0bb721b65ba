"""The keys that tokens are signed with: one signs, those before it are published until their tokens are dead."""
