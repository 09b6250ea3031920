"""What the lesson "songs" says."""

from __future__ import annotations

TITLE = "Four songs"
ALONE = "One neuron"
TOGETHER = "A hidden layer"
MODERN, SAD, PIANO = "modern", "sad", "piano"
SONGS = ("old, happy", "old, sad", "modern, happy", "modern, sad")
ALWAYS_ONE, SUM, SIGMOID, HIDDEN, ANSWER, TARGET, LOSS = "always 1", "sum", "sigmoid", ("hidden 1", "hidden 2"), "likes it?", "liked", "loss"
RIGHT, WRONG = "right", "wrong"
YES, NO = "yes", "no"
FOR, AGAINST = "for it", "against it"

MEANINGS = {
    "0000": "no song at all",
    "0001": "modern and sad",
    "0010": "modern, but not sad",
    "0011": "modern",
    "0100": "sad, but not modern",
    "0101": "sad",
    "0111": "modern or sad",
    "1000": "neither modern nor sad",
    "1010": "not sad",
    "1011": "modern or not sad",
    "1100": "not modern",
    "1101": "sad or not modern",
    "1110": "not both modern and sad",
    "1111": "every song",
}
"""What a neuron stands for that answers yes (1) to these of the songs, in their order. A single neuron can answer no other patterns than these."""

# Act 1: one neuron
OPENING = (
    "Four songs, each told by three numbers: is it modern, is it sad, has it a piano? Someone likes two of them: the old sad one and the modern "
    "happy one. The neuron is to find out how to tell."
)
INPUT = (
    "A song goes in: {song}. Modern {modern:.0f}, sad {sad:.0f}, piano {piano:.0f}. All four songs have a piano, so that input tells nothing about "
    "a song: its weight is simply always added. Such a weight is called a bias."
)
SUM_UP = (
    "Inputs times weights, all added up: {modern:.0f} × {modern_weight:+.2f}, {sad:.0f} × {sad_weight:+.2f} and {piano:.0f} × {piano_weight:+.2f} "
    "make {sum:+.2f}."
)
SQUEEZE = "The sigmoid makes a certainty of it: the neuron is {output:.0%} sure that this song is liked."
ANSWERED = "So its answer is {answer}. Really it is {target}: {verdict}."
LOST = "The loss of this song is the squared distance from {output:.2f} to {wanted:.0f}: {loss:.3f}."
NEXT = "The next song: {song}. {output:.0%} sure that it is liked; really: {target}. Loss {loss:.3f}."
PULLS = (
    "Now every song pulls at the weights, each the way that makes its own loss smaller. At the weight of modern, the happy modern song pulls by "
    "{happy_pull:+.3f}, the sad modern one by {sad_pull:+.3f}. They pull against each other."
)
UPDATE = (
    "The weight follows the mean of all pulls: modern from {modern_weight_before:+.2f} to {modern_weight:+.2f}, sad from {sad_weight_before:+.2f} "
    "to {sad_weight:+.2f}, piano from {piano_weight_before:+.2f} to {piano_weight:+.2f}."
)
FASTER = "Again and again, faster now. The mean loss of the four songs was {first_loss:.3f}; after {step:.0f} steps it is {mean_loss:.3f}."
SLOWER = (
    "The loss still falls, but ever less: {mean_loss:.3f} after {step:.0f} steps. The weights shrink: modern {modern_weight:+.2f}, sad "
    "{sad_weight:+.2f}, piano {piano_weight:+.2f}."
)
STUCK = (
    "After {step:.0f} steps the loss stands at {mean_loss:.3f} and falls no further. The weights have gone to nothing: modern "
    "{modern_weight:z.2f}, sad {sad_weight:z.2f}, piano {piano_weight:z.2f}."
)
HALF = (
    "So every sum is {sum:z.2f}, and the neuron is {output:.0%} sure of every song. It has not learnt, and it will not: the pulls at the weight of "
    "modern, {happy_pull:+.2f} and {sad_pull:+.2f}, cancel."
)
CORNERS = (
    "Why? Look at the plane. The two songs that are liked lie on opposite corners, and so do the two that are not. A neuron draws one straight "
    "line. Draw it as you like: at least one song is on the wrong side."
)
ONE_WEIGHT = (
    "Or in words: among happy songs, modern must count for a song; among sad ones, against it. But the neuron has one weight for modern, and one "
    "number cannot be above and below zero at once."
)
BEST = (
    "So one half for every song, a loss of {mean_loss:.2f}, is the best that a single neuron can do here. More steps do not help, and no other "
    "first weights do."
)
END = "What would help: another neuron that notices when a song is modern and sad at once, and says so. That is what a hidden layer is for."

# Act 2: a hidden layer
OPENING_HIDDEN = (
    "The same four songs. Between the inputs and the answer there are now two more neurons. They are called hidden: nobody tells them what to "
    "answer; only at the end there is a target."
)
INPUT_HIDDEN = "A song goes in: {song}. Both hidden neurons see the same three inputs, each through weights of its own."
SUM_HIDDEN = "Each adds up for itself: {hidden_sum_1:+.2f} and {hidden_sum_2:+.2f}. So each draws a line of its own."
SQUEEZE_HIDDEN = (
    "Their answers, {hidden_1:.2f} and {hidden_2:.2f}, are the inputs of the last neuron. It no longer sees the song, only what the hidden ones "
    "say of it."
)
ANSWERED_HIDDEN = (
    "It adds {hidden_1:.2f} × {weight_1:+.2f}, {hidden_2:.2f} × {weight_2:+.2f} and the bias {bias:+.2f}: {output:.0%} sure. Its answer is "
    "{answer}; really: {target}."
)
LOST_HIDDEN = "The loss of this song: {loss:.3f}. The mean of all four is {mean_loss:.3f}."
UPDATE_HIDDEN = (
    "The error goes back the way that the answer came. A hidden neuron is pulled at through its weight to the answer: the larger that is, the more "
    "it is to blame. This is called backpropagation. After one step the mean loss is {mean_loss:.3f}."
)
FASTER_HIDDEN = "Again and again, faster now. After {step:.0f} steps: mean loss {mean_loss:.3f}, {right:.0f} of 4 songs right."
PLATEAU = (
    "For a long time it does no better than the single neuron: the loss is {mean_loss:.3f} after {step:.0f} steps, about one half for every song. "
    "To this song the two hidden neurons say {hidden_1:.2f} and {hidden_2:.2f}."
)
BREAK = (
    "After {step:.0f} steps something gives way: the loss leaves one quarter, it is {mean_loss:.3f}. To this song the hidden neurons now say "
    "{hidden_1:.2f} and {hidden_2:.2f}: they begin to tell different things."
)
HALVED = (
    "After {step:.0f} steps the mean loss is {mean_loss:.3f}, less than half of the quarter at which a single neuron ends. {right:.0f} of 4 songs "
    "are right."
)
ALL_RIGHT = "After {step:.0f} steps all four songs are right, for the first time. No single neuron can do this."
DONE = "After {step:.0f} steps: {right:.0f} of 4 songs right, mean loss {mean_loss:.4f}. What have the hidden neurons learnt?"
MEANING_1 = (
    "The first hidden neuron says {say_1:.2f}, {say_2:.2f}, {say_3:.2f} and {say_4:.2f} to the songs {song_1} / {song_2} / {song_3} / {song_4}. It "
    "has come to stand for: {meaning}. Nobody told it to."
)
MEANING_2 = "The second says {say_1:.2f}, {say_2:.2f}, {say_3:.2f} and {say_4:.2f} to the same songs. It stands for: {meaning}."
COMBINED = (
    "The last neuron weighs the two: {meaning_1} counts {sense_1} ({weight_1:+.1f}), {meaning_2} counts {sense_2} ({weight_2:+.1f}), and its bias "
    "is {bias:+.1f}."
)
EITHER = "Put together: a song is liked if it is modern or sad, but not both. This pattern is called XOR, “exclusive or”."
SAME_PLACE = (
    "Why does it work now? The last neuron still draws only one line, but in a new plane, that of the hidden answers. There the two liked songs "
    "have come to the same place, ({liked_1:.2f}, {liked_2:.2f}) and ({liked_3:.2f}, {liked_4:.2f}), and one line parts them from ({other_1:.2f}, "
    "{other_2:.2f}) and ({other_3:.2f}, {other_4:.2f})."
)
PARTED = (
    "Why does it work now? The last neuron still draws only one line, but in a new plane, that of the hidden answers. There the two liked songs "
    "lie at ({liked_1:.2f}, {liked_2:.2f}) and ({liked_3:.2f}, {liked_4:.2f}), the others at ({other_1:.2f}, {other_2:.2f}) and ({other_3:.2f}, "
    "{other_4:.2f}): one line parts them."
)
OTHERS = (
    "It also depends on how the first weights happen to fall: of {seeds:.0f} such networks, each begun with random weights of its own, {share:.0f} "
    "had all four songs right after as many steps. The others had not found two lines that help each other."
)
END_HIDDEN = (
    "Remember: one neuron draws one line, and XOR needs two. The hidden layer draws the two lines; the last neuron decides what to make of them."
)
NOT_LEARNT = (
    "After {step:.0f} steps: {right:.0f} of 4 songs right, mean loss {mean_loss:.3f}. From these first weights the network has got stuck: its two "
    "hidden neurons have not found two lines that help each other."
)
