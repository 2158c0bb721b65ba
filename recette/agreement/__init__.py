"""An agreement as arithmetic: deadlines, what follows from them, the choices where its text is silent. Pure."""
