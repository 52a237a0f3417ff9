"""A folder for one module: the interpreters of jobs find it here by name, and nothing else of smalt."""
