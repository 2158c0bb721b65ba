"""CPTS (communautés professionnelles territoriales de santé), to which slots of their members are shown."""
