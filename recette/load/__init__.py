"""Loads a target with the searches of the catalogue and judges its answers and its times.

`generator` runs in processes of its own, where Locust replaces the standard library's sockets; nothing else imports it.
"""
