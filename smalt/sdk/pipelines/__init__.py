"""Pipelines on the client's side: files read as one, mistakes found before any network, components registered."""
