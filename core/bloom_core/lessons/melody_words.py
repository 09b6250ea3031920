"""What the lesson "melody" says."""

from __future__ import annotations

TITLE = "A memory with gates"
TEXT, TUNE = "The same line, with gates", "A tune by heart"
ALWAYS_ONE, LOSS = "always 1", "loss"
FORGET, LET_IN, NEW, LET_OUT = "forget gate", "input gate", "new", "output gate"
MEMORY, HIDDEN, BEFORE = "memory", "hidden state", "before"
SONG = "Frère Jacques"

# Act 1: text
OPENING = (
    "The same line, “{line}”, but another kind of memory: its cells can keep something, or let it go. Such a network is called an LSTM. With "
    "{units:.0f} cells it gets {right:.0f} of {places:.0f} letters right so far."
)
INPUT = "The letter {letter} goes in. Together with what the cells said last (nothing yet), it reaches four little neurons in each cell."
GATES = (
    "Three of them are gates, sigmoids between 0 (shut) and 1 (open). In the first cell the forget gate stands at {forget_1:.2f}, the input gate "
    "at {let_in_1:.2f}, the output gate at {let_out_1:.2f}."
)
PROPOSED = "The fourth, a tanh, proposes something new to remember: {new_1:+.2f}."
MEMORY_MADE = (
    "The new memory: forget gate × old memory and input gate × the new, {forget_1:.2f} × {cell_before_1:+.2f} and {let_in_1:.2f} × {new_1:+.2f}, "
    "make {cell_1:+.2f}."
)
SHOWN = (
    "The output gate says how much of it shows: {let_out_1:.2f} × tanh of {cell_1:+.2f} is {hidden_1:+.2f}. This hidden state goes to the outputs, "
    "and back in with the next letter. The memory itself stays inside."
)
OUTPUT = "From both hidden states come the chances of all letters. Best guess: {guess}, with {chance:.0%}."
LOST = "Really {wanted} comes next, to which it gave {given:.0%}. The loss, its surprise, is {loss:.2f}."
INPUT_NEXT = "The next letter, {letter}. The memories hold {cell_before_1:+.2f} and {cell_before_2:+.2f}."
MEMORY_NEXT = (
    "First cell: {forget_1:.2f} × {cell_before_1:+.2f} and {let_in_1:.2f} × {new_1:+.2f} make {cell_1:+.2f}. Second: {forget_2:.2f} × "
    "{cell_before_2:+.2f} and {let_in_2:.2f} × {new_2:+.2f} make {cell_2:+.2f}."
)
OUTPUT_NEXT = "It guesses {guess} with {chance:.0%}. Really {wanted} comes, to which it gave {given:.0%}. Loss {loss:.2f}."
UPDATE = (
    "At the end of the line every weight moves, also those of the gates: when to keep and when to forget is learnt as everything else. The mean "
    "loss falls from {mean_loss_before:.2f} to {mean_loss:.2f}."
)
FASTER = (
    "Again and again, faster now. After {step:.0f} steps: mean loss {mean_loss:.2f}, {right:.0f} of {places:.0f} letters right. Left alone, it "
    "writes: “{written}”."
)
HALVED = (
    "After {step:.0f} steps the mean loss is {mean_loss:.2f}, less than half of the {first_loss:.2f} at the start; {right:.0f} of {places:.0f} "
    "letters are right. Left alone, it writes: “{written}”."
)
ALL_RIGHT = "After {step:.0f} steps, for the first time, it foretells all {places:.0f} letters. Left alone, it writes: “{written}”."
DONE = "After {step:.0f} steps: {right:.0f} of {places:.0f} letters right, mean loss {mean_loss:.3f}. Once more through the line: watch the memories."
KEPT = "Here the forget gate of a cell stands at {gate:.2f}, wide open: its memory of {old:+.2f} is kept, and {added:+.2f} is added to it."
LET_GO = (
    "Here the same gate stands at {gate:.2f}: hardly anything is left of the memory {old:+.2f}, and something new can come in. Now it holds "
    "{now:+.2f}."
)
SAME = "The letter {letter}. After “{before}” the memories hold {cell_1:+.2f} and {cell_2:+.2f}, and it foretells {guess} with {chance:.0%}."
OTHER = (
    "The same letter {letter}, but after “{before}” the memories hold {cell_1:+.2f} and {cell_2:+.2f}: now it foretells {guess} with {chance:.0%}."
)
WRITES = "Left alone, from the first letter on, it writes: “{written}”."
END = (
    "A cell's memory is not made anew at each letter, as in a simple recurrent neuron. It stays unless a gate changes it. So it can last for long, "
    "and the error finds its way back through it."
)

# Act 2: a tune
OPENING_TUNE = (
    "Now a tune, “{song}”, note by note: {places:.0f} notes. Each of its phrases comes twice. Whoever wants to foretell the next note must "
    "remember which time it is. So far {right:.0f} are right."
)
INPUT_TUNE = "The note {letter} goes in. The memories hold {cell_before_1:+.2f} and {cell_before_2:+.2f}."
GATES_TUNE = (
    "The forget gates stand at {forget_1:.2f} and {forget_2:.2f}, the input gates at {let_in_1:.2f} and {let_in_2:.2f}: so the memories become "
    "{cell_1:+.2f} and {cell_2:+.2f}."
)
OUTPUT_TUNE = "It guesses {guess} with {chance:.0%}. Really {wanted} comes, to which it gave {given:.0%}. Loss {loss:.2f}."
UPDATE_TUNE = "At the end of the tune every weight moves. The mean loss falls from {mean_loss_before:.2f} to {mean_loss:.2f}."
FASTER_TUNE = "Again and again, faster now. After {step:.0f} steps: mean loss {mean_loss:.2f}, {right:.0f} of {places:.0f} notes right."
HALVED_TUNE = (
    "After {step:.0f} steps the mean loss is {mean_loss:.2f}, less than half of the {first_loss:.2f} at the start; {right:.0f} of {places:.0f} "
    "notes are right."
)
ALL_RIGHT_TUNE = "After {step:.0f} steps, for the first time, it foretells all {places:.0f} notes."
DONE_TUNE = (
    "After {step:.0f} steps: {right:.0f} of {places:.0f} notes right, mean loss {mean_loss:.3f}. Listen to the tune once more, and watch the "
    "memories."
)
SAME_TUNE = "The note {letter}, after {before}. The memories hold {cell_1:+.2f} and {cell_2:+.2f}, and it foretells {guess} with {chance:.0%}."
OTHER_TUNE = (
    "The same note {letter}, after {before}. But the memories hold {cell_1:+.2f} and {cell_2:+.2f}: this time it foretells {guess} with "
    "{chance:.0%}."
)
WRITES_TUNE = "Left alone, from the first note on, it plays: {written}."
KNOWN_BY_HEART = (
    "That is the whole tune. {units:.0f} memories are all it has to know where it is, and nobody told it what to keep in them: that, too, is "
    "learnt."
)
NOT_YET = "The tune has {places:.0f} notes, of which it foretells {right:.0f}. {units:.0f} memories are all it has to know where it is."
