"""The pages people see: agendas, booking, appointments, signing in. Topics have a folder each, the look is common."""
