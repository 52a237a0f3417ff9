"""What a client can do, one module per noun."""
