import { nextRun } from './schedule.ts';

/** A timer is no clock: it stands still while the machine sleeps, so the time is looked at this often. */
const LOOK_EVERY_MILLISECONDS = 30_000;

export interface SchedulerOptions {
  /** Such as `03:00`. */
  readonly time: string;
  readonly timeZone: string;
  /** The nightly run; tells its failures itself. */
  readonly run: () => Promise<void>;
  readonly clock?: () => Date;
}

export interface Scheduler {
  /** When the next run begins. */
  next(): Date;
  stop(): void;
}

/** Starts the run once on every local day, at the time; a run that takes longer than a day delays the next one. */
export function startScheduler({ time, timeZone, run, clock = () => new Date() }: SchedulerOptions): Scheduler {
  let next = nextRun(clock(), time, timeZone);
  let running = false;
  const timer = setInterval(() => {
    if (running || clock() < next) return;
    running = true;
    void run().finally(() => {
      running = false;
      next = nextRun(clock(), time, timeZone);
    });
  }, LOOK_EVERY_MILLISECONDS);
  return { next: () => next, stop: () => clearInterval(timer) };
}
