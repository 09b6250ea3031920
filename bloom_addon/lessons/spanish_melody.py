"""Spanish for what the lesson "melody" says."""

from __future__ import annotations

MESSAGES = {
    "A memory with gates": "Una memoria con compuertas",
    "The same line, with gates": "La misma línea, con compuertas",
    "A tune by heart": "Una melodía de memoria",
    "always 1": "siempre 1",
    "loss": "pérdida",
    "forget gate": "compuerta de olvido",
    "input gate": "compuerta de entrada",
    "new": "nuevo",
    "output gate": "compuerta de salida",
    "memory": "memoria",
    "hidden state": "estado oculto",
    "before": "antes",
    (
        "The same line, “{line}”, but another kind of memory: its cells can keep something, or let it go. Such a network is called an "
        "LSTM. With {units:.0f} cells it gets {right:.0f} of {places:.0f} letters right so far."
    ): (
        "La misma línea, «{line}», pero otra clase de memoria: sus celdas pueden guardar algo o soltarlo. Una red así se llama LSTM. Con "
        "{units:.0f} celdas acierta de momento {right:.0f} de {places:.0f} letras."
    ),
    "The letter {letter} goes in. Together with what the cells said last (nothing yet), it reaches four little neurons in each cell.": (
        "Entra la letra {letter}. Junto con lo último que dijeron las celdas (todavía nada), llega a cuatro pequeñas neuronas en cada celda."
    ),
    (
        "Three of them are gates, sigmoids between 0 (shut) and 1 (open). In the first cell the forget gate stands at {forget_1:.2f}, "
        "the input gate at {let_in_1:.2f}, the output gate at {let_out_1:.2f}."
    ): (
        "Tres de ellas son compuertas, sigmoides entre 0 (cerrada) y 1 (abierta). En la primera celda, la compuerta de olvido está en "
        "{forget_1:.2f}, la de entrada en {let_in_1:.2f} y la de salida en {let_out_1:.2f}."
    ),
    "The fourth, a tanh, proposes something new to remember: {new_1:+.2f}.": "La cuarta, una tanh, propone algo nuevo que recordar: {new_1:+.2f}.",
    (
        "The new memory: forget gate × old memory and input gate × the new, {forget_1:.2f} × {cell_before_1:+.2f} and {let_in_1:.2f} × "
        "{new_1:+.2f}, make {cell_1:+.2f}."
    ): (
        "La memoria nueva: compuerta de olvido × memoria anterior y compuerta de entrada × lo nuevo; {forget_1:.2f} × "
        "{cell_before_1:+.2f} y {let_in_1:.2f} × {new_1:+.2f} dan {cell_1:+.2f}."
    ),
    (
        "The output gate says how much of it shows: {let_out_1:.2f} × tanh of {cell_1:+.2f} is {hidden_1:+.2f}. This hidden state goes "
        "to the outputs, and back in with the next letter. The memory itself stays inside."
    ): (
        "La compuerta de salida dice cuánto de ella se muestra: {let_out_1:.2f} × tanh de {cell_1:+.2f} es {hidden_1:+.2f}. Este estado "
        "oculto va a las salidas, y vuelve a entrar con la letra siguiente. La memoria misma se queda dentro."
    ),
    "From both hidden states come the chances of all letters. Best guess: {guess}, with {chance:.0%}.": (
        "De los dos estados ocultos salen las probabilidades de todas las letras. Su mejor apuesta: {guess}, con un {chance:.0%}."
    ),
    "Really {wanted} comes next, to which it gave {given:.0%}. The loss, its surprise, is {loss:.2f}.": (
        "En realidad viene {wanted}, a la que le dio un {given:.0%}. La pérdida, su sorpresa, es {loss:.2f}."
    ),
    "The next letter, {letter}. The memories hold {cell_before_1:+.2f} and {cell_before_2:+.2f}.": (
        "La siguiente letra, {letter}. Las memorias guardan {cell_before_1:+.2f} y {cell_before_2:+.2f}."
    ),
    (
        "First cell: {forget_1:.2f} × {cell_before_1:+.2f} and {let_in_1:.2f} × {new_1:+.2f} make {cell_1:+.2f}. Second: {forget_2:.2f} "
        "× {cell_before_2:+.2f} and {let_in_2:.2f} × {new_2:+.2f} make {cell_2:+.2f}."
    ): (
        "Primera celda: {forget_1:.2f} × {cell_before_1:+.2f} y {let_in_1:.2f} × {new_1:+.2f} dan {cell_1:+.2f}. Segunda: {forget_2:.2f} "
        "× {cell_before_2:+.2f} y {let_in_2:.2f} × {new_2:+.2f} dan {cell_2:+.2f}."
    ),
    "It guesses {guess} with {chance:.0%}. Really {wanted} comes, to which it gave {given:.0%}. Loss {loss:.2f}.": (
        "Apuesta por {guess} con un {chance:.0%}. En realidad viene {wanted}, a la que le dio un {given:.0%}. Pérdida {loss:.2f}."
    ),
    (
        "At the end of the line every weight moves, also those of the gates: when to keep and when to forget is learnt as everything "
        "else. The mean loss falls from {mean_loss_before:.2f} to {mean_loss:.2f}."
    ): (
        "Al final de la línea se mueven todos los pesos, también los de las compuertas: cuándo guardar y cuándo olvidar se aprende como "
        "todo lo demás. La pérdida media baja de {mean_loss_before:.2f} a {mean_loss:.2f}."
    ),
    (
        "Again and again, faster now. After {step:.0f} steps: mean loss {mean_loss:.2f}, {right:.0f} of {places:.0f} letters right. Left "
        "alone, it writes: “{written}”."
    ): (
        "Una y otra vez, ahora más deprisa. Después de {step:.0f} pasos: pérdida media {mean_loss:.2f}, {right:.0f} de {places:.0f} "
        "letras acertadas. Por su cuenta escribe: «{written}»."
    ),
    (
        "After {step:.0f} steps the mean loss is {mean_loss:.2f}, less than half of the {first_loss:.2f} at the start; {right:.0f} of "
        "{places:.0f} letters are right. Left alone, it writes: “{written}”."
    ): (
        "Después de {step:.0f} pasos la pérdida media es {mean_loss:.2f}, menos de la mitad de la inicial, {first_loss:.2f}; acierta "
        "{right:.0f} de {places:.0f} letras. Por su cuenta escribe: «{written}»."
    ),
    "After {step:.0f} steps, for the first time, it foretells all {places:.0f} letters. Left alone, it writes: “{written}”.": (
        "Después de {step:.0f} pasos, por primera vez, predice las {places:.0f} letras. Por su cuenta escribe: «{written}»."
    ),
    (
        "After {step:.0f} steps: {right:.0f} of {places:.0f} letters right, mean loss {mean_loss:.3f}. Once more through the line: watch "
        "the memories."
    ): (
        "Después de {step:.0f} pasos: {right:.0f} de {places:.0f} letras acertadas, pérdida media {mean_loss:.3f}. Una vez más por la "
        "línea: mira las memorias."
    ),
    "Here the forget gate of a cell stands at {gate:.2f}, wide open: its memory of {old:+.2f} is kept, and {added:+.2f} is added to it.": (
        "Aquí la compuerta de olvido de una celda está en {gate:.2f}, muy abierta: su memoria de {old:+.2f} se guarda, y se le suma "
        "{added:+.2f}."
    ),
    (
        "Here the same gate stands at {gate:.2f}: hardly anything is left of the memory {old:+.2f}, and something new can come in. Now "
        "it holds {now:+.2f}."
    ): (
        "Aquí la misma compuerta está en {gate:.2f}: de la memoria {old:+.2f} apenas queda nada, y puede entrar algo nuevo. Ahora guarda "
        "{now:+.2f}."
    ),
    "The letter {letter}. After “{before}” the memories hold {cell_1:+.2f} and {cell_2:+.2f}, and it foretells {guess} with {chance:.0%}.": (
        "La letra {letter}. Después de «{before}» las memorias guardan {cell_1:+.2f} y {cell_2:+.2f}, y predice {guess} con un {chance:.0%}."
    ),
    (
        "The same letter {letter}, but after “{before}” the memories hold {cell_1:+.2f} and {cell_2:+.2f}: now it foretells {guess} with "
        "{chance:.0%}."
    ): (
        "La misma letra {letter}, pero después de «{before}» las memorias guardan {cell_1:+.2f} y {cell_2:+.2f}: ahora predice {guess} "
        "con un {chance:.0%}."
    ),
    "Left alone, from the first letter on, it writes: “{written}”.": "Por su cuenta, a partir de la primera letra, escribe: «{written}».",
    (
        "A cell's memory is not made anew at each letter, as in a simple recurrent neuron. It stays unless a gate changes it. So it can "
        "last for long, and the error finds its way back through it."
    ): (
        "La memoria de una celda no se hace de nuevo con cada letra, como en una neurona recurrente simple. Se queda mientras una "
        "compuerta no la cambie. Por eso puede durar mucho, y el error encuentra por ella el camino de vuelta."
    ),
    (
        "Now a tune, “{song}”, note by note: {places:.0f} notes. Each of its phrases comes twice. Whoever wants to foretell the next "
        "note must remember which time it is. So far {right:.0f} are right."
    ): (
        "Ahora una melodía, «{song}», nota a nota: {places:.0f} notas. Cada una de sus frases suena dos veces. Para predecir la nota "
        "siguiente hay que recordar qué vez es. De momento acierta {right:.0f}."
    ),
    "The note {letter} goes in. The memories hold {cell_before_1:+.2f} and {cell_before_2:+.2f}.": (
        "Entra la nota {letter}. Las memorias guardan {cell_before_1:+.2f} y {cell_before_2:+.2f}."
    ),
    (
        "The forget gates stand at {forget_1:.2f} and {forget_2:.2f}, the input gates at {let_in_1:.2f} and {let_in_2:.2f}: so the "
        "memories become {cell_1:+.2f} and {cell_2:+.2f}."
    ): (
        "Las compuertas de olvido están en {forget_1:.2f} y {forget_2:.2f}, las de entrada en {let_in_1:.2f} y {let_in_2:.2f}: así las "
        "memorias pasan a {cell_1:+.2f} y {cell_2:+.2f}."
    ),
    "At the end of the tune every weight moves. The mean loss falls from {mean_loss_before:.2f} to {mean_loss:.2f}.": (
        "Al final de la melodía se mueven todos los pesos. La pérdida media baja de {mean_loss_before:.2f} a {mean_loss:.2f}."
    ),
    "Again and again, faster now. After {step:.0f} steps: mean loss {mean_loss:.2f}, {right:.0f} of {places:.0f} notes right.": (
        "Una y otra vez, ahora más deprisa. Después de {step:.0f} pasos: pérdida media {mean_loss:.2f}, {right:.0f} de {places:.0f} "
        "notas acertadas."
    ),
    (
        "After {step:.0f} steps the mean loss is {mean_loss:.2f}, less than half of the {first_loss:.2f} at the start; {right:.0f} of "
        "{places:.0f} notes are right."
    ): (
        "Después de {step:.0f} pasos la pérdida media es {mean_loss:.2f}, menos de la mitad de la inicial, {first_loss:.2f}; acierta "
        "{right:.0f} de {places:.0f} notas."
    ),
    "After {step:.0f} steps, for the first time, it foretells all {places:.0f} notes.": (
        "Después de {step:.0f} pasos, por primera vez, predice las {places:.0f} notas."
    ),
    (
        "After {step:.0f} steps: {right:.0f} of {places:.0f} notes right, mean loss {mean_loss:.3f}. Listen to the tune once more, and "
        "watch the memories."
    ): (
        "Después de {step:.0f} pasos: {right:.0f} de {places:.0f} notas acertadas, pérdida media {mean_loss:.3f}. Recorre la melodía una "
        "vez más y mira las memorias."
    ),
    "The note {letter}, after {before}. The memories hold {cell_1:+.2f} and {cell_2:+.2f}, and it foretells {guess} with {chance:.0%}.": (
        "La nota {letter}, después de {before}. Las memorias guardan {cell_1:+.2f} y {cell_2:+.2f}, y predice {guess} con un {chance:.0%}."
    ),
    (
        "The same note {letter}, after {before}. But the memories hold {cell_1:+.2f} and {cell_2:+.2f}: this time it foretells {guess} "
        "with {chance:.0%}."
    ): (
        "La misma nota {letter}, después de {before}. Pero las memorias guardan {cell_1:+.2f} y {cell_2:+.2f}: esta vez predice {guess} "
        "con un {chance:.0%}."
    ),
    "Left alone, from the first note on, it plays: {written}.": "Por su cuenta, a partir de la primera nota, toca: {written}.",
    (
        "That is the whole tune. {units:.0f} memories are all it has to know where it is, and nobody told it what to keep in them: that, "
        "too, is learnt."
    ): (
        "Esa es la melodía entera. {units:.0f} memorias es todo lo que tiene para saber por dónde va, y nadie le dijo qué guardar en "
        "ellas: también eso se aprende."
    ),
    "The tune has {places:.0f} notes, of which it foretells {right:.0f}. {units:.0f} memories are all it has to know where it is.": (
        "La melodía tiene {places:.0f} notas, de las que predice {right:.0f}. {units:.0f} memorias es todo lo que tiene para saber por "
        "dónde va."
    ),
}
