"""What runs: hosts, the llama.cpp engine, the master, the workers, the tools."""
