"""Documents in, passages out. The room is reserved, with its import walls; nothing lives here yet."""
