"""Median milliseconds of one BERT pretraining step in PyTorch, no dropout, and peak memory in MiB: torch-step.py LAYERS HIDDEN BATCH."""
import resource
import sys
import time

import torch
from torch import nn
from torch.nn import functional as F

layers, hidden, batch = (int(arg) for arg in sys.argv[1:4])
positions, predictions, vocab = 128, 20, 4096
torch.set_num_threads(2)
torch.manual_seed(0)


class Layer(nn.Module):
    def __init__(self):
        super().__init__()
        self.heads = hidden // 64
        self.qkv = nn.ModuleList(nn.Linear(hidden, hidden) for _ in range(3))
        self.out = nn.Linear(hidden, hidden)
        self.up, self.down = nn.Linear(hidden, 4 * hidden), nn.Linear(4 * hidden, hidden)
        self.norms = nn.ModuleList(nn.LayerNorm(hidden, 1e-12) for _ in range(2))

    def forward(self, x, mask):
        b, s, _ = x.shape
        q, k, v = (p(x).view(b, s, self.heads, 64).transpose(1, 2) for p in self.qkv)
        weights = torch.softmax(q @ k.transpose(-1, -2) / 8 + mask, -1)
        x = self.norms[0](x + self.out((weights @ v).transpose(1, 2).reshape(b, s, hidden)))
        return self.norms[1](x + self.down(F.gelu(self.up(x))))


class Pretrainer(nn.Module):
    def __init__(self):
        super().__init__()
        self.word, self.kind, self.place = nn.Embedding(vocab, hidden), nn.Embedding(2, hidden), nn.Embedding(positions, hidden)
        self.norm = nn.LayerNorm(hidden, 1e-12)
        self.layers = nn.ModuleList(Layer() for _ in range(layers))
        self.transform, self.transform_norm = nn.Linear(hidden, hidden), nn.LayerNorm(hidden, 1e-12)
        self.bias = nn.Parameter(torch.zeros(vocab))
        self.pooler, self.next = nn.Linear(hidden, hidden), nn.Linear(hidden, 2)

    def forward(self, ids, types, mask, places, labels, following):
        x = self.norm(self.word(ids) + self.kind(types) + self.place.weight)
        for layer in self.layers:
            x = layer(x, mask)
        masked = self.transform_norm(F.gelu(self.transform(x.reshape(-1, hidden)[places])))
        masked_lm = F.cross_entropy(masked @ self.word.weight.t() + self.bias, labels)
        return masked_lm + F.cross_entropy(self.next(torch.tanh(self.pooler(x[:, 0]))), following)


model = Pretrainer()
optimizer = torch.optim.AdamW(model.parameters(), 1e-3, eps=1e-7, weight_decay=0.01)
ids = torch.randint(vocab, (batch, positions))
types = (torch.arange(positions) > positions // 2).long().expand(batch, positions)
mask = torch.zeros(batch, 1, 1, positions)
places = (torch.arange(batch)[:, None] * positions + torch.randint(positions, (batch, predictions))).view(-1)
labels, following = torch.randint(vocab, (batch * predictions,)), torch.randint(2, (batch,))
times = []
for _ in range(23 if hidden < 768 else 8):
    start = time.perf_counter()
    optimizer.zero_grad()
    loss = model(ids, types, mask, places, labels, following)
    loss.backward()
    nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    optimizer.step()
    loss.item()
    times.append((time.perf_counter() - start) * 1e3)
print(sorted(times[3:])[len(times[3:]) // 2], resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
