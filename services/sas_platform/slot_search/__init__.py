"""INT_R01 from the platform's side: ask all editors at once, bound each one, merge what is usable, store nothing."""
