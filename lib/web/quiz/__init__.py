"""The quiz: its questions, its settings, and how one question is asked."""
