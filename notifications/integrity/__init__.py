"""How the record is proved and kept whole. Reads evidence and never writes it."""
