"""The built-in tools under the names that flow files and tools use."""
