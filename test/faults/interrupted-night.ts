import { loadConfig } from '../../pipeline/config/load.ts';
import { runNight } from '../../pipeline/night/run.ts';
import { NIGHT_STEPS } from '../../pipeline/night/steps.ts';

// A run that kills its own process, as a power cut would, within the step named on the command line: when its work is
// done but not yet recorded, nor, where the step is one transaction, committed.
const [configFile, dataFolder, fatal] = process.argv.slice(2) as [string, string, string];
const { config, configFolder } = await loadConfig(configFile);
const steps = NIGHT_STEPS.map((step) => ({
  ...step,
  run: async (context: Parameters<typeof step.run>[0]) => {
    const result = await step.run(context);
    if (step.name === fatal) process.kill(process.pid, 'SIGKILL');
    return result;
  },
}));
await runNight({ config, configFolder, dataFolder, steps });
