"""The model graph and what a turn did on it, as text: the drawing, bars and gauges, sections, reasons."""
