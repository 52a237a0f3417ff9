"""Asks a serverless endpoint with the `openai` package: `python ask.py ENDPOINT QUESTION`."""

import json
import subprocess
import sys

from openai import OpenAI


def smalt(*words):
    return json.loads(subprocess.run(["smalt", *words], check=True, capture_output=True, text=True).stdout)


name, question = sys.argv[1:]
endpoint = smalt("serverless-endpoint", "show", "-n", name)
keys = smalt("serverless-endpoint", "get-credentials", "-n", name)
client = OpenAI(base_url=endpoint["scoring_uri"] + "/v1", api_key=keys["primaryKey"])
stream = client.chat.completions.create(
    model=name, messages=[{"role": "user", "content": question}], max_tokens=40, temperature=0, stream=True
)
for chunk in stream:
    print(chunk.choices[0].delta.content or "", end="", flush=True)
print()
