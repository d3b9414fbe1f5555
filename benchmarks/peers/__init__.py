"""What the engine is measured beside, each in a process of its own."""
