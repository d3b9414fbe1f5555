"""Documents in, passages out: loaders, splitting, the catalogue, its indexes, and search over them."""
