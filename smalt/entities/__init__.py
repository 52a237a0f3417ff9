"""The nouns of the platform, spelled as in the v2 YAML files. No input or output happens here.

Each noun lives in a module of its own (`smalt.entities.data`, `smalt.entities.job.command`); `smalt.entities.kinds`
finds the class for a kind and a `type`. Nothing is imported before it is asked for.
"""
