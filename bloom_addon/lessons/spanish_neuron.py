"""Spanish for what the lesson "neuron" says."""

from __future__ import annotations

MESSAGES = {
    "One neuron": "Una neurona",
    "A neuron learns to tell two classes apart": "Una neurona aprende a distinguir dos clases",
    "input 1": "entrada 1",
    "input 2": "entrada 2",
    "always 1": "siempre 1",
    "sum": "suma",
    "sigmoid": "sigmoide",
    "answer": "respuesta",
    "target": "objetivo",
    "loss": "pérdida",
    "right": "acierta",
    "wrong": "falla",
    (
        "Each dot is an example: two numbers, and the class it belongs to, 0 or 1. From the two numbers the neuron is to tell the class. "
        "It knows nothing yet: {right:.0f} of {points:.0f} dots are right."
    ): (
        "Cada punto es un ejemplo: dos números y la clase a la que pertenece, 0 o 1. A partir de los dos números, la neurona debe decir "
        "la clase. Todavía no sabe nada: acierta {right:.0f} de {points:.0f} puntos."
    ),
    "Step {number:.0f}. A dot goes in. Its two numbers are the inputs: {first:+.2f} and {second:+.2f}.": (
        "Paso {number:.0f}. Entra un punto. Sus dos números son las entradas: {first:+.2f} y {second:+.2f}."
    ),
    (
        "Each connection multiplies what comes in by a number of its own, its weight. The neuron adds it all up: {first_weight:+.2f} × "
        "{first:+.2f} and {second_weight:+.2f} × {second:+.2f}. A last number, the bias {bias:+.2f}, is always added. Sum: {sum:+.2f}."
    ): (
        "Cada conexión multiplica lo que le llega por un número propio, su peso. La neurona lo suma todo: {first_weight:+.2f} × "
        "{first:+.2f} y {second_weight:+.2f} × {second:+.2f}. Siempre se añade un último número, el sesgo {bias:+.2f}. Suma: {sum:+.2f}."
    ),
    (
        "A sum can be any number. The sigmoid squeezes it in between 0 and 1: {sum:+.2f} becomes {output:.2f}. Read it as a certainty: "
        "{output:.0%} sure of class 1."
    ): (
        "Una suma puede ser cualquier número. La sigmoide la comprime entre 0 y 1: {sum:+.2f} se convierte en {output:.2f}. Léelo como "
        "una certeza: un {output:.0%} segura de que es la clase 1."
    ),
    (
        "From one half on, the answer is class 1; below it, class 0. The answer is {answer:.0f}, and the dot is of class {target:.0f}: "
        "{verdict}."
    ): (
        "De un medio para arriba, la respuesta es la clase 1; por debajo, la clase 0. La respuesta es {answer:.0f} y el punto es de la "
        "clase {target:.0f}: {verdict}."
    ),
    (
        "How far off was it? The loss is the squared distance from {output:.2f} to the target {target:.0f}: {loss:.3f}. A perfect neuron "
        "would have 0."
    ): (
        "¿Por cuánto se ha equivocado? La pérdida es el cuadrado de la distancia de {output:.2f} al objetivo {target:.0f}: {loss:.3f}. "
        "Una neurona perfecta tendría 0."
    ),
    (
        "This is learning: each weight moves a little, the way that makes this loss smaller. {first_weight_before:+.2f} becomes "
        "{first_weight:+.2f}, {second_weight_before:+.2f} becomes {second_weight:+.2f}, the bias {bias:+.2f}. The same dot now gives "
        "{output:.2f}: its loss is {loss:.3f}, no longer {loss_before:.3f}."
    ): (
        "Esto es aprender: cada peso se mueve un poco hacia donde esta pérdida disminuye. {first_weight_before:+.2f} pasa a "
        "{first_weight:+.2f}, {second_weight_before:+.2f} pasa a {second_weight:+.2f}, y el sesgo a {bias:+.2f}. El mismo punto da ahora "
        "{output:.2f}: su pérdida es {loss:.3f}, ya no {loss_before:.3f}."
    ),
    (
        "The line lies where the sum is 0, and the neuron cannot decide. The weights tilt the line, the bias shifts it: it has moved "
        "with them."
    ): (
        "La recta pasa por donde la suma es 0 y la neurona no puede decidirse. Los pesos la inclinan, el sesgo la desplaza: se ha movido "
        "con ellos."
    ),
    "Step {number:.0f}. The next dot goes in: {first:+.2f} and {second:+.2f}.": (
        "Paso {number:.0f}. Entra el siguiente punto: {first:+.2f} y {second:+.2f}."
    ),
    "Inputs times weights, all added up, and the bias: {sum:+.2f}.": "Entradas por pesos, todo sumado, y el sesgo: {sum:+.2f}.",
    "The sigmoid makes {output:.2f} of it: {output:.0%} sure of class 1.": (
        "La sigmoide lo convierte en {output:.2f}: un {output:.0%} segura de que es la clase 1."
    ),
    "The answer is {answer:.0f}, the dot is of class {target:.0f}: {verdict}.": (
        "La respuesta es {answer:.0f}, el punto es de la clase {target:.0f}: {verdict}."
    ),
    "The loss of this dot is {loss:.3f}.": "La pérdida de este punto es {loss:.3f}.",
    (
        "The weights move: {first_weight:+.2f} and {second_weight:+.2f}, the bias {bias:+.2f}. A dot that is far off moves them far, one "
        "that is nearly right hardly at all."
    ): (
        "Los pesos se mueven: {first_weight:+.2f} y {second_weight:+.2f}, el sesgo {bias:+.2f}. Un punto muy mal clasificado los mueve "
        "mucho; uno casi correcto, apenas."
    ),
    (
        "Now each picture is a whole step: a dot in, an answer out, the weights a little better. After {step:.0f} steps {right:.0f} of "
        "{points:.0f} dots are right."
    ): (
        "Ahora cada imagen es un paso entero: entra un punto, sale una respuesta, los pesos mejoran un poco. Después de {step:.0f} pasos "
        "se aciertan {right:.0f} de {points:.0f} puntos."
    ),
    (
        "After {step:.0f} steps the mean loss over all dots is {mean_loss:.3f}, less than half of the {first_loss:.3f} at the start. "
        "{right:.0f} of {points:.0f} dots are right."
    ): (
        "Después de {step:.0f} pasos, la pérdida media de todos los puntos es {mean_loss:.3f}, menos de la mitad de la inicial, "
        "{first_loss:.3f}. Se aciertan {right:.0f} de {points:.0f} puntos."
    ),
    "After {step:.0f} steps, for the first time, every dot is right.": "Después de {step:.0f} pasos, por primera vez, se aciertan todos los puntos.",
    "After {step:.0f} steps {right:.0f} of {points:.0f} dots are right: as many as there will be.": (
        "Después de {step:.0f} pasos se aciertan {right:.0f} de {points:.0f} puntos: más no serán."
    ),
    (
        "The line hardly turns any more, but the weights still grow, to {first_weight:+.2f} and {second_weight:+.2f}: the passage from "
        "class 0 to class 1 becomes steeper, the neuron surer of itself."
    ): (
        "La recta ya casi no gira, pero los pesos siguen creciendo, hasta {first_weight:+.2f} y {second_weight:+.2f}: el paso de la "
        "clase 0 a la clase 1 se hace más abrupto, y la neurona está más segura de sí misma."
    ),
    (
        "After {step:.0f} steps: {right:.0f} of {points:.0f} dots right, mean loss {mean_loss:.3f}. The neuron is three numbers: "
        "{first_weight:+.2f}, {second_weight:+.2f} and {bias:+.2f}. What it can draw is one straight line."
    ): (
        "Después de {step:.0f} pasos: {right:.0f} de {points:.0f} puntos acertados, pérdida media {mean_loss:.3f}. La neurona son tres "
        "números: {first_weight:+.2f}, {second_weight:+.2f} y {bias:+.2f}. Lo que puede trazar es una sola recta."
    ),
    (
        "After {step:.0f} steps: {right:.0f} of {points:.0f} dots right, mean loss {mean_loss:.3f}. The neuron is three numbers: "
        "{first_weight:+.2f}, {second_weight:+.2f} and {bias:+.2f}. What it can draw is one straight line, and the other {wrong:.0f} lie "
        "across it, among dots of the other class."
    ): (
        "Después de {step:.0f} pasos: {right:.0f} de {points:.0f} puntos acertados, pérdida media {mean_loss:.3f}. La neurona son tres "
        "números: {first_weight:+.2f}, {second_weight:+.2f} y {bias:+.2f}. Lo que puede trazar es una sola recta, y los otros "
        "{wrong:.0f} quedan al otro lado, entre puntos de la otra clase."
    ),
}
