"""Procès-verbaux: what the tool proposes of a phase, what people decide, on paper, as data, and signed."""
