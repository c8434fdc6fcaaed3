"""Looking for what must not ship: secrets, unsafe modes and settings, pickles that run code, known vulnerabilities."""
