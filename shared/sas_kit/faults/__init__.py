"""Plays faults on purpose (`sas_kernel.faults`): on what a service answers and on what it sends."""
