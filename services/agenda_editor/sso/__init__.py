"""Sign-on, the relying party: who enters by the platform, who enters by the editor's own page, and what each may do."""
