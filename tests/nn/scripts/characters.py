"""A character-level language model: an embedding, an LSTM, truncated backpropagation through time, and sampling."""

# ruff: noqa

import torch
import torch.nn.functional as F
from torch import nn

text = "the quick brown fox jumps over the lazy dog. pack my box with five dozen liquor jugs. " * 2
chars = sorted(list(set(text)))
stoi = {ch: i for i, ch in enumerate(chars)}
itos = {i: ch for i, ch in enumerate(chars)}
encode = lambda s: [stoi[c] for c in s]
decode = lambda line: "".join([itos[i] for i in line])
data = torch.tensor(encode(text), dtype=torch.long)


class CharModel(nn.Module):
    def __init__(self, vocab_size, n_embd=8, n_hidden=12, n_layers=2):
        super().__init__()
        self.n_layers, self.n_hidden = n_layers, n_hidden
        self.embed = nn.Embedding(vocab_size, n_embd)
        self.rnn = nn.LSTM(n_embd, n_hidden, num_layers=n_layers, batch_first=True)
        self.norm = nn.LayerNorm(n_hidden)
        self.head = nn.Linear(n_hidden, vocab_size)

    def init_hidden(self, batch_size):
        weight = next(self.parameters())
        shape = (self.n_layers, batch_size, self.n_hidden)
        return weight.new_zeros(shape), weight.new_zeros(*shape)

    def forward(self, idx, hidden):
        x, hidden = self.rnn(self.embed(idx), hidden)
        return self.head(self.norm(x)), hidden


def build():
    torch.manual_seed(1337)
    return CharModel(len(chars))


def batchify(source, batch_size):
    n = source.size(0) // batch_size
    return source.narrow(0, 0, n * batch_size).view(batch_size, -1).contiguous()


def train(model):
    batch_size, bptt = 4, 10
    rows = batchify(data, batch_size)
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-2)
    losses = []
    for _ in range(2):
        hidden = model.init_hidden(batch_size)
        for i in range(0, rows.size(1) - 1, bptt):
            n = min(bptt, rows.size(1) - 1 - i)
            x, y = rows[:, i : i + n], rows[:, i + 1 : i + 1 + n]
            hidden = tuple(h.detach() for h in hidden)
            logits, hidden = model(x, hidden)
            B, T, C = logits.shape
            loss = F.cross_entropy(logits.view(B * T, C), y.reshape(-1))
            optimizer.zero_grad(set_to_none=True)
            loss.backward()
            nn.utils.clip_grad_value_(model.parameters(), 0.5)
            optimizer.step()
            losses.append(loss.item())
    out, hidden = torch.tensor([[stoi["t"]]]), model.init_hidden(1)
    with torch.inference_mode():
        for _ in range(10):
            logits, hidden = model(out[:, -1:], hidden)
            probs = F.softmax(logits[:, -1, :], dim=-1)
            _, best = torch.topk(probs, k=1, dim=-1)
            out = torch.cat((out, best), dim=1)
    assert len(decode(out[0].tolist())) == 11
    losses.extend(float(i) for i in out[0].tolist())
    return losses
