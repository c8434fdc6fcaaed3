"""The speed that pipeline-kit promises, measured beside other tools: `make bench` writes RESULTS.md."""
