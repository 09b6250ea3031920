"""Training of the translation demo: Spanish to English, on the texts of Blender's own interface.

As the network of the 2019 project Bloom: byte-pair tokens, embeddings of 64 numbers, a bidirectional LSTM encoder, batches of 64, SGD whose rate is
halved towards the end. Imports PyTorch; `demo_train` imports this when it is asked to train.
"""

from __future__ import annotations

import io
import random
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import sentencepiece
import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import pad_sequence

from bloom_core.commands.training_progress import Progress
from bloom_core.demos.demo_catalogue import read_pairs, split
from bloom_core.demos.demo_recording import recording
from bloom_core.demos.demo_scores import bleu, chrf
from bloom_core.demos.demo_seq2seq import END, PAD, START, Translator

SEED = 7
PIECES = 345
DIMENSIONS = 64
SIZE = 128
LAYERS = 2
BATCH = 64
BATCHES = 256
"""An epoch's optimizer steps at most: 16 384 pairs to learn from."""
TEST_PAIRS = 400
EPOCHS = 10
RATE, MOMENTUM = 0.2, 0.9
HALVED_FROM = 7
"""The first epoch whose rate is half that of the epoch before."""
CLIP = 5.0
"""Longest gradient that the optimizer gets."""
LONGEST = 40
"""Tokens after which a translation is cut off."""
POOL = 16
"""So many batches are drawn together and sorted by length, so that there is little padding in them."""

PARTS = {
    "encoder embedding": "encoder_embedding.*",
    "encoder": "encoder.*",
    "attention": "attention.*",
    "decoder embedding": "decoder_embedding.*",
    "decoder": ("decoder.*", "output.*"),
}

Pairs = Sequence[tuple[str, str]]


def train(catalogue: Path, file: Path, progress: Progress, epochs: int = EPOCHS, batches: int = BATCHES) -> list[float]:
    """Trains on `catalogue` (a blender.mo), writes the packed run to `file`, and returns the test texts' BLEU after each epoch. Raises RunError."""
    torch.manual_seed(SEED)
    torch.set_num_threads(1)
    version, pairs = read_pairs(catalogue)
    learned, tested = split(pairs, batches * BATCH, TEST_PAIRS, SEED)
    spanish, english = (_tokens([pair[side] for pair in learned]) for side in (0, 1))
    sources = [torch.tensor([*ids, END]) for ids in spanish.encode([pair[0] for pair in learned])]
    targets = [torch.tensor([START, *ids, END]) for ids in english.encode([pair[1] for pair in learned])]
    exam = pad_sequence([torch.tensor([*ids, END]) for ids in spanish.encode([pair[0] for pair in tested])], batch_first=True, padding_value=PAD)
    words = [english.id_to_piece(index) for index in range(PIECES)]

    model = Translator(PIECES, DIMENSIONS, SIZE, LAYERS)
    optimizer = torch.optim.SGD(model.parameters(), lr=RATE, momentum=MOMENTUM)
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda epoch: 0.5 ** max(0, epoch + 2 - HALVED_FROM))
    measure = nn.CrossEntropyLoss(ignore_index=PAD, reduction="sum")
    scores: dict[str, list[float]] = {"test_bleu": [], "test_chrf": []}
    count = -(-len(learned) // BATCH)
    about = {"title": "translation, Spanish to English", "seed": SEED, "batch": BATCH, "texts": version}
    about |= {"learned_pairs": len(learned), "test_pairs": len(tested)}
    with recording(model, optimizer, file, about, PARTS) as run, progress.of("translation", model, epochs, count) as bar:
        run.describe(**scores)
        run.embeddings(_halves(model), words, epoch=0)
        for epoch in range(1, epochs + 1):
            for batch_id, chosen in enumerate(_batches(sources, targets)):
                source, target = (pad_sequence([side[index] for index in chosen], batch_first=True, padding_value=PAD) for side in (sources, targets))
                logits = model(source, target[:, :-1])
                loss = measure(logits.flatten(0, 1), target[:, 1:].flatten())
                optimizer.zero_grad()
                (loss / len(chosen)).backward()
                run.clip_gradients(CLIP)
                per_token = loss.detach() / (target[:, 1:] != PAD).sum()
                with bar.step(per_token):
                    optimizer.step()
                run.log(loss=per_token, batch_id=batch_id, epoch=epoch - 1 + (batch_id + 1) / count)
            schedule.step()
            run.embeddings(_halves(model), words, epoch=epoch)
            found = english.decode(model.translate(exam, LONGEST))
            scores["test_bleu"].append(round(bleu(found, [pair[1] for pair in tested]), 2))
            scores["test_chrf"].append(round(chrf(found, [pair[1] for pair in tested]), 2))
            bar.epoch_done(f"loss {float(per_token):.3f}  BLEU {scores['test_bleu'][-1]:.1f}  chrF {scores['test_chrf'][-1]:.1f}")
    return scores["test_bleu"]


def _tokens(texts: Sequence[str]) -> Any:
    """Returns a byte-pair tokenizer (Sennrich, Haddow, Birch 2016) of PIECES pieces learned from `texts`."""
    model = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(texts),
        model_writer=model,
        model_type="bpe",
        vocab_size=PIECES,
        pad_id=PAD,
        bos_id=START,
        eos_id=END,
        unk_id=3,
        num_threads=1,
        minloglevel=2,
    )
    return sentencepiece.SentencePieceProcessor(model_proto=model.getvalue())


def _batches(sources: Sequence[Tensor], targets: Sequence[Tensor]) -> Iterator[list[int]]:
    """Gives one epoch's batches, each of texts of about the same length, in random order."""
    order: list[int] = torch.randperm(len(sources)).tolist()
    batches = []
    for start in range(0, len(order), POOL * BATCH):
        pool = sorted(order[start : start + POOL * BATCH], key=lambda index: (len(sources[index]), len(targets[index])))
        batches += [pool[place : place + BATCH] for place in range(0, len(pool), BATCH)]
    random.Random(int(torch.randint(2**31, ()))).shuffle(batches)
    return iter(batches)


def _halves(model: Translator) -> Tensor:
    """Returns the decoder's embeddings as half floats hold them: the run's file gets half as large, at an error of 5e-4 of a value."""
    rounded: Tensor = model.decoder_embedding.weight.detach().half().float()
    return rounded
