"""How people are told: channels that hand notices over, and the templates that word them."""
