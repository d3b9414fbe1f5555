"""How the bundled workers' training data is made; the adapters themselves come from `octograph train worker`."""
