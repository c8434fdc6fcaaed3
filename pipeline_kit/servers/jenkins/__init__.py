"""Jenkins: what the kit renders for it, reads of it and asks it."""
