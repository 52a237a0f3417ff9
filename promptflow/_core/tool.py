"""Tools, and what they say about inputs to editors."""

from smalt.flows.tools.declare import DynamicList, GeneratedBy, InputSetting, ToolProvider, tool

INPUTS_TO_ESCAPE_PARAM_KEY = "_inputs_to_escape"

__all__ = ["INPUTS_TO_ESCAPE_PARAM_KEY", "DynamicList", "GeneratedBy", "InputSetting", "ToolProvider", "tool"]
