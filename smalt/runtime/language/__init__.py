"""Language models in user processes: their folders, how they are brought in, trained further and judged."""
