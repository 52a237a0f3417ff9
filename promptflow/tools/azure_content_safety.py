"""Whether a text is fit to be shown."""

from smalt.flows.tools.builtin.safety import AzureContentSafety, TextCategorySensitivity, analyze_text

__all__ = ["AzureContentSafety", "TextCategorySensitivity", "analyze_text"]
