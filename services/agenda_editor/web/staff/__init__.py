"""What the practices see: their agendas, everybody's appointments, what the platform was told."""
