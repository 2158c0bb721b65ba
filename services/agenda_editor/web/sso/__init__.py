"""Signing in, the terms of use, signing out."""
