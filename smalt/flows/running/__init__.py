"""What every flow needs while it runs, whatever it is written as."""
