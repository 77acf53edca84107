import { createProgress } from '../../pipeline/cli/progress.ts';
import { emphasisFor } from '../../pipeline/cli/render/text.ts';
import { attribution } from './attribution/attribution.ts';
import { conversions } from './conversions/conversions.ts';
import { dashboard } from './dashboard/dashboard.ts';
import { edge } from './edge/edge.ts';
import { identity } from './identity/identity.ts';
import { models } from './models/models.ts';
import { reading } from './reading/reading.ts';
import { sessions } from './sessions/sessions.ts';
import { tracker } from './tracker/tracker.ts';
import { toJson, toText } from './render.ts';
import { runBenches } from './run.ts';

/** Numbers are not shortened, and a reader without a terminal gets them in one table. */
const WIDTH = process.stdout.isTTY ? Math.max(process.stdout.columns, 100) : 140;

process.exitCode = await runBenches(process.argv.slice(2), {
  benches: [attribution, conversions, dashboard, edge, identity, models, reading, sessions, tracker],
  out: (text) => process.stdout.write(text),
  err: (text) => process.stderr.write(text),
  progress: (json) => createProgress({ json }),
  render: (results, json) => (json ? toJson(results) : toText(results, WIDTH, emphasisFor(process.stdout, process.env))),
});
