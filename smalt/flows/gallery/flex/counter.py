"""A flow that is a class: made once, called for each line, asked for metrics at the end."""


class Counter:
    def __init__(self, least: int = 3):
        self.least = least

    def __call__(self, text: str):
        words = [word for word in text.split() if len(word) >= self.least]
        return {"count": len(words), "words": words}

    def __aggregate__(self, line_results: list) -> dict:
        counts = [each["count"] for each in line_results]
        return {"mean_count": sum(counts) / len(counts) if counts else 0}
