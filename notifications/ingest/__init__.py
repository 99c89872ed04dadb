"""How notifications get in: adapters make emissions, the recorder alone writes them."""
