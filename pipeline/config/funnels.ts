import * as z from 'zod';
import { filter } from './conversions.ts';
import { hasNoIssue } from './text-test.ts';

// The part `eventFunnels` of the config: ways through the site, step by step.

const name = z.string().regex(/^[a-z][a-z0-9_]*$/, 'expected lower-case letters, digits and underscores, beginning with a letter');

const step = z
  .strictObject({
    name,
    /** What reports call it; default: its name in words. */
    label: z.string().min(1).optional(),
    /** Name of an event, as it is sent with `track`. */
    event: z.string().min(1).optional(),
    /** Path of a page that is viewed, such as `/pricing`. */
    page_path: z.string().min(1).optional(),
    /** What else must hold of the event; it may ask about the event alone, not about its session. */
    filter: filter.optional(),
  })
  .refine(({ event, page_path }) => (event === undefined) !== (page_path === undefined), {
    error: 'expected exactly one of event and page_path',
    when: hasNoIssue,
  });

/** A way through the site: in which steps visitors go on, and how far they get. */
export const eventFunnel = z
  .strictObject({
    name,
    label: z.string().min(1),
    steps: z.array(step).min(2).max(20),
    /** All steps lie in the session of the first one. This is so where there are no `windowHours`. */
    withinSession: z.literal(true).optional(),
    /** All steps lie within so many hours from the first one, over any number of sessions. */
    windowHours: z.int().min(1).max(8760).optional(),
    /** Whether between a step and the next the visitor may take other steps of the funnel (`sequential`), or none (`strict`). */
    order: z.enum(['sequential', 'strict']).default('sequential'),
  })
  .refine(({ withinSession, windowHours }) => withinSession === undefined || windowHours === undefined, {
    error: 'expected withinSession or windowHours, not both',
    when: hasNoIssue,
  });
export type EventFunnel = z.infer<typeof eventFunnel>;

/** The part `eventFunnels` of the config. */
export const eventFunnels = z.array(eventFunnel).default([]);
