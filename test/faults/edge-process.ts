import { startUp } from '../../pipeline/embedded/up.ts';

// The embedded edge as a process of its own, to be killed: `edge-process.ts <data folder> <port>`.
const [dataFolder, port] = process.argv.slice(2);
const edge = await startUp({ dataFolder: dataFolder!, port: Number(port), log: (line) => console.error(line) });
console.log(`ready ${edge.url}`);
