"""INT_R01, INT_R04 and the SOS search: the platform asks for free slots."""
