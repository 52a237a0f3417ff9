"""What we ship for tests: fakes, factories and conformance suites for the extension points."""
