"""Real loads of the agenda by `recette load`, on a country's worth of agendas in PostgreSQL."""
