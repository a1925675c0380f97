"""The programs of the questions page: each question tried in a few lines of PyTorch, with nothing else."""

from lib.listings.parts import comment

_DIFFERS = (
    "The same in a few lines. The numbers on screen come from more passes, or from trained models: expect others."
)

_PROGRAMS = {
    "validation_below": """\
import torch
from torch import nn
from torch.nn.functional import binary_cross_entropy_with_logits as loss_function

torch.manual_seed(0)
rule, x, new_x = torch.randn(20), torch.randn(1000, 20), torch.randn(1000, 20)
y, new_y = (x @ rule > 0).float(), (new_x @ rule > 0).float()
for wrong in (0.0, 0.2):
    labels = torch.where(torch.rand(1000) < wrong, 1 - y, y)  # only training labels are wrong
    network = nn.Sequential(nn.Linear(20, 64), nn.ReLU(), nn.Dropout(0.5), nn.Linear(64, 1), nn.Flatten(0))
    optimizer = torch.optim.Adam(network.parameters(), lr=0.01)
    for step in range(20):
        loss = loss_function(network(x), labels)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    network.eval()
    with torch.no_grad():
        off, val = loss_function(network(x), labels), loss_function(network(new_x), new_y)
    print(f"wrong {wrong:.0%}: training with dropout on {loss:.2f}, off {off:.2f}; validation {val:.2f}")
""",
    "scale_at_test": """\
import torch

torch.manual_seed(0)
p, x = 0.2, torch.rand(256)
masks = torch.rand(1000, 256) >= p  # one row for each pass
training = (x * masks).sum(1).mean()  # nothing is scaled
print(f"never scaled: {x.sum() / training:.2f} times training")
print(f"times 1 - p: {(1 - p) * x.sum() / training:.2f}")
print(f"times p: {p * x.sum() / training:.2f}")
divided = torch.nn.functional.dropout(x.expand(1000, -1), p).sum(1).mean()
print(f"divided by 1 - p in training: {x.sum() / divided:.2f}")
""",
    "drop_or_keep": """\
import torch
from torch import nn

torch.manual_seed(0)
dropped = (nn.Dropout(0.4)(torch.ones(10000)) == 0).float().mean()
print(f"nn.Dropout(0.4) drops {dropped:.0%}")
""",
    "another_answer": """\
import torch
from torch import nn

torch.manual_seed(0)
model = nn.Sequential(nn.Linear(8, 64), nn.ReLU(), nn.Dropout(0.3), nn.Linear(64, 3))
x = torch.randn(8)
print("training mode:", torch.equal(model(x), model(x)))
model.eval()
print("after eval():", torch.equal(model(x), model(x)))
""",
    "functional_dropout": """\
import torch
from torch import nn
from torch.nn import functional as F


class Model(nn.Module):
    def __init__(self, told):
        super().__init__()
        self.told = told

    def forward(self, x):
        return F.dropout(x, 0.5, training=self.training) if self.told else F.dropout(x, 0.5)


torch.manual_seed(0)
for told in (True, False):
    model = Model(told).eval()
    dropped = (model(torch.ones(1000)) == 0).float().mean()
    print(f"told about the mode: {told}, dropped after eval(): {dropped:.0%}")
""",
    "mask_per_example": """\
import torch
from torch import nn

torch.manual_seed(0)
kept = nn.Dropout(0.5)(torch.ones(4, 12)) > 0  # (B, H)
print(kept.int())
print("different masks:", len(kept.unique(dim=0)))
""",
    "dropped_updated": """\
import torch

torch.manual_seed(0)
weights = torch.randn(200, requires_grad=True)  # out of 200 units, to one output
optimizer = torch.optim.Adam([weights], lr=0.01)
for step in range(5):
    kept = torch.rand(200) >= 0.5
    before = weights.detach().clone()
    loss = (torch.randn(200) * kept / 0.5 @ weights - 1) ** 2
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
moved = weights.detach() != before
print(f"dropped units with a gradient: {(weights.grad[~kept] != 0).float().mean():.0%}")
print(f"dropped units that Adam moved: {moved[~kept].float().mean():.0%}")
""",
    "before_activation": """\
import torch
from torch.nn import functional as F

torch.manual_seed(0)
z, mask = torch.randn(100, 100), (torch.rand(100, 100) >= 0.5) / 0.5
for activation in (torch.relu, F.gelu, torch.tanh, torch.sigmoid):
    before, after = activation(z * mask), activation(z) * mask
    apart = (before - after).abs().mean() / activation(z).abs().mean()
    print(f"{activation.__name__}: {apart:.2f}")
""",
    "batch_norm": """\
import torch
from torch import nn

torch.manual_seed(0)
for p in (0.0, 0.5):
    model = nn.Sequential(nn.ReLU(), nn.Dropout(p), nn.Linear(64, 64), nn.BatchNorm1d(64))
    for batch in range(60):
        model(torch.randn(256, 64))  # batch normalisation notes the variance
    model.eval()
    variance = model(torch.randn(256, 64)).var(0).mean()
    print(f"dropout {p} before it: variance {variance:.2f} at test time")
""",
    "smaller_network": """\
import torch
from sklearn.datasets import load_digits  # pip install scikit-learn
from torch import nn

torch.manual_seed(0)
digits = load_digits()
x, y = torch.tensor(digits.data, dtype=torch.float32) / 16, torch.tensor(digits.target)
order = torch.randperm(len(y))
train, val = order[:1000], order[1000:]
labels = torch.where(torch.rand(len(y)) < 0.2, torch.randint(10, y.shape), y)  # some labels are wrong
for units, p in ((8, 0.0), (16, 0.0), (32, 0.0), (256, 0.0), (256, 0.5)):
    network = nn.Sequential(
        nn.Linear(64, units), nn.ReLU(), nn.Dropout(p), nn.Linear(units, units), nn.ReLU(), nn.Dropout(p),
        nn.Linear(units, 10),
    )
    optimizer = torch.optim.Adam(network.parameters(), lr=0.002)
    for step in range(600):
        rows = train[torch.randint(len(train), (64,))]
        loss = nn.functional.cross_entropy(network(x[rows]), labels[rows])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    network.eval()
    with torch.no_grad():
        loss = nn.functional.cross_entropy(network(x[val]), y[val])
    print(f"{units} units, p = {p}: validation loss {loss:.2f}")
""",
    "knows_not": """\
import torch
from torch import nn

torch.manual_seed(0)
x = torch.cat([torch.randn(500, 2) - 2, torch.randn(500, 2) + 2])  # two clouds of points
y = torch.arange(2).repeat_interleave(500)
network = nn.Sequential(nn.Linear(2, 64), nn.ReLU(), nn.Dropout(0.5), nn.Linear(64, 2))
optimizer = torch.optim.Adam(network.parameters(), lr=0.01)
for step in range(200):
    loss = nn.functional.cross_entropy(network(x), y)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
with torch.no_grad():  # dropout stays on: nobody calls eval()
    for name, point in (("like the data", [2.0, 2.0]), ("unlike the data", [-20.0, 20.0])):
        answers = network(torch.tensor(point).expand(100, 2)).softmax(1)[:, 0]
        print(f"{name}: the passes differ by {answers.std():.3f}")
""",
    "empty_row": """\
import torch
from torch import nn

torch.manual_seed(0)
scores = torch.randn(4000, 4, 4).masked_fill(torch.ones(4, 4).triu(1) > 0, -torch.inf)
weights = nn.Dropout(0.3)(scores.softmax(-1))  # (N, T, T)
for t, empty in enumerate((weights == 0).all(-1).float().mean(0), start=1):
    print(f"row of word {t} empty: {empty:.3f}, p^t = {0.3**t:.3f}")
""",
    "channels": """\
import torch
from torch import nn

torch.manual_seed(0)
images = torch.ones(32, 16, 6, 6)  # (B, C, H, W)
for layer in (nn.Dropout(0.5), nn.Dropout2d(0.5)):
    dropped = layer(images) == 0
    pixels, channels = dropped.float().mean(), dropped.all(3).all(2).float().mean()
    print(f"{layer}: {pixels:.0%} of the pixels, {channels:.0%} of the channels")
""",
    "hurts_small": """\
import torch
from torch import nn

torch.manual_seed(0)
angle = torch.rand(4000) * torch.pi
y = torch.arange(4000) % 2
x = torch.stack([angle.cos() + y, (1 - 2 * y) * angle.sin() + y / 2], 1) + 0.25 * torch.randn(4000, 2)  # two moons
for p in (0.0, 0.5):
    losses = []
    for network in range(5):
        network = nn.Sequential(nn.Linear(2, 8), nn.ReLU(), nn.Dropout(p), nn.Linear(8, 2))
        optimizer = torch.optim.Adam(network.parameters(), lr=0.01)
        for step in range(300):
            loss = nn.functional.cross_entropy(network(x[:1000]), y[:1000])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        network.eval()
        with torch.no_grad():
            losses.append(nn.functional.cross_entropy(network(x[1000:]), y[1000:]).item())
    print(f"eight neurons, p = {p}: validation loss {sum(losses) / 5:.3f}")
""",
    "top_k_50": """\
import torch

torch.manual_seed(0)
for name, spread in (("sure", 6.0), ("unsure", 3.0)):
    probabilities = (spread * torch.randn(50000)).softmax(0).sort(descending=True).values
    print(f"{name}: {probabilities[50:].sum():.1%} lies beyond the 50 likeliest")
""",
    "temperature_ignored": """\
import torch

torch.manual_seed(0)
logits = torch.tensor([2.0, 1.5, 1.0, 0.0])
for temperature in (0.5, 1.5):
    scaled = logits / temperature
    drawn = torch.multinomial(scaled.softmax(0), 12, replacement=True)
    print(f"T = {temperature}: drawn {drawn.tolist()}, likeliest {scaled.argmax().item()}")
""",
    "temperature_zero": """\
import torch

torch.manual_seed(0)
logits = torch.tensor([18.03, 18.01, 12.0])
for temperature in (1.0, 0.1, 0.001):
    print(f"T = {temperature}: {(logits / temperature).softmax(0)[0]:.3f} for the likeliest")
print("equal in bfloat16:", bool(logits.bfloat16()[0] == logits.bfloat16()[1]))
numbers = torch.randn(10000)
print("another order, another sum:", bool(numbers.sum() != numbers.flip(0).cumsum(0)[-1]))
""",
    "temperature_order": """\
import torch


def top_p(logits, p):
    probabilities = logits.softmax(0).sort(descending=True).values
    return int((probabilities.cumsum(0) - probabilities < p).sum())  # how many words stay in


torch.manual_seed(0)
logits = 3 * torch.randn(1000)
print("temperature 1.5 before top-p:", top_p(logits / 1.5, 0.9))
print("temperature 0.7 before top-p:", top_p(logits / 0.7, 0.9))
print("temperature after top-p:", top_p(logits, 0.9))
""",
    "which_cut": """\
import torch

cuts = {
    "top-k 3": lambda p: p >= p.topk(3).values[-1],
    "top-p 0.9": lambda p: p >= p.sort(descending=True).values[(p.sort(descending=True).values.cumsum(0) < 0.9).sum()],
    "min-p 0.05": lambda p: p >= 0.05 * p.max(),
}
places = {
    "two words can come": torch.tensor([0.49, 0.48, 0.015, 0.01, 0.005]),
    "five words can come": torch.tensor([0.2, 0.21, 0.19, 0.22, 0.18]),
}
for cut, keep in cuts.items():
    print(cut, {place: int(keep(p).sum()) for place, p in places.items()})
""",
    "why_dropout": """\
import torch

torch.manual_seed(0)
learned = torch.tensor([0.97, 0.01, 0.01, 0.01])  # a model that knows its sentence by heart
for k in (4, 3, 2):
    values, words = learned.topk(k)
    drawn = words[torch.multinomial(values, 1000, replacement=True)]
    print(f"top-k {k}: the memorised word in {(drawn == 0).float().mean():.0%} of the draws")
""",
}


def question_listing(name: str) -> str:
    """The program of the question of this name, ready to run.

    >>> "nn.Dropout(0.4)" in question_listing("drop_or_keep")
    True
    """
    return f"{comment(_DIFFERS)}\n{_PROGRAMS[name]}"
