"""Small things that flow code borrows."""
