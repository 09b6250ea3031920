"""What the lesson "neuron" says."""

from __future__ import annotations

TITLE = "One neuron"
ACT = "A neuron learns to tell two classes apart"
AXES = ("input 1", "input 2")
ALWAYS_ONE, SUM, SIGMOID, ANSWER, TARGET, LOSS = "always 1", "sum", "sigmoid", "answer", "target", "loss"
RIGHT, WRONG = "right", "wrong"

OPENING = (
    "Each dot is an example: two numbers, and the class it belongs to, 0 or 1. From the two numbers the neuron is to tell the class. It knows "
    "nothing yet: {right:.0f} of {points:.0f} dots are right."
)
INPUT = "Step {number:.0f}. A dot goes in. Its two numbers are the inputs: {first:+.2f} and {second:+.2f}."
SUM_UP = (
    "Each connection multiplies what comes in by a number of its own, its weight. The neuron adds it all up: {first_weight:+.2f} × {first:+.2f} "
    "and {second_weight:+.2f} × {second:+.2f}. A last number, the bias {bias:+.2f}, is always added. Sum: {sum:+.2f}."
)
SQUEEZE = (
    "A sum can be any number. The sigmoid squeezes it in between 0 and 1: {sum:+.2f} becomes {output:.2f}. Read it as a certainty: {output:.0%} "
    "sure of class 1."
)
ANSWERED = "From one half on, the answer is class 1; below it, class 0. The answer is {answer:.0f}, and the dot is of class {target:.0f}: {verdict}."
LOST = "How far off was it? The loss is the squared distance from {output:.2f} to the target {target:.0f}: {loss:.3f}. A perfect neuron would have 0."
UPDATE = (
    "This is learning: each weight moves a little, the way that makes this loss smaller. {first_weight_before:+.2f} becomes {first_weight:+.2f}, "
    "{second_weight_before:+.2f} becomes {second_weight:+.2f}, the bias {bias:+.2f}. The same dot now gives {output:.2f}: its loss is {loss:.3f}, "
    "no longer {loss_before:.3f}."
)
LINE = "The line lies where the sum is 0, and the neuron cannot decide. The weights tilt the line, the bias shifts it: it has moved with them."
INPUT_AGAIN = "Step {number:.0f}. The next dot goes in: {first:+.2f} and {second:+.2f}."
SUM_AGAIN = "Inputs times weights, all added up, and the bias: {sum:+.2f}."
SQUEEZE_AGAIN = "The sigmoid makes {output:.2f} of it: {output:.0%} sure of class 1."
ANSWERED_AGAIN = "The answer is {answer:.0f}, the dot is of class {target:.0f}: {verdict}."
LOST_AGAIN = "The loss of this dot is {loss:.3f}."
UPDATE_AGAIN = (
    "The weights move: {first_weight:+.2f} and {second_weight:+.2f}, the bias {bias:+.2f}. A dot that is far off moves them far, one that is "
    "nearly right hardly at all."
)
FASTER = (
    "Now each picture is a whole step: a dot in, an answer out, the weights a little better. After {step:.0f} steps {right:.0f} of {points:.0f} "
    "dots are right."
)
HALVED = (
    "After {step:.0f} steps the mean loss over all dots is {mean_loss:.3f}, less than half of the {first_loss:.3f} at the start. {right:.0f} of "
    "{points:.0f} dots are right."
)
ALL_RIGHT = "After {step:.0f} steps, for the first time, every dot is right."
MOST_RIGHT = "After {step:.0f} steps {right:.0f} of {points:.0f} dots are right: as many as there will be."
STEEPER = (
    "The line hardly turns any more, but the weights still grow, to {first_weight:+.2f} and {second_weight:+.2f}: the passage from class 0 to "
    "class 1 becomes steeper, the neuron surer of itself."
)
END = (
    "After {step:.0f} steps: {right:.0f} of {points:.0f} dots right, mean loss {mean_loss:.3f}. The neuron is three numbers: {first_weight:+.2f}, "
    "{second_weight:+.2f} and {bias:+.2f}. What it can draw is one straight line."
)
END_REST = (
    "After {step:.0f} steps: {right:.0f} of {points:.0f} dots right, mean loss {mean_loss:.3f}. The neuron is three numbers: {first_weight:+.2f}, "
    "{second_weight:+.2f} and {bias:+.2f}. What it can draw is one straight line, and the other {wrong:.0f} lie across it, among dots of the other "
    "class."
)
