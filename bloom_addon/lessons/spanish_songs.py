"""Spanish for what the lesson "songs" says."""

from __future__ import annotations

MESSAGES = {
    "Four songs": "Cuatro canciones",
    "One neuron": "Una neurona sola",
    "A hidden layer": "Una capa oculta",
    "modern": "moderna",
    "sad": "triste",
    "piano": "piano",
    "old, happy": "antigua, alegre",
    "old, sad": "antigua, triste",
    "modern, happy": "moderna, alegre",
    "modern, sad": "moderna, triste",
    "always 1": "siempre 1",
    "sum": "suma",
    "sigmoid": "sigmoide",
    "hidden 1": "oculta 1",
    "hidden 2": "oculta 2",
    "likes it?": "¿le gusta?",
    "liked": "gusta",
    "loss": "pérdida",
    "right": "acierta",
    "wrong": "falla",
    "yes": "sí",
    "no": "no",
    "for it": "a favor",
    "against it": "en contra",
    "no song at all": "ninguna canción",
    "modern and sad": "moderna y triste",
    "modern, but not sad": "moderna, pero no triste",
    "sad, but not modern": "triste, pero no moderna",
    "modern or sad": "moderna o triste",
    "neither modern nor sad": "ni moderna ni triste",
    "not sad": "no triste",
    "modern or not sad": "moderna o no triste",
    "not modern": "no moderna",
    "sad or not modern": "triste o no moderna",
    "not both modern and sad": "no moderna y triste a la vez",
    "every song": "todas las canciones",
    (
        "Four songs, each told by three numbers: is it modern, is it sad, has it a piano? Someone likes two of them: the old sad one and "
        "the modern happy one. The neuron is to find out how to tell."
    ): (
        "Cuatro canciones, cada una descrita con tres números: ¿es moderna?, ¿es triste?, ¿tiene piano? A alguien le gustan dos: la "
        "antigua triste y la moderna alegre. La neurona tiene que averiguar cómo distinguirlas."
    ),
    (
        "A song goes in: {song}. Modern {modern:.0f}, sad {sad:.0f}, piano {piano:.0f}. All four songs have a piano, so that input tells "
        "nothing about a song: its weight is simply always added. Such a weight is called a bias."
    ): (
        "Entra una canción: {song}. Moderna {modern:.0f}, triste {sad:.0f}, piano {piano:.0f}. Las cuatro tienen piano, así que esa "
        "entrada no dice nada de ninguna: su peso simplemente se suma siempre. Un peso así se llama sesgo."
    ),
    (
        "Inputs times weights, all added up: {modern:.0f} × {modern_weight:+.2f}, {sad:.0f} × {sad_weight:+.2f} and {piano:.0f} × "
        "{piano_weight:+.2f} make {sum:+.2f}."
    ): (
        "Entradas por pesos, todo sumado: {modern:.0f} × {modern_weight:+.2f}, {sad:.0f} × {sad_weight:+.2f} y {piano:.0f} × "
        "{piano_weight:+.2f} dan {sum:+.2f}."
    ),
    "The sigmoid makes a certainty of it: the neuron is {output:.0%} sure that this song is liked.": (
        "La sigmoide lo convierte en una certeza: la neurona está un {output:.0%} segura de que esta canción gusta."
    ),
    "So its answer is {answer}. Really it is {target}: {verdict}.": "Así que responde: {answer}. En realidad: {target}. La neurona {verdict}.",
    "The loss of this song is the squared distance from {output:.2f} to {wanted:.0f}: {loss:.3f}.": (
        "La pérdida de esta canción es el cuadrado de la distancia de {output:.2f} a {wanted:.0f}: {loss:.3f}."
    ),
    "The next song: {song}. {output:.0%} sure that it is liked; really: {target}. Loss {loss:.3f}.": (
        "La siguiente canción: {song}. Un {output:.0%} segura de que gusta; en realidad: {target}. Pérdida {loss:.3f}."
    ),
    (
        "Now every song pulls at the weights, each the way that makes its own loss smaller. At the weight of modern, the happy modern "
        "song pulls by {happy_pull:+.3f}, the sad modern one by {sad_pull:+.3f}. They pull against each other."
    ): (
        "Ahora cada canción tira de los pesos hacia donde su propia pérdida disminuye. Del peso de «moderna», la moderna alegre tira "
        "{happy_pull:+.3f}, y la moderna triste {sad_pull:+.3f}. Tiran la una contra la otra."
    ),
    (
        "The weight follows the mean of all pulls: modern from {modern_weight_before:+.2f} to {modern_weight:+.2f}, sad from "
        "{sad_weight_before:+.2f} to {sad_weight:+.2f}, piano from {piano_weight_before:+.2f} to {piano_weight:+.2f}."
    ): (
        "El peso sigue la media de todos los tirones: moderna pasa de {modern_weight_before:+.2f} a {modern_weight:+.2f}, triste de "
        "{sad_weight_before:+.2f} a {sad_weight:+.2f}, piano de {piano_weight_before:+.2f} a {piano_weight:+.2f}."
    ),
    "Again and again, faster now. The mean loss of the four songs was {first_loss:.3f}; after {step:.0f} steps it is {mean_loss:.3f}.": (
        "Una y otra vez, ahora más deprisa. La pérdida media de las cuatro canciones era {first_loss:.3f}; después de {step:.0f} pasos "
        "es {mean_loss:.3f}."
    ),
    (
        "The loss still falls, but ever less: {mean_loss:.3f} after {step:.0f} steps. The weights shrink: modern {modern_weight:+.2f}, "
        "sad {sad_weight:+.2f}, piano {piano_weight:+.2f}."
    ): (
        "La pérdida aún baja, pero cada vez menos: {mean_loss:.3f} después de {step:.0f} pasos. Los pesos se encogen: moderna "
        "{modern_weight:+.2f}, triste {sad_weight:+.2f}, piano {piano_weight:+.2f}."
    ),
    (
        "After {step:.0f} steps the loss stands at {mean_loss:.3f} and falls no further. The weights have gone to nothing: modern "
        "{modern_weight:z.2f}, sad {sad_weight:z.2f}, piano {piano_weight:z.2f}."
    ): (
        "Después de {step:.0f} pasos la pérdida se queda en {mean_loss:.3f} y no baja más. Los pesos se han reducido a nada: moderna "
        "{modern_weight:z.2f}, triste {sad_weight:z.2f}, piano {piano_weight:z.2f}."
    ),
    (
        "So every sum is {sum:z.2f}, and the neuron is {output:.0%} sure of every song. It has not learnt, and it will not: the pulls at "
        "the weight of modern, {happy_pull:+.2f} and {sad_pull:+.2f}, cancel."
    ): (
        "Por eso toda suma es {sum:z.2f}, y la neurona está un {output:.0%} segura de cualquier canción. No ha aprendido, ni aprenderá: "
        "los tirones del peso de «moderna», {happy_pull:+.2f} y {sad_pull:+.2f}, se anulan."
    ),
    (
        "Why? Look at the plane. The two songs that are liked lie on opposite corners, and so do the two that are not. A neuron draws "
        "one straight line. Draw it as you like: at least one song is on the wrong side."
    ): (
        "¿Por qué? Mira el plano. Las dos canciones que gustan están en esquinas opuestas, y las dos que no gustan, también. Una neurona "
        "traza una sola recta. Trázala como quieras: al menos una canción queda en el lado equivocado."
    ),
    (
        "Or in words: among happy songs, modern must count for a song; among sad ones, against it. But the neuron has one weight for "
        "modern, and one number cannot be above and below zero at once."
    ): (
        "O dicho con palabras: entre las alegres, ser moderna debe contar a favor; entre las tristes, en contra. Pero la neurona tiene "
        "un solo peso para «moderna», y un número no puede estar a la vez por encima y por debajo de cero."
    ),
    (
        "So one half for every song, a loss of {mean_loss:.2f}, is the best that a single neuron can do here. More steps do not help, "
        "and no other first weights do."
    ): (
        "Así que un medio para cada canción, una pérdida de {mean_loss:.2f}, es lo mejor que puede hacer aquí una neurona sola. No "
        "ayudan más pasos, ni otros pesos iniciales."
    ),
    "What would help: another neuron that notices when a song is modern and sad at once, and says so. That is what a hidden layer is for.": (
        "Lo que ayudaría: otra neurona que note cuándo una canción es moderna y triste a la vez, y lo diga. Para eso sirve una capa oculta."
    ),
    (
        "The same four songs. Between the inputs and the answer there are now two more neurons. They are called hidden: nobody tells "
        "them what to answer; only at the end there is a target."
    ): (
        "Las mismas cuatro canciones. Entre las entradas y la respuesta hay ahora dos neuronas más. Se llaman ocultas: nadie les dice "
        "qué responder; solo al final hay un objetivo."
    ),
    "A song goes in: {song}. Both hidden neurons see the same three inputs, each through weights of its own.": (
        "Entra una canción: {song}. Las dos neuronas ocultas ven las mismas tres entradas, cada una a través de sus propios pesos."
    ),
    "Each adds up for itself: {hidden_sum_1:+.2f} and {hidden_sum_2:+.2f}. So each draws a line of its own.": (
        "Cada una suma por su cuenta: {hidden_sum_1:+.2f} y {hidden_sum_2:+.2f}. Así, cada una traza una recta propia."
    ),
    (
        "Their answers, {hidden_1:.2f} and {hidden_2:.2f}, are the inputs of the last neuron. It no longer sees the song, only what the "
        "hidden ones say of it."
    ): (
        "Sus respuestas, {hidden_1:.2f} y {hidden_2:.2f}, son las entradas de la última neurona. Ella ya no ve la canción, solo lo que "
        "las ocultas dicen de ella."
    ),
    (
        "It adds {hidden_1:.2f} × {weight_1:+.2f}, {hidden_2:.2f} × {weight_2:+.2f} and the bias {bias:+.2f}: {output:.0%} sure. Its "
        "answer is {answer}; really: {target}."
    ): (
        "Suma {hidden_1:.2f} × {weight_1:+.2f}, {hidden_2:.2f} × {weight_2:+.2f} y el sesgo {bias:+.2f}: está un {output:.0%} segura. "
        "Responde: {answer}; en realidad: {target}."
    ),
    "The loss of this song: {loss:.3f}. The mean of all four is {mean_loss:.3f}.": (
        "La pérdida de esta canción: {loss:.3f}. La media de las cuatro es {mean_loss:.3f}."
    ),
    (
        "The error goes back the way that the answer came. A hidden neuron is pulled at through its weight to the answer: the larger "
        "that is, the more it is to blame. This is called backpropagation. After one step the mean loss is {mean_loss:.3f}."
    ): (
        "El error vuelve por el camino por el que vino la respuesta. De una neurona oculta se tira a través del peso que la une a la "
        "respuesta: cuanto mayor es, más culpa tiene. Esto se llama retropropagación. Después de un paso la pérdida media es "
        "{mean_loss:.3f}."
    ),
    "Again and again, faster now. After {step:.0f} steps: mean loss {mean_loss:.3f}, {right:.0f} of 4 songs right.": (
        "Una y otra vez, ahora más deprisa. Después de {step:.0f} pasos: pérdida media {mean_loss:.3f}, {right:.0f} de 4 canciones acertadas."
    ),
    (
        "For a long time it does no better than the single neuron: the loss is {mean_loss:.3f} after {step:.0f} steps, about one half "
        "for every song. To this song the two hidden neurons say {hidden_1:.2f} and {hidden_2:.2f}."
    ): (
        "Durante mucho tiempo no lo hace mejor que la neurona sola: la pérdida es {mean_loss:.3f} después de {step:.0f} pasos, más o "
        "menos un medio para cada canción. A esta canción las dos neuronas ocultas dicen {hidden_1:.2f} y {hidden_2:.2f}."
    ),
    (
        "After {step:.0f} steps something gives way: the loss leaves one quarter, it is {mean_loss:.3f}. To this song the hidden neurons "
        "now say {hidden_1:.2f} and {hidden_2:.2f}: they begin to tell different things."
    ): (
        "Después de {step:.0f} pasos algo cede: la pérdida deja atrás el cuarto y es {mean_loss:.3f}. A esta canción las neuronas "
        "ocultas dicen ahora {hidden_1:.2f} y {hidden_2:.2f}: empiezan a decir cosas distintas."
    ),
    (
        "After {step:.0f} steps the mean loss is {mean_loss:.3f}, less than half of the quarter at which a single neuron ends. "
        "{right:.0f} of 4 songs are right."
    ): (
        "Después de {step:.0f} pasos la pérdida media es {mean_loss:.3f}, menos de la mitad del cuarto en el que acaba una neurona sola. "
        "Acierta {right:.0f} de 4 canciones."
    ),
    "After {step:.0f} steps all four songs are right, for the first time. No single neuron can do this.": (
        "Después de {step:.0f} pasos acierta las cuatro canciones, por primera vez. Ninguna neurona sola puede hacerlo."
    ),
    "After {step:.0f} steps: {right:.0f} of 4 songs right, mean loss {mean_loss:.4f}. What have the hidden neurons learnt?": (
        "Después de {step:.0f} pasos: {right:.0f} de 4 canciones acertadas, pérdida media {mean_loss:.4f}. ¿Qué han aprendido las "
        "neuronas ocultas?"
    ),
    (
        "The first hidden neuron says {say_1:.2f}, {say_2:.2f}, {say_3:.2f} and {say_4:.2f} to the songs {song_1} / {song_2} / {song_3} "
        "/ {song_4}. It has come to stand for: {meaning}. Nobody told it to."
    ): (
        "La primera neurona oculta dice {say_1:.2f}, {say_2:.2f}, {say_3:.2f} y {say_4:.2f} a las canciones {song_1} / {song_2} / "
        "{song_3} / {song_4}. Ha llegado a significar: {meaning}. Nadie se lo dijo."
    ),
    "The second says {say_1:.2f}, {say_2:.2f}, {say_3:.2f} and {say_4:.2f} to the same songs. It stands for: {meaning}.": (
        "La segunda dice {say_1:.2f}, {say_2:.2f}, {say_3:.2f} y {say_4:.2f} a las mismas canciones. Significa: {meaning}."
    ),
    (
        "The last neuron weighs the two: {meaning_1} counts {sense_1} ({weight_1:+.1f}), {meaning_2} counts {sense_2} ({weight_2:+.1f}), "
        "and its bias is {bias:+.1f}."
    ): (
        "La última neurona sopesa las dos: «{meaning_1}» cuenta {sense_1} ({weight_1:+.1f}), «{meaning_2}» cuenta {sense_2} "
        "({weight_2:+.1f}), y su sesgo es {bias:+.1f}."
    ),
    "Put together: a song is liked if it is modern or sad, but not both. This pattern is called XOR, “exclusive or”.": (
        "En conjunto: una canción gusta si es moderna o triste, pero no las dos cosas. Este patrón se llama XOR, «o exclusivo»."
    ),
    (
        "Why does it work now? The last neuron still draws only one line, but in a new plane, that of the hidden answers. There the two "
        "liked songs have come to the same place, ({liked_1:.2f}, {liked_2:.2f}) and ({liked_3:.2f}, {liked_4:.2f}), and one line parts "
        "them from ({other_1:.2f}, {other_2:.2f}) and ({other_3:.2f}, {other_4:.2f})."
    ): (
        "¿Por qué funciona ahora? La última neurona sigue trazando una sola recta, pero en un plano nuevo, el de las respuestas ocultas. "
        "Allí las dos canciones que gustan han ido a parar al mismo sitio, ({liked_1:.2f}, {liked_2:.2f}) y ({liked_3:.2f}, "
        "{liked_4:.2f}), y una recta las separa de ({other_1:.2f}, {other_2:.2f}) y ({other_3:.2f}, {other_4:.2f})."
    ),
    (
        "Why does it work now? The last neuron still draws only one line, but in a new plane, that of the hidden answers. There the two "
        "liked songs lie at ({liked_1:.2f}, {liked_2:.2f}) and ({liked_3:.2f}, {liked_4:.2f}), the others at ({other_1:.2f}, "
        "{other_2:.2f}) and ({other_3:.2f}, {other_4:.2f}): one line parts them."
    ): (
        "¿Por qué funciona ahora? La última neurona sigue trazando una sola recta, pero en un plano nuevo, el de las respuestas ocultas. "
        "Allí las dos canciones que gustan están en ({liked_1:.2f}, {liked_2:.2f}) y ({liked_3:.2f}, {liked_4:.2f}), y las otras en "
        "({other_1:.2f}, {other_2:.2f}) y ({other_3:.2f}, {other_4:.2f}): una recta las separa."
    ),
    (
        "It also depends on how the first weights happen to fall: of {seeds:.0f} such networks, each begun with random weights of its "
        "own, {share:.0f} had all four songs right after as many steps. The others had not found two lines that help each other."
    ): (
        "También depende de cómo caigan los pesos iniciales: de {seeds:.0f} redes así, cada una con sus propios pesos al azar, "
        "{share:.0f} acertaban las cuatro canciones después de los mismos pasos. Las demás no habían encontrado dos rectas que se ayuden."
    ),
    (
        "Remember: one neuron draws one line, and XOR needs two. The hidden layer draws the two lines; the last neuron decides what to "
        "make of them."
    ): (
        "Recuerda: una neurona traza una recta, y XOR necesita dos. La capa oculta traza las dos rectas; la última neurona decide qué "
        "hacer con ellas."
    ),
    (
        "After {step:.0f} steps: {right:.0f} of 4 songs right, mean loss {mean_loss:.3f}. From these first weights the network has got "
        "stuck: its two hidden neurons have not found two lines that help each other."
    ): (
        "Después de {step:.0f} pasos: {right:.0f} de 4 canciones acertadas, pérdida media {mean_loss:.3f}. Con estos pesos iniciales la "
        "red se ha atascado: sus dos neuronas ocultas no han encontrado dos rectas que se ayuden."
    ),
}
