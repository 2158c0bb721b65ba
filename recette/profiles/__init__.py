"""The profile checker: holds a resource against the StructureDefinitions of the guide, from facts and nothing else.

Independent of the services and of any FHIR library. It reports what it did not verify; it never passes in silence.
"""
