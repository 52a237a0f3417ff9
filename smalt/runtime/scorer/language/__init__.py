"""Language models as a deployment serves them: the protocols of OpenAI and of the model inference API, and an engine
that generates for many callers at once. Runs in the environment of the model, with its torch and transformers."""
