#!/bin/sh
# A chat: in the terminal, and over HTTP.
set -eu
smalt flow init --template chat --flow chat --yes
printf 'Hello\nAnd again\n' | smalt flow test --flow chat --interactive

smalt flow serve --source chat --port 0 --skip-open-browser 2> serve.log &
trap 'kill $!' EXIT
until grep -q Serving serve.log; do kill -0 $! && sleep 0.1; done
url=$(sed -n 's/.* on \(http[^ ]*\) .*/\1/p' serve.log)

python - "$url" <<'PYTHON'
import json, sys, urllib.request

def ask(path, body, **headers):
    request = urllib.request.Request(sys.argv[1] + path, json.dumps(body).encode(), {"content-type": "application/json", **headers})
    return urllib.request.urlopen(request).read().decode()

print(ask("/score", {"question": "What is a flow?"}))
print(ask("/score", {"question": "one two"}, accept="text/event-stream"))
answer = json.loads(ask("/v1/chat/completions", {"messages": [{"role": "user", "content": "As OpenAI asks"}]}))
print(answer["choices"][0]["message"]["content"])
PYTHON
