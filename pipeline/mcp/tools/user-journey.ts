import * as z from 'zod';
import { emailHash, isEmailHash, normalizeEmail } from '../../../edge/contract/email.ts';
import { UserError } from '../../config/user-error.ts';
import { findJourney } from '../../query/journey/journey.ts';
import type { JourneySelector } from '../../query/journey/selector.ts';
import { unknownName } from '../../query/names.ts';
import { Joins, JourneyRow, journeyRows, PlainDevice } from '../journey.ts';
import { personInWords, rowsTable } from '../journey-table.ts';
import { inline } from '../markdown.ts';
import { Meta, metaOf } from '../meta.ts';
import { fromPublication, OF_PUBLICATION, PAGED, pageOf, rowsInWords } from '../page.ts';
import { defineTool } from '../tool.ts';
import { sentences, titleOf } from '../words.ts';

const NAME = 'get_user_journey';
/** Most devices and signals that are told: a shared address can have many. */
const MOST_LISTED = 100;

const id = (what: string) => z.string().min(1).optional().describe(what);
const SELECTORS = {
  lead_id: id('Of the person behind a lead of the CRM.'),
  email: id('An e-mail address; it is hashed at once, and no answer holds it.'),
  email_hash: id('The SHA-256, in hex, of a normalised address.'),
  anonymous_id: id('Of the person behind a browser: the value of its cookie.'),
  user_id: id("The site's own id of a user."),
  conversion: id('Of the person behind a conversion: name/id, such as closed_won/D-1042.'),
};

const Input = z.strictObject({
  ...SELECTORS,
  model: z.string().optional().describe('Only the credits of this model. Default: of all.'),
  ...OF_PUBLICATION,
  ...PAGED,
});
type Input = z.output<typeof Input>;

export const userJourney = defineTool({
  name: NAME,
  title: 'Journey of a person',
  description: `One person from the first click to the closed deal: sessions with their channel and credits, conversions with the stage before and the days between, what has landed since the last run, the devices, and the identifiers that joined them.
When: "explain this deal", "why has this lead that channel", "which touches did they have". From a number to people: list_conversion_records, then this with its conversion.
Example: {"conversion":"closed_won/D-1042","model":"linear"}
Give exactly one of lead_id, email, email_hash, anonymous_id, user_id, conversion.
A credit is a fraction of 1: those of one conversion and model add up to 1 over all sessions. inherited_from: it has the credits of that conversion. not_attributed says why nobody has the credit. Identifiers are shown as the first digits of their hash.
Limits: rows are in the order of time, 1000 a page; at most ${MOST_LISTED} devices and signals. Nobody found is an error that says where was looked.`,
  input: Input,
  output: z.strictObject({
    found_by: z.string(),
    person_ids: z.array(z.string()),
    devices: z.array(PlainDevice),
    signals: z.array(Joins).describe('Identifiers; those that join devices of the person first.'),
    rows: z.array(JourneyRow),
    totals: z.strictObject({ devices: z.int(), signals: z.int(), sessions: z.int(), conversions: z.int(), pending_events: z.int() }),
    meta: Meta,
  }),
  answer: async (input, context) => {
    const selector = selectorOf(input);
    return fromPublication(context, NAME, hashed(input), async (opened, place) => {
      const { config } = opened.publication;
      if (input.model !== undefined && !config.models.includes(input.model)) {
        throw new UserError(`model: ${unknownName('model', input.model, config.models)}`, { exitCode: 2 });
      }
      const journey = await findJourney(context.dataFolder, selector, opened, input.as_of !== undefined);
      const all = journeyRows(journey, input.model);
      const { rows, next_cursor } = pageOf(all, all.length, place, input.limit);
      const { devices, signals, sessions, conversions, pending } = journey;
      const cut = (listed: readonly unknown[], what: string) =>
        listed.length > MOST_LISTED ? [`${MOST_LISTED} of ${listed.length} ${what} are listed`] : [];
      const meta = metaOf(
        opened,
        { as_of: input.as_of, now: context.now() },
        {
          models: input.model === undefined ? config.models : [input.model],
          row_count: all.length,
          notes: [...cut(devices, 'devices'), ...cut(signals, 'signals')],
        },
        { next_cursor },
      );
      const structured = {
        found_by: journey.selector,
        person_ids: [...journey.person_ids],
        devices: devices.slice(0, MOST_LISTED).map((device) => ({ ...device })),
        signals: signals.slice(0, MOST_LISTED).map((signal) => ({ ...signal, seen: signal.seen.map((one) => ({ ...one })) })),
        rows: [...rows],
        totals: {
          devices: devices.length,
          signals: signals.length,
          sessions: sessions.length,
          conversions: conversions.length,
          pending_events: pending.length,
        },
        meta,
      };
      const found = `Found by ${inline(journey.selector)}: ${devices.length} devices, ${sessions.length} sessions, ${conversions.length} conversions.`;
      return {
        structured,
        text: sentences(
          titleOf('Journey', meta),
          found,
          ...personInWords(journey),
          rowsTable(rows, journey, config),
          rowsInWords(place, rows.length, meta),
          ...meta.notes,
        ),
      };
    });
  },
});

/** The query without the address: a cursor is of the hash. */
function hashed({ email, ...input }: Input): Input {
  return email === undefined ? input : { ...input, email_hash: isEmailHash(email) ? email.toLowerCase() : emailHash(email) };
}

/** @throws UserError (exit code 2) unless exactly one member says who; it never holds what was given. */
function selectorOf(input: Input): JourneySelector {
  const names = Object.keys(SELECTORS) as (keyof typeof SELECTORS)[];
  const given = names.filter((name) => input[name] !== undefined);
  if (given.length !== 1) {
    throw new UserError(
      `expected exactly one of ${names.join(', ')}; ${given.length === 0 ? 'none is given' : `given are ${given.join(' and ')}`}`,
      {
        exitCode: 2,
      },
    );
  }
  const { lead_id, email, email_hash, anonymous_id, user_id, conversion } = input;
  if (lead_id !== undefined) return { by: 'lead', value: lead_id };
  if (anonymous_id !== undefined) return { by: 'anonymous_id', value: anonymous_id };
  if (user_id !== undefined) return { by: 'user_id', value: user_id };
  if (email_hash !== undefined) {
    if (!isEmailHash(email_hash)) throw new UserError('email_hash: expected the SHA-256 of an address in hex, 64 digits', { exitCode: 2 });
    return { by: 'email', value: email_hash };
  }
  if (email !== undefined) {
    if (!isEmailHash(email) && !/^[^\s@]+@[^\s@]+$/.test(normalizeEmail(email))) {
      throw new UserError('email: expected an e-mail address', { exitCode: 2 });
    }
    return { by: 'email', value: email };
  }
  const slash = conversion!.indexOf('/');
  if (slash < 1 || slash === conversion!.length - 1) {
    throw new UserError(`conversion: "${conversion!}" is not name/id, such as closed_won/D-1042; list_conversions names them`, {
      exitCode: 2,
    });
  }
  return { by: 'conversion', name: conversion!.slice(0, slash), id: conversion!.slice(slash + 1) };
}
