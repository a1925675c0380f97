"""What a link to the Two dice page repeats, and the tables that its settings ask for."""

from dataclasses import dataclass, replace

from lib.experiment import FEWEST, KS, MEASURES, MOST, TABLE_RATES, ExperimentConfig
from lib.web.elements.settings import choice, flag, number
from lib.web.two_dice.runs import Pair

LARGE_RATES = (0.0, 0.3)  # with the large corpus there are no other checkpoints


@dataclass(frozen=True)
class Settings:
    """Everything on this page that a link repeats."""

    p: float = choice(0.3, TABLE_RATES[1:])
    k: int = choice(1, [k for k in reversed(KS) if k])
    all: bool = flag(False)
    n: int = number(1000, FEWEST, MOST, 100)
    seed: int = number(0, 0, 9999, 1)
    models: str = choice("small", ("small", "large", "yours"))
    measure: str = choice("copied", MEASURES)
    forgot: bool = flag(False)
    train_n: int = number(2000, FEWEST, MOST, 100)
    train_seed: int = number(0, 0, 9999, 1)


def tables(settings: Settings, pair: Pair | None, language: str) -> tuple[ExperimentConfig, ...]:
    """The table that these settings ask for, then what the forgotten eval() needs beside it."""
    if pair:
        rates: tuple[float, ...] = (0.0, pair[1].p)
    elif settings.models == "large":
        rates = LARGE_RATES
    else:
        rates = TABLE_RATES if settings.all else (0.0, settings.p)
    corpus = "large" if settings.models == "large" else "small"
    ks = KS if settings.all else (None, settings.k)
    table = ExperimentConfig(rates, ks, settings.n, settings.seed, language, corpus)
    if not settings.forgot:
        return (table,)
    p = settings.p if settings.p in rates else rates[-1]
    row = replace(table, rates=(p,), ks=KS, grammar=False)
    return (table, row, replace(row, dropout_on=True))
