import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { csvCell } from './crm.ts';
import { type Site, startSite } from './server.ts';

const HEADER = 'lead_id,created_at,email,anonymous_id,form,mql_at,hand_raised_at';
const ID = '5d7c2c43-8a6b-4d77-9c4a-0d1f6d3f7a10';

let crmFolder: string;
let site: Site;

beforeEach(async () => {
  crmFolder = await mkdtemp(join(tmpdir(), 'fernhill-'));
  site = await startSite({ port: 0, host: '127.0.0.1', edgeUrl: 'http://edge.example:8787/', writeKey: '"><script>', crmFolder });
});
afterEach(async () => {
  await site.stop();
  await rm(crmFolder, { recursive: true });
});

const post = (fields: Record<string, string>) =>
  fetch(`${site.url}/crm/leads`, { method: 'POST', body: new URLSearchParams(fields), redirect: 'manual' });
const rows = async () => (await readFile(join(crmFolder, 'leads.csv'), 'utf8')).split('\n');

describe('stub CRM', () => {
  it('writes a lead with the visitor id and leads on to the thanks page', async () => {
    const answer = await post({ form: 'demo', email: ' ada@engine.example ', anonymous_id: ID, full_name: 'Ada' });
    expect([answer.status, answer.headers.get('location')]).toEqual([303, '/thanks']);
    const [header, row, end] = await rows();
    expect([header, end]).toEqual([HEADER, '']);
    expect(row).toMatch(new RegExp(`^W-[0-9a-f]{8},\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\dZ,ada@engine\\.example,${ID},demo,,$`));
  });

  it('keeps every lead of many at once, each on a line of its own, after what was there', async () => {
    await writeFile(join(crmFolder, 'leads.csv'), `${HEADER}\nL-1,2026-01-01T00:00:00Z,a@b.example,,demo,,`);
    await Promise.all(Array.from({ length: 20 }, (_, i) => post({ form: 'newsletter', email: `p${i}@engine.example` })));
    const written = await rows();
    expect(written.slice(0, 2)).toEqual([HEADER, 'L-1,2026-01-01T00:00:00Z,a@b.example,,demo,,']);
    expect(
      written
        .slice(2, -1)
        .map((row) => row.split(',')[2]!)
        .toSorted(),
    ).toEqual(Array.from({ length: 20 }, (_, i) => `p${i}@engine.example`).toSorted());
  });

  it.each([
    ['an unknown form', { form: 'other', email: 'a@b.example' }],
    ['no address', { form: 'demo' }],
    ['what is no address', { form: 'demo', email: 'ada' }],
    ['two lines', { form: 'demo', email: 'a@b.example\nL-2' }],
  ])('refuses %s and writes nothing', async (_, fields) => {
    expect((await post(fields)).status).toBe(422);
    await expect(rows()).rejects.toThrow('ENOENT');
  });

  it('keeps nothing as a visitor id that is none', async () => {
    await post({ form: 'demo', email: 'a@b.example', anonymous_id: '=1+1' });
    expect((await rows())[1]!.split(',')[3]).toBe('');
  });

  it.each([
    ['plain', 'plain'],
    ['a,b', '"a,b"'],
    ['say "hi"', '"say ""hi"""'],
    ['=cmd', "'=cmd"],
    ['+a@b.example', "'+a@b.example"],
    ['-1', "'-1"],
    ['@x', "'@x"],
  ])('writes the cell %j as %j', (value, expected) => {
    expect(csvCell(value)).toBe(expected);
  });
});

describe('pages', () => {
  it.each(['/', '/pricing', '/demo', '/thanks', '/missing'])(
    '%s has its values filled in and escaped, and no inline code or style',
    async (path) => {
      const answer = await fetch(site.url + path);
      const html = await answer.text();
      expect(answer.status).toBe(path === '/missing' ? 404 : 200);
      expect(html).toContain('<script async src="http://edge.example:8787/t.js" data-write-key="&#34;&#62;&#60;script&#62;"></script>');
      expect(html).not.toMatch(/\{\{|<style|style=|<script(?! async src)/);
    },
  );

  it('says which method the CRM takes', async () => {
    const answer = await fetch(`${site.url}/crm/leads`);
    expect([answer.status, answer.headers.get('allow')]).toEqual([405, 'POST']);
  });
});
