"""`promptflow.contracts`: types of inputs and images."""
