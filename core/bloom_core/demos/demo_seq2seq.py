"""The translation demo's network: a bidirectional LSTM encoder, an LSTM decoder, dot attention (Luong, Pham, Manning 2015).

Imports PyTorch; nothing but the demo's training imports this.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

PAD, START, END = 0, 1, 2


class Translator(nn.Module):  # type: ignore[misc]  # torch has no types here
    """Sequences of `pieces` tokens in, logits of as many out. `size`: the width of encoder (both directions together) and decoder."""

    def __init__(self, pieces: int, dimensions: int, size: int, layers: int) -> None:
        super().__init__()
        self.encoder_embedding = nn.Embedding(pieces, dimensions, padding_idx=PAD)
        self.encoder = nn.LSTM(dimensions, size // 2, layers, batch_first=True, bidirectional=True)
        self.decoder_embedding = nn.Embedding(pieces, dimensions, padding_idx=PAD)
        self.decoder = nn.LSTM(dimensions, size, layers, batch_first=True)
        self.attention = nn.Linear(2 * size, size, bias=False)
        self.output = nn.Linear(size, pieces)

    def forward(self, source: Tensor, target: Tensor) -> Tensor:
        """Returns the logits (B, T, pieces) of the token after each of `target` (B, T), for `source` (B, S); both padded with PAD."""
        memory, state = self.encode(source)
        return self.decode(target, memory, source == PAD, state)[0]

    def encode(self, source: Tensor) -> tuple[Tensor, tuple[Tensor, Tensor]]:
        """Returns the memory (B, S, size) and the decoder's first state, both directions' last states side by side."""
        lengths = (source != PAD).sum(dim=1)
        packed = pack_padded_sequence(self.encoder_embedding(source), lengths, batch_first=True, enforce_sorted=False)
        memory, (hidden, cell) = self.encoder(packed)
        return pad_packed_sequence(memory, batch_first=True)[0], (_side_by_side(hidden), _side_by_side(cell))

    def decode(self, target: Tensor, memory: Tensor, masked: Tensor, state: tuple[Tensor, Tensor]) -> tuple[Tensor, tuple[Tensor, Tensor]]:
        """Returns the logits after each token of `target`, and the state behind the last."""
        hidden, state = self.decoder(self.decoder_embedding(target), state)
        scores = (hidden @ memory.transpose(1, 2)).masked_fill(masked[:, None, :], -torch.inf)
        seen = torch.cat([scores.softmax(dim=2) @ memory, hidden], dim=2)
        return self.output(torch.tanh(self.attention(seen))), state

    @torch.no_grad()  # type: ignore[untyped-decorator]
    def translate(self, source: Tensor, longest: int) -> list[list[int]]:
        """Returns for each row of `source` the likeliest tokens one by one (greedily), at most `longest`, without START and END."""
        memory, state = self.encode(source)
        token = torch.full((len(source), 1), START)
        found = []
        for _ in range(longest):
            logits, state = self.decode(token, memory, source == PAD, state)
            token = logits.argmax(dim=2)
            found.append(token[:, 0])
        rows: list[list[int]] = torch.stack(found, dim=1).tolist()
        return [row[: row.index(END)] if END in row else row for row in rows]


def _side_by_side(state: Tensor) -> Tensor:
    """Turns (layers · 2, B, size/2) of a bidirectional LSTM into (layers, B, size)."""
    layers, batch, half = state.shape
    return state.reshape(layers // 2, 2, batch, half).transpose(1, 2).reshape(layers // 2, batch, 2 * half)
