"""INT_R01: the platform asks for the free slots of individual practitioners."""
