"""The control plane: what people and clients ask for is stored here, and loops make it true."""
