"""Questions that people ask about the two dice, each answered by an experiment.

A question is a module here with a function ``experiment(seed)`` that returns a `lib.questions.result.Result` in less
than a second; its name in `threads` and `every`; three sections of prose in content/<language>/questions.md, which
`lib.web.questions.asked` reads; and a program in `lib.listings.questions`.
"""
