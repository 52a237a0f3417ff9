"""The command line: `smalt <noun> <verb>`, with the verbs and options of `az ml`. One file per noun."""
