"""What a stage is promised and what it promises: its specification, context, result, and the ports to the world."""
