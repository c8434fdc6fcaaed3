"""From the facts to a proposed descriptor, every suggestion with its reason."""
