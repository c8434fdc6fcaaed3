"""What people and servers read of a run: records, JUnit, Markdown, one HTML page, the terminal."""
