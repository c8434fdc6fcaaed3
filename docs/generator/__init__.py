"""The reference pages, made from what the kit itself reads: stages, parser, descriptor, documents."""
