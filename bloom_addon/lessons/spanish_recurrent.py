"""Spanish for what the lesson "recurrent" says."""

from __future__ import annotations

MESSAGES = {
    "A neuron with a memory": "Una neurona con memoria",
    "Has the bell rung?": "¿Ha sonado la campana?",
    "Letter by letter": "Letra a letra",
    "bell": "campana",
    "always 1": "siempre 1",
    "memory": "memoria",
    "sum": "suma",
    "tanh": "tanh",
    "has rung?": "¿ha sonado?",
    "target": "objetivo",
    "loss": "pérdida",
    "1: the bell rings; to be answered: has it rung by now?": "1: suena la campana; hay que responder: ¿ha sonado ya?",
    "right": "acierta",
    "wrong": "falla",
    "yes": "sí",
    "not yet": "todavía no",
    "the bell rings": "suena la campana",
    "the bell is silent": "la campana calla",
    (
        "Now things come one after another. At one of {places:.0f} moments a bell rings. At every moment the neuron is to answer: has it "
        "rung by now? +1 says yes, −1 not yet."
    ): (
        "Ahora las cosas llegan una tras otra. En uno de {places:.0f} momentos suena una campana. En cada momento la neurona debe "
        "responder: ¿ha sonado ya? +1 quiere decir que sí, −1 que todavía no."
    ),
    (
        "When the bell has stopped, the input is 0 again, as before it rang. From the input alone nobody could tell. The neuron needs a "
        "memory."
    ): (
        "Cuando la campana ha callado, la entrada vuelve a ser 0, como antes de que sonara. Solo con la entrada nadie podría saberlo. La "
        "neurona necesita una memoria."
    ),
    "So its own last answer comes back to it as one more input, with a weight of its own. A neuron with such a loop is called recurrent.": (
        "Por eso su última respuesta le vuelve como una entrada más, con un peso propio. Una neurona con un bucle así se llama recurrente."
    ),
    "Moment {place:.0f}: {bell}, so the input is {rings:.0f}. The memory holds {memory:+.2f}.": (
        "Momento {place:.0f}: {bell}, así que la entrada es {rings:.0f}. La memoria guarda {memory:+.2f}."
    ),
    (
        "Input {rings:.0f} × weight {bell_weight:+.2f}, memory {memory:+.2f} × weight {memory_weight:+.2f}, and the bias {bias:+.2f}: "
        "the sum is {sum:+.2f}."
    ): (
        "Entrada {rings:.0f} × peso {bell_weight:+.2f}, memoria {memory:+.2f} × peso {memory_weight:+.2f}, y el sesgo {bias:+.2f}: la "
        "suma es {sum:+.2f}."
    ),
    "tanh squeezes the sum in between −1 and 1: {hidden:+.2f}. That is the answer, and it goes up into the memory, for the next moment.": (
        "tanh comprime la suma entre −1 y 1: {hidden:+.2f}. Esa es la respuesta, y sube a la memoria para el momento siguiente."
    ),
    "Above 0 it means yes. It says {answer}; right would be {wanted}: {verdict}.": (
        "Por encima de 0 quiere decir que sí. Dice: {answer}; lo correcto sería: {wanted}. La neurona {verdict}."
    ),
    "The loss of this moment is the squared distance from {hidden:+.2f} to {target:+.0f}: {loss:.3f}.": (
        "La pérdida de este momento es el cuadrado de la distancia de {hidden:+.2f} a {target:+.0f}: {loss:.3f}."
    ),
    (
        "{rings:.0f} × {bell_weight:+.2f}, and from the memory {memory:+.2f} × {memory_weight:+.2f}, and the bias: {sum:+.2f}. After "
        "tanh: {hidden:+.2f}."
    ): (
        "{rings:.0f} × {bell_weight:+.2f}, y de la memoria {memory:+.2f} × {memory_weight:+.2f}, y el sesgo: {sum:+.2f}. Después de "
        "tanh: {hidden:+.2f}."
    ),
    "It says {answer}, right would be {wanted}: {verdict}. Loss {loss:.3f}.": (
        "Dice: {answer}; lo correcto sería: {wanted}. La neurona {verdict}. Pérdida {loss:.3f}."
    ),
    (
        "When the row is over, every weight moves so that the mean loss becomes smaller. What the memory has to do with it is found by "
        "going back from moment to moment: backpropagation through time. The loss falls from {mean_loss_before:.3f} to {mean_loss:.3f}."
    ): (
        "Cuando acaba la fila, cada peso se mueve para que la pérdida media disminuya. Qué tiene que ver la memoria con ello se averigua "
        "retrocediendo de momento en momento: retropropagación a través del tiempo. La pérdida baja de {mean_loss_before:.3f} a "
        "{mean_loss:.3f}."
    ),
    (
        "Again and again, faster now, with the bell at another moment each time or not at all. After {step:.0f} steps the mean loss is "
        "{mean_loss:.3f}."
    ): (
        "Una y otra vez, ahora más deprisa, con la campana cada vez en otro momento, o en ninguno. Después de {step:.0f} pasos la "
        "pérdida media es {mean_loss:.3f}."
    ),
    (
        "After {step:.0f} steps it hears the bell, {at_bell:+.2f}, but at the last moment it says {at_end:+.2f}: it has forgotten. The "
        "weight of its memory is {memory_weight:+.2f}, too small to hold anything."
    ): (
        "Después de {step:.0f} pasos oye la campana, {at_bell:+.2f}, pero en el último momento dice {at_end:+.2f}: lo ha olvidado. El "
        "peso de su memoria es {memory_weight:+.2f}, demasiado pequeño para retener nada."
    ),
    (
        "After {step:.0f} steps the mean loss is {mean_loss:.3f}, less than half of the {first_loss:.3f} at the start. The weight of the "
        "memory has grown to {memory_weight:+.2f}."
    ): (
        "Después de {step:.0f} pasos la pérdida media es {mean_loss:.3f}, menos de la mitad de la inicial, {first_loss:.3f}. El peso de "
        "la memoria ha crecido hasta {memory_weight:+.2f}."
    ),
    (
        "After {step:.0f} steps, for the first time, it is right at all {places:.0f} moments. The weight of the memory is "
        "{memory_weight:+.2f}."
    ): "Después de {step:.0f} pasos, por primera vez, acierta en los {places:.0f} momentos. El peso de la memoria es {memory_weight:+.2f}.",
    (
        "After {step:.0f} steps the mean loss is {mean_loss:.3f}. Weight of the bell {bell_weight:+.2f}, of the memory "
        "{memory_weight:+.2f}, bias {bias:+.2f}. Once more through the row, slowly."
    ): (
        "Después de {step:.0f} pasos la pérdida media es {mean_loss:.3f}. Peso de la campana {bell_weight:+.2f}, de la memoria "
        "{memory_weight:+.2f}, sesgo {bias:+.2f}. Una vez más por la fila, despacio."
    ),
    "The bell is silent. The memory, {memory:+.2f}, times {memory_weight:+.2f} holds the sum down at {sum:+.2f}: not yet.": (
        "La campana calla. La memoria, {memory:+.2f}, por {memory_weight:+.2f} mantiene la suma abajo, en {sum:+.2f}: todavía no."
    ),
    (
        "The bell rings: {bell_weight:+.2f} outweighs what comes from the memory, {memory:+.2f} × {memory_weight:+.2f}. The sum jumps to "
        "{sum:+.2f}, the answer to {hidden:+.2f}."
    ): (
        "Suena la campana: {bell_weight:+.2f} pesa más que lo que llega de la memoria, {memory:+.2f} × {memory_weight:+.2f}. La suma "
        "salta a {sum:+.2f}, la respuesta a {hidden:+.2f}."
    ),
    (
        "Silent again, the input is 0. But now the memory is {memory:+.2f}, and times {memory_weight:+.2f} it holds the sum up: "
        "{sum:+.2f}. The neuron remembers."
    ): (
        "Vuelve el silencio, la entrada es 0. Pero ahora la memoria es {memory:+.2f}, y por {memory_weight:+.2f} mantiene la suma "
        "arriba: {sum:+.2f}. La neurona recuerda."
    ),
    (
        "At the last moment it still says {hidden:+.2f}. Each time tanh takes a little away, and the weight of the memory, above 1, "
        "gives it back: so a thing can be remembered for as long as you like."
    ): (
        "En el último momento sigue diciendo {hidden:+.2f}. Cada vez tanh quita un poco, y el peso de la memoria, mayor que 1, lo "
        "devuelve: así se puede recordar algo durante todo el tiempo que se quiera."
    ),
    (
        "Same neuron, same input 0, but another answer, because of what happened before. That is all that a memory is: an input from "
        "yesterday."
    ): (
        "La misma neurona, la misma entrada 0, pero otra respuesta, por lo que ocurrió antes. Eso es todo lo que es una memoria: una "
        "entrada de ayer."
    ),
    "After {step:.0f} steps the mean loss is {mean_loss:.3f}: from these first weights the neuron has not learnt to keep the bell in mind.": (
        "Después de {step:.0f} pasos la pérdida media es {mean_loss:.3f}: con estos pesos iniciales la neurona no ha aprendido a "
        "recordar la campana."
    ),
    (
        "Now {units:.0f} such neurons together read a line, letter by letter: “{line}”. After each letter they are to foretell the next. "
        "So far they get {right:.0f} of {places:.0f} right."
    ): (
        "Ahora {units:.0f} neuronas así leen juntas una línea, letra a letra: «{line}». Después de cada letra deben predecir la "
        "siguiente. De momento aciertan {right:.0f} de {places:.0f}."
    ),
    "The letter {letter} goes in. There is an input for each letter that occurs; that of {letter} is 1, the others are 0.": (
        "Entra la letra {letter}. Hay una entrada por cada letra que aparece; la de {letter} es 1, las demás son 0."
    ),
    (
        "Each neuron adds up what comes from the letter, what comes from the memory, still empty, and its bias: {sum_1:+.2f}, "
        "{sum_2:+.2f} and {sum_3:+.2f}."
    ): (
        "Cada neurona suma lo que llega de la letra, lo que llega de la memoria, todavía vacía, y su sesgo: {sum_1:+.2f}, {sum_2:+.2f} y "
        "{sum_3:+.2f}."
    ),
    (
        "tanh makes {hidden_1:+.2f}, {hidden_2:+.2f} and {hidden_3:+.2f} of them. These numbers, the hidden state, are all that the "
        "network keeps of what it has read."
    ): (
        "tanh los convierte en {hidden_1:+.2f}, {hidden_2:+.2f} y {hidden_3:+.2f}. Estos números, el estado oculto, son todo lo que la "
        "red guarda de lo que ha leído."
    ),
    (
        "Out of them comes a chance for every letter, all together 100%; making chances of sums is called softmax. Its best guess: "
        "{guess}, with {chance:.0%}."
    ): (
        "De ellos sale una probabilidad para cada letra, entre todas el 100 %; convertir sumas en probabilidades se llama softmax. Su "
        "mejor apuesta: {guess}, con un {chance:.0%}."
    ),
    (
        "Really {wanted} comes next, to which it gave {given:.0%}. The loss is its surprise: minus the logarithm of that chance, "
        "{loss:.2f}. For 100% it would be 0."
    ): (
        "En realidad viene {wanted}, a la que le dio un {given:.0%}. La pérdida es su sorpresa: menos el logaritmo de esa probabilidad, "
        "{loss:.2f}. Con un 100 % sería 0."
    ),
    "The next letter, {letter}. The memory now holds {memory_1:+.2f}, {memory_2:+.2f} and {memory_3:+.2f}: what is left of “{before}”.": (
        "La siguiente letra, {letter}. La memoria guarda ahora {memory_1:+.2f}, {memory_2:+.2f} y {memory_3:+.2f}: lo que queda de «{before}»."
    ),
    (
        "Letter and memory together: it guesses {guess} with {chance:.0%}. Really {wanted} comes, to which it gave {given:.0%}. Loss "
        "{loss:.2f}."
    ): (
        "Letra y memoria juntas: apuesta por {guess} con un {chance:.0%}. En realidad viene {wanted}, a la que le dio un {given:.0%}. "
        "Pérdida {loss:.2f}."
    ),
    (
        "At the end of the line every weight moves, the error going back from letter to letter as the memory came. The mean loss falls "
        "from {mean_loss_before:.2f} to {mean_loss:.2f}."
    ): (
        "Al final de la línea se mueven todos los pesos; el error retrocede de letra en letra, por donde vino la memoria. La pérdida "
        "media baja de {mean_loss_before:.2f} a {mean_loss:.2f}."
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
    "After {step:.0f} steps: {right:.0f} of {places:.0f} letters right, mean loss {mean_loss:.3f}. Let us read the line once more.": (
        "Después de {step:.0f} pasos: {right:.0f} de {places:.0f} letras acertadas, pérdida media {mean_loss:.3f}. Leamos la línea una "
        "vez más."
    ),
    (
        "Here the letter is {letter}. After “{before}” the hidden state is {hidden_1:+.2f}, {hidden_2:+.2f}, {hidden_3:+.2f}, and it "
        "foretells {guess} with {chance:.0%}."
    ): (
        "Aquí la letra es {letter}. Después de «{before}» el estado oculto es {hidden_1:+.2f}, {hidden_2:+.2f}, {hidden_3:+.2f}, y "
        "predice {guess} con un {chance:.0%}."
    ),
    (
        "The same letter {letter} again, but after “{before}” the hidden state is {hidden_1:+.2f}, {hidden_2:+.2f}, {hidden_3:+.2f}: now "
        "it foretells {guess} with {chance:.0%}. Only the memory tells the two apart."
    ): (
        "Otra vez la misma letra {letter}, pero después de «{before}» el estado oculto es {hidden_1:+.2f}, {hidden_2:+.2f}, "
        "{hidden_3:+.2f}: ahora predice {guess} con un {chance:.0%}. Solo la memoria distingue los dos casos."
    ),
    "Left alone, it is given the first letter only, and then its own guesses as if they had been read. It writes: “{written}”.": (
        "Por su cuenta: solo se le da la primera letra, y después sus propias apuestas, como si las hubiera leído. Escribe: «{written}»."
    ),
    (
        "A recurrent network has learnt a line by heart when its memory tells it where it is. Longer lines need a memory that can keep "
        "and let go at will: that is the next lesson."
    ): (
        "Una red recurrente se ha aprendido una línea de memoria cuando su memoria le dice por dónde va. Las líneas más largas piden una "
        "memoria que sepa guardar y soltar a voluntad: es la próxima lección."
    ),
}
