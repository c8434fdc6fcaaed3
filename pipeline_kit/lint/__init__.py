"""Findings and rules: what the lint of every CI server reports. Pure: text to findings."""
