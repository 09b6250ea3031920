// SPDX-License-Identifier: GPL-3.0-or-later
// A job type for Flamenco 3: bakes the blooms of a .blend, renders its frames, and joins them to a film. docs/farms.md.
// Put this file into the folder `scripts` beside the flamenco-manager executable.

const JOB_TYPE = {
    label: "Bloom Film",
    description: "Bake the flowers of a .blend in chunks, render its frames, and join them to a film",
    settings: [
        { key: "frames", type: "string", required: true, eval: "f'{C.scene.frame_start}-{C.scene.frame_end}'",
          evalInfo: { showLinkButton: true, description: "Scene frame range" },
          description: "Frames to bake and render. Examples: '47', '1-30', '3, 5-10, 47-327'" },
        { key: "bake_chunk", type: "int32", default: 12, propargs: { min: 1 }, visible: "submission",
          description: "Number of frames that one task bakes" },
        { key: "render_chunk", type: "int32", default: 4, propargs: { min: 1 }, visible: "submission",
          description: "Number of frames that one task renders" },
        { key: "output_root", type: "string", subtype: "dir_path", required: true, visible: "submission",
          description: "Folder on the shared storage. Takes go into it, and each film into a folder of its own" },
        { key: "takes", type: "string", subtype: "dir_path", editable: false, eval: "str(Path(abspath(settings.output_root), 'takes'))",
          description: "Where baked frames go. All films share them: what is unchanged is not baked again" },
        { key: "output", type: "string", subtype: "dir_path", editable: false, eval: "str(Path(abspath(settings.output_root), jobname))",
          description: "Where the pictures and the film go, and bloom.blend: the .blend with its takes" },
        { key: "blendfile", type: "string", required: true, visible: "web", description: "Path of the .blend. It is read, and never written" },
    ],
};

function compileJob(job) {
    const settings = job.settings;
    const saved = path.join(settings.output, "bloom.blend");

    const takeTask = bloomTask("take", ["bake", settings.blendfile, "--folder", settings.takes, "--out", saved]);
    for (const chunk of frameChunker(settings.frames, settings.bake_chunk)) {
        const bakeTask = bloomTask(`bake-${chunk}`, ["bake", settings.blendfile, "--folder", settings.takes, "--frames", chunk]);
        takeTask.addDependency(bakeTask);
        job.addTask(bakeTask);
    }
    job.addTask(takeTask);

    const filmTask = bloomTask("film", ["render", saved, "--out", settings.output, "--missing", "--frames", settings.frames]);
    for (const chunk of frameChunker(settings.frames, settings.render_chunk)) {
        const renderTask = bloomTask(`render-${chunk}`, ["render", saved, "--out", settings.output, "--no-film", "--frames", chunk]);
        renderTask.addDependency(takeTask);
        filmTask.addDependency(renderTask);
        job.addTask(renderTask);
    }
    job.addTask(filmTask);
}

// A task that runs `blender --command bloom …`. Not the command blender-render: that one opens a .blend in Blender first.
function bloomTask(name, words) {
    const task = author.Task(name, "blender");
    task.addCommand(author.Command("exec", { exe: "{blender}", args: ["--command", "bloom"].concat(words) }));
    return task;
}
