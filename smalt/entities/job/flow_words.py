"""Words by which the server and the engine of flows mean the same; apart, since a job in a hurry loads no entities."""

FLOW_OUTPUTS = "flow_outputs"
"""The output with all files of the run, in the layout that prompt flow has given them."""

FLOW_SETTINGS = "SMALT_FLOW"
"""The variable by which the engine is told what to do; with `_OUTPUTS` behind it, where."""

FLOW_INPUT = f"{FLOW_SETTINGS}_INPUT_"
"""With the name of an input behind it: the variable that says where its rows are, or its value."""

GIVEN_CONNECTIONS = "SMALT_GIVEN_CONNECTIONS"
"""The variable with the names of the connections that a job's token opens, with commas; it asks for no others."""
