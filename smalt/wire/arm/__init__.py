"""The ARM spelling of the nouns: one codec per kind, and the envelope that every resource travels in."""
