"""Plans drawn for people: as text for a terminal, as one self-contained SVG."""
