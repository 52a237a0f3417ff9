"""Endpoints, which callers address, and the deployments behind them."""
