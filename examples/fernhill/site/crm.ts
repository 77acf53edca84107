import { randomUUID } from 'node:crypto';
import { appendFile, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** The columns of the CRM's export, as `touchtrail.config.ts` declares them. */
const COLUMNS = ['lead_id', 'created_at', 'email', 'anonymous_id', 'form', 'mql_at', 'hand_raised_at'] as const;
type Lead = Readonly<Record<(typeof COLUMNS)[number], string>>;

/** What a form may be called in the export. */
const FORMS = ['demo', 'newsletter'];

/** What is wrong with a form that the CRM refuses, in words for the visitor. */
export class FormRefused extends Error {}

/**
 * The stub of a CRM: keeps leads in `leads.csv`, where the nightly run reads them like an export of a real one. Sales
 * fill `mql_at` and `hand_raised_at` later.
 */
export class StubCrm {
  readonly #file: string;
  readonly #folder: string;
  #last: Promise<unknown> = Promise.resolve();

  constructor(folder: string) {
    this.#folder = folder;
    this.#file = join(folder, 'leads.csv');
  }

  /**
   * Adds what a form posted, one row after the other.
   * @throws FormRefused if it is none of the site's forms or has no e-mail address.
   */
  async addLead(fields: URLSearchParams, now: Date): Promise<void> {
    const lead = readLead(fields, now);
    const added = this.#last.then(() => this.#append(lead));
    // The next lead does not depend on whether this one could be written; the caller of this one hears of it.
    this.#last = added.catch(() => undefined);
    await added;
  }

  async #append(lead: Lead): Promise<void> {
    await mkdir(this.#folder, { recursive: true });
    try {
      await writeFile(this.#file, `${COLUMNS.join(',')}\n`, { flag: 'wx' });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
    const before = await readFile(this.#file, 'utf8');
    const header = before.split(/\r?\n/, 1)[0]!.replace(/^\uFEFF/, '');
    if (header !== COLUMNS.join(',')) throw new Error(`${this.#file}: expected the header "${COLUMNS.join(',')}", found "${header}"`);
    // One write in append mode: a reader sees the row as a whole or not at all.
    await appendFile(this.#file, `${before.endsWith('\n') ? '' : '\n'}${COLUMNS.map((column) => csvCell(lead[column])).join(',')}\n`);
  }
}

function readLead(fields: URLSearchParams, now: Date): Lead {
  const email = (fields.get('email') ?? '').trim();
  const form = fields.get('form') ?? '';
  const anonymousId = fields.get('anonymous_id') ?? '';
  if (!FORMS.includes(form)) throw new FormRefused('This form is unknown here.');
  if (email.length > 254 || !/^[^\s@]+@[^\s@]+\.[^\s@]+$/.test(email))
    throw new FormRefused('That does not look like an e-mail address. Please go back and look again.');
  return {
    lead_id: `W-${randomUUID().slice(0, 8)}`,
    created_at: now.toISOString().replace(/\.\d+Z$/, 'Z'),
    email,
    // Anybody can post anything; only an id as the tracker makes it is one.
    anonymous_id: /^[\da-f-]{36}$/i.test(anonymousId) ? anonymousId : '',
    form,
    mql_at: '',
    hand_raised_at: '',
  };
}

/** Quoted where CSV needs it (RFC 4180); a leading apostrophe keeps spreadsheets from running the cell as a formula. */
export function csvCell(value: string): string {
  const safe = /^[=+\-@\t\r]/.test(value) ? `'${value}` : value;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
