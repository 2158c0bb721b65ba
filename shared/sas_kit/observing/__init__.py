"""What a service tells of itself while it runs: measures for Prometheus, and lines that one request can be followed by.

It knows no health word: names, labels and bucket edges are given by the services.
"""
