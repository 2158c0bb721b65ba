"""The wire form of the vocabulary, for the services only: the harness judges raw JSON without it. Pure."""
