"""What the lesson "recurrent" says."""

from __future__ import annotations

TITLE = "A neuron with a memory"
BELL, TEXT = "Has the bell rung?", "Letter by letter"
RINGS, ALWAYS_ONE, MEMORY, SUM, TANH, ANSWER, TARGET, LOSS = "bell", "always 1", "memory", "sum", "tanh", "has rung?", "target", "loss"
SEQUENCE = "1: the bell rings; to be answered: has it rung by now?"
LINE = "she sells sea shells"
RIGHT, WRONG = "right", "wrong"
YES, NO = "yes", "not yet"
RINGING, SILENT = "the bell rings", "the bell is silent"

# Act 1: one neuron
OPENING = (
    "Now things come one after another. At one of {places:.0f} moments a bell rings. At every moment the neuron is to answer: has it rung by now? "
    "+1 says yes, −1 not yet."
)
NEEDED = "When the bell has stopped, the input is 0 again, as before it rang. From the input alone nobody could tell. The neuron needs a memory."
LOOP = "So its own last answer comes back to it as one more input, with a weight of its own. A neuron with such a loop is called recurrent."
INPUT = "Moment {place:.0f}: {bell}, so the input is {rings:.0f}. The memory holds {memory:+.2f}."
SUM_UP = (
    "Input {rings:.0f} × weight {bell_weight:+.2f}, memory {memory:+.2f} × weight {memory_weight:+.2f}, and the bias {bias:+.2f}: the sum is "
    "{sum:+.2f}."
)
SQUEEZE = "tanh squeezes the sum in between −1 and 1: {hidden:+.2f}. That is the answer, and it goes up into the memory, for the next moment."
ANSWERED = "Above 0 it means yes. It says {answer}; right would be {wanted}: {verdict}."
LOST = "The loss of this moment is the squared distance from {hidden:+.2f} to {target:+.0f}: {loss:.3f}."
SUM_AGAIN = (
    "{rings:.0f} × {bell_weight:+.2f}, and from the memory {memory:+.2f} × {memory_weight:+.2f}, and the bias: {sum:+.2f}. After tanh: "
    "{hidden:+.2f}."
)
LOST_AGAIN = "It says {answer}, right would be {wanted}: {verdict}. Loss {loss:.3f}."
UPDATE = (
    "When the row is over, every weight moves so that the mean loss becomes smaller. What the memory has to do with it is found by going back from "
    "moment to moment: backpropagation through time. The loss falls from {mean_loss_before:.3f} to {mean_loss:.3f}."
)
FASTER = (
    "Again and again, faster now, with the bell at another moment each time or not at all. After {step:.0f} steps the mean loss is {mean_loss:.3f}."
)
FORGETS = (
    "After {step:.0f} steps it hears the bell, {at_bell:+.2f}, but at the last moment it says {at_end:+.2f}: it has forgotten. The weight of its "
    "memory is {memory_weight:+.2f}, too small to hold anything."
)
HALVED = (
    "After {step:.0f} steps the mean loss is {mean_loss:.3f}, less than half of the {first_loss:.3f} at the start. The weight of the memory has "
    "grown to {memory_weight:+.2f}."
)
ALL_RIGHT = "After {step:.0f} steps, for the first time, it is right at all {places:.0f} moments. The weight of the memory is {memory_weight:+.2f}."
NOW = (
    "After {step:.0f} steps the mean loss is {mean_loss:.3f}. Weight of the bell {bell_weight:+.2f}, of the memory {memory_weight:+.2f}, bias "
    "{bias:+.2f}. Once more through the row, slowly."
)
HOLDS_LOW = "The bell is silent. The memory, {memory:+.2f}, times {memory_weight:+.2f} holds the sum down at {sum:+.2f}: not yet."
PUSHED = (
    "The bell rings: {bell_weight:+.2f} outweighs what comes from the memory, {memory:+.2f} × {memory_weight:+.2f}. The sum jumps to {sum:+.2f}, "
    "the answer to {hidden:+.2f}."
)
HOLDS_HIGH = (
    "Silent again, the input is 0. But now the memory is {memory:+.2f}, and times {memory_weight:+.2f} it holds the sum up: {sum:+.2f}. The neuron "
    "remembers."
)
STILL = (
    "At the last moment it still says {hidden:+.2f}. Each time tanh takes a little away, and the weight of the memory, above 1, gives it back: so "
    "a thing can be remembered for as long as you like."
)
END = "Same neuron, same input 0, but another answer, because of what happened before. That is all that a memory is: an input from yesterday."
NOT_LEARNT = "After {step:.0f} steps the mean loss is {mean_loss:.3f}: from these first weights the neuron has not learnt to keep the bell in mind."

# Act 2: a line of text
OPENING_TEXT = (
    "Now {units:.0f} such neurons together read a line, letter by letter: “{line}”. After each letter they are to foretell the next. So far they "
    "get {right:.0f} of {places:.0f} right."
)
INPUT_TEXT = "The letter {letter} goes in. There is an input for each letter that occurs; that of {letter} is 1, the others are 0."
SUM_TEXT = (
    "Each neuron adds up what comes from the letter, what comes from the memory, still empty, and its bias: {sum_1:+.2f}, {sum_2:+.2f} and "
    "{sum_3:+.2f}."
)
SQUEEZE_TEXT = (
    "tanh makes {hidden_1:+.2f}, {hidden_2:+.2f} and {hidden_3:+.2f} of them. These numbers, the hidden state, are all that the network keeps of "
    "what it has read."
)
OUTPUT_TEXT = (
    "Out of them comes a chance for every letter, all together 100%; making chances of sums is called softmax. Its best guess: {guess}, with "
    "{chance:.0%}."
)
LOSS_TEXT = (
    "Really {wanted} comes next, to which it gave {given:.0%}. The loss is its surprise: minus the logarithm of that chance, {loss:.2f}. For 100% "
    "it would be 0."
)
INPUT_NEXT = "The next letter, {letter}. The memory now holds {memory_1:+.2f}, {memory_2:+.2f} and {memory_3:+.2f}: what is left of “{before}”."
OUTPUT_NEXT = (
    "Letter and memory together: it guesses {guess} with {chance:.0%}. Really {wanted} comes, to which it gave {given:.0%}. Loss {loss:.2f}."
)
UPDATE_TEXT = (
    "At the end of the line every weight moves, the error going back from letter to letter as the memory came. The mean loss falls from "
    "{mean_loss_before:.2f} to {mean_loss:.2f}."
)
FASTER_TEXT = (
    "Again and again, faster now. After {step:.0f} steps: mean loss {mean_loss:.2f}, {right:.0f} of {places:.0f} letters right. Left alone, it "
    "writes: “{written}”."
)
HALVED_TEXT = (
    "After {step:.0f} steps the mean loss is {mean_loss:.2f}, less than half of the {first_loss:.2f} at the start; {right:.0f} of {places:.0f} "
    "letters are right. Left alone, it writes: “{written}”."
)
ALL_RIGHT_TEXT = "After {step:.0f} steps, for the first time, it foretells all {places:.0f} letters. Left alone, it writes: “{written}”."
DONE_TEXT = "After {step:.0f} steps: {right:.0f} of {places:.0f} letters right, mean loss {mean_loss:.3f}. Let us read the line once more."
SAME_LETTER = (
    "Here the letter is {letter}. After “{before}” the hidden state is {hidden_1:+.2f}, {hidden_2:+.2f}, {hidden_3:+.2f}, and it foretells {guess} "
    "with {chance:.0%}."
)
OTHER_MEMORY = (
    "The same letter {letter} again, but after “{before}” the hidden state is {hidden_1:+.2f}, {hidden_2:+.2f}, {hidden_3:+.2f}: now it foretells "
    "{guess} with {chance:.0%}. Only the memory tells the two apart."
)
WRITES = "Left alone, it is given the first letter only, and then its own guesses as if they had been read. It writes: “{written}”."
END_TEXT = (
    "A recurrent network has learnt a line by heart when its memory tells it where it is. Longer lines need a memory that can keep and let go at "
    "will: that is the next lesson."
)
