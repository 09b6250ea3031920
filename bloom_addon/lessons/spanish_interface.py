"""Spanish for what a lesson's scene is labelled with, and for its panel."""

from __future__ import annotations

SCENE = {
    "training step": "paso de entrenamiento",
    "mean loss": "pérdida media",
    "by itself it writes: {text}": "por su cuenta escribe: {text}",
    "by itself it plays": "por su cuenta toca",
    "The same training, as a flower. It is closed: nothing has been learned yet.": (
        "El mismo entrenamiento, como una flor. Está cerrada: todavía no se ha aprendido nada."
    ),
    "Each step pushes the petals as far as it moved the weights. They open with the way the network has come.": (
        "Cada paso empuja los pétalos tanto como movió los pesos. Se abren con el camino que la red ha recorrido."
    ),
    "Open: the training ends here. The petals rest where the weights rest.": (
        "Abierta: aquí termina el entrenamiento. Los pétalos descansan donde descansan los pesos."
    ),
}

LESSONS = {
    "One Neuron": "Una neurona",
    "A single neuron learns to part two classes of dots: weights, sum, sigmoid, loss, and the line it draws": (
        "Una sola neurona aprende a separar dos clases de puntos: pesos, suma, sigmoide, pérdida y la recta que traza"
    ),
    "Four Songs": "Cuatro canciones",
    "Four songs that no single neuron can tell apart, and the hidden layer that can": (
        "Cuatro canciones que ninguna neurona sola puede distinguir, y la capa oculta que sí puede"
    ),
    "A Neuron with a Memory": "Una neurona con memoria",
    "A recurrent neuron remembers a bell, and a few of them learn a line of text, letter by letter": (
        "Una neurona recurrente recuerda una campana, y unas pocas aprenden una línea de texto, letra a letra"
    ),
    "A Memory with Gates": "Una memoria con compuertas",
    "An LSTM learns the line, and then a tune: its gates decide what is kept, what is forgotten and what is shown": (
        "Una LSTM aprende la línea y después una melodía: sus compuertas deciden qué se guarda, qué se olvida y qué se muestra"
    ),
    "Of Your Own": "Propia",
    "A lesson that you recorded yourself with the command “bloom lesson”": "Una lección que grabaste tú con el comando «bloom lesson»",
}

PANEL = {
    "Lessons": "Lecciones",
    "Lesson": "Lección",
    "What is taught": "Qué se enseña",
    "File": "Archivo",
    "Recorded lesson of your own": "Lección grabada por ti",
    "Language": "Idioma",
    "What labels and captions are written in": "En qué idioma se escriben los rótulos y los textos",
    "Automatic": "Automático",
    "The language of Blender's interface; English where nobody has translated the lesson": (
        "El idioma de la interfaz de Blender; inglés donde nadie haya traducido la lección"
    ),
    "English": "English",
    "The scene speaks English": "La escena habla inglés",
    "Español": "Español",
    "The scene speaks Spanish": "La escena habla español",
    "Speed": "Velocidad",
    "2 takes half the time; at 1 there is time to read every caption": "2 dura la mitad; con 1 da tiempo a leer todos los textos",
    "Flower Beside": "Flor al lado",
    "The same training grows a flower beside the network, step for step": "El mismo entrenamiento hace crecer una flor junto a la red, paso a paso",
    "Build Lesson": "Construir la lección",
    "Build Again": "Construir de nuevo",
    "Build the chosen lesson in this scene, keyed from its recorded training: the network, its data, captions, and the flower beside": (
        "Construye en esta escena la lección elegida, con claves de su entrenamiento grabado: la red, sus datos, los textos y la flor al lado"
    ),
    "Open Lesson": "Abrir lección",
    "Choose a lesson of your own: a .bloomlesson file that the command “bloom lesson” recorded": (
        "Elige una lección propia: un archivo .bloomlesson grabado con el comando «bloom lesson»"
    ),
    "Step": "Paso",
    "Go to the next moment of the lesson, or to the one before": "Va al momento siguiente de la lección, o al anterior",
    "Go to Act": "Ir al acto",
    "Go to the beginning of an act; with Play, and play it from there": "Va al principio de un acto; con Reproducir, además lo reproduce desde ahí",
    "Open the Run": "Ver el entrenamiento",
    "Select the flower beside this act: the sections Run, Growth and Bake are then about the training that the lesson shows": (
        "Selecciona la flor de este acto: las secciones Run, Growth y Bake tratan entonces del entrenamiento que muestra la lección"
    ),
    "Remove Lesson": "Quitar la lección",
    "Take the lesson out of the scene, with all that was made for it. Your own objects stay, and the flowers' takes stay on the disk": (
        "Quita la lección de la escena, con todo lo que se hizo para ella. Tus objetos se quedan, y las tomas de las flores siguen en el disco"
    ),
    "Step {step}": "Paso {step}",
    "{moment} of {moments}": "{moment} de {moments}",
    "The recording has changed since: build the lesson again": "La grabación ha cambiado desde entonces: construye la lección de nuevo",
}

MESSAGES = SCENE | LESSONS | PANEL
