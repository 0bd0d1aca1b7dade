"""The language model behind the core's `Model` port, over any OpenAI-style chat API."""
