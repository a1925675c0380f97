"""One run of the data-size experiment: a small GPT, a number of sentences, and a dropout rate.

`lib.studies.data_size` says what the experiment is about and reads the results of all runs. Both the script that made
them and the page, where a student can run one more, train with a `Trial`.
"""

from lib.language_model import LanguageModelConfig, Learner
from lib.story import load_story
from lib.studies.data_size import STEPS, Point
from lib.threads import one_fast_thread


def trial_config(sentences: int, p: float, seed: int = 0, steps: int = STEPS) -> LanguageModelConfig:
    """The training run of one point.

    >>> trial_config(500, 0.3).n_sentences
    500
    """
    return LanguageModelConfig(n_sentences=sentences, p=p, seed=seed, steps=steps)


class Trial:
    """A run in progress, step by step, with the same records as `lib.language_model.train_language_model`.

    >>> trial = Trial(LanguageModelConfig(n_sentences=20, steps=4, record_every=2, width=8, heads=2))
    >>> trial.advance(3)
    >>> trial.step, trial.done, [step for step, *_ in trial.records]
    (3, False, [0, 2])
    >>> trial.advance(3)
    >>> trial.done, trial.point.steps
    (True, 4)
    """

    def __init__(self, config: LanguageModelConfig) -> None:
        self.config, self.steps = config, config.steps
        self.step = 0
        self.records: list[tuple[int, float, float]] = []  # step, training loss, validation loss
        with one_fast_thread():
            self._learner = Learner(config, load_story(config.language))
            self._record()

    @property
    def done(self) -> bool:
        """Whether all steps are taken and recorded."""
        return self.step == self.steps

    def advance(self, steps: int) -> None:
        """Take the next steps, or as many as are left."""
        with one_fast_thread():
            for _ in range(min(steps, self.steps - self.step)):
                self._learner.step()
                taken = self._learner.steps
                if taken % self.config.record_every == 0 or taken == self.steps:
                    self._record()
                self.step = taken  # last: whoever sees `done` finds the last record
        if self.done:  # only the records are needed now; sentences and parameters take up to 8 MB
            vars(self).pop("_learner", None)

    def _record(self) -> None:
        self.records.append((self._learner.steps, *self._learner.losses()))

    @property
    def point(self) -> Point:
        """The run's present results."""
        best_step, _train, best = min(self.records, key=lambda record: record[2])
        step, train_loss, val_loss = self.records[-1]
        config = self.config
        return Point(config.n_sentences, config.p, config.seed, step, best_step, best, train_loss, val_loss)
