"""INT_R03, the editor side: bookings, their life, and the outbox that tells the platform of each."""
