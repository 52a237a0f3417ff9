"""The tools that come with the engine, under the names that flow files use (`promptflow.tools.*`)."""
