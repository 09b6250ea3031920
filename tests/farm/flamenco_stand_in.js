// Stands for the parts of Flamenco Manager's job compiler that a job type sees, and prints the tasks that the job type makes of a job.
const fs = require("node:fs");
const vm = require("node:vm");

class Task {
    constructor(name, type) { Object.assign(this, { name, type, commands: [], dependencies: [] }); }
    addCommand(command) { this.commands.push(command); }
    addDependency(task) { this.dependencies.push(task.name); }
}

// Chunks of a list of frames, each written as ranges.
function frameChunker(text, size) {
    const frames = text.split(",").flatMap((part) => {
        const [first, last] = part.trim().split("-").map(Number);
        return Array.from({ length: (last ?? first) - first + 1 }, (_, index) => first + index);
    });
    const chunks = [];
    for (let start = 0; start < frames.length; start += size) chunks.push(written(frames.slice(start, start + size)));
    return chunks;
}

function written(frames) {
    const runs = [];
    for (const frame of frames) {
        const run = runs.at(-1);
        if (run && run[1] === frame - 1) run[1] = frame;
        else runs.push([frame, frame]);
    }
    return runs.map(([first, last]) => (first === last ? `${first}` : `${first}-${last}`)).join(",");
}

const added = [];
const world = {
    author: { Task: (name, type) => new Task(name, type), Command: (name, parameters) => ({ name, parameters }) },
    path: require("node:path").posix, frameChunker, print: () => {},
};
vm.createContext(world);
vm.runInContext(fs.readFileSync(process.argv[2], "utf-8") + "\nthis.jobType = JOB_TYPE; this.compile = compileJob;", world);
world.compile({ settings: JSON.parse(process.argv[3]), addTask: (task) => added.push(task) });
console.log(JSON.stringify({ jobType: world.jobType, tasks: added }));
