"""What goes wrong with the data of a monitor."""


class MonitorError(Exception):
    """The signal cannot be measured; the message says why and what to do."""
