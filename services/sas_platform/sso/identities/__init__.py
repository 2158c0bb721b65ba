"""Identities for acceptance: some are as they should be, each of the others has one fault an editor must refuse."""
