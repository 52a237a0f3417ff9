"""Jobs: everything that runs. One module per kind and one per part; nothing is imported before it is asked for."""
