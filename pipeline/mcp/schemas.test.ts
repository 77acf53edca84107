import { expect, test } from 'vitest';
import { ReportQuery } from '../query/schema.ts';
import { jsonSchemaOf } from './json-schema.ts';
import { ReportInput } from './report.ts';
import { TOOLS } from './tools/index.ts';

test('names, descriptions and schemas of all tools are what assistants have learned', async () => {
  const { meta: shared } = jsonSchemaOf(TOOLS[0]!.output, 'output')['properties'] as Record<string, object>;
  const told = TOOLS.map(({ name, title, description, input, output }) => {
    const schema = jsonSchemaOf(output, 'output') as { properties: Record<string, object> };
    const { meta, ...properties } = schema.properties;
    expect(meta).toEqual(shared);
    return { name, title, description, input: jsonSchemaOf(input, 'input'), output: { ...schema, properties } };
  });
  await expect(`${JSON.stringify({ meta: shared, tools: told }, null, 1)}\n`).toMatchFileSnapshot('./testing/tool-schemas.json');
});

test('the query of reports is the one of the command line and the dashboard', () => {
  for (const name of Object.keys(ReportQuery.shape)) expect(ReportInput.shape).toHaveProperty(name);
  const own = Object.keys(ReportInput.shape).filter((name) => !Object.hasOwn(ReportQuery.shape, name));
  expect(own.toSorted()).toEqual(['compare', 'cursor', 'period']);
});

/** Every schema within a JSON Schema, with its path. */
function* schemasIn(schema: unknown, path = '$'): Generator<[path: string, schema: Record<string, unknown>]> {
  if (typeof schema !== 'object' || schema === null) return;
  if (Array.isArray(schema)) {
    for (const [i, one] of schema.entries()) yield* schemasIn(one, `${path}[${i}]`);
    return;
  }
  yield [path, schema as Record<string, unknown>];
  for (const [name, member] of Object.entries(schema)) {
    if (!['default', 'enum', 'const', 'examples'].includes(name)) yield* schemasIn(member, `${path}.${name}`);
  }
}

test.each(TOOLS.map((tool) => [tool.name, tool] as const))(
  '%s: any client can read its schemas',
  (name, { input, output, description, title }) => {
    expect(name).toMatch(/^[a-z][a-z_]{2,40}$/);
    expect(title.length).toBeGreaterThan(3);
    expect(description).toMatch(/\nWhen: .+\nExample: \{/);
    for (const [io, given] of [
      ['input', input],
      ['output', output],
    ] as const) {
      const schema = jsonSchemaOf(given, io);
      // Assistants take no tool whose arguments are not one plain object, and some resolve no references.
      expect(schema).toMatchObject({ type: 'object', additionalProperties: false });
      for (const keyword of ['oneOf', 'anyOf', 'allOf']) expect(schema).not.toHaveProperty(keyword);
      for (const [path, one] of schemasIn(schema)) {
        expect(one, `${io} ${path}`).not.toHaveProperty('$ref');
        if (!path.endsWith('.properties')) expect(Array.isArray(one['type']), `${io} ${path} has several types`).toBe(false);
        const { required, properties } = one;
        if (Array.isArray(required) && properties !== undefined && !path.endsWith('.properties'))
          expect(Object.keys(properties as object), `${io} ${path}`).toEqual(expect.arrayContaining(required));
      }
    }
    expect(JSON.stringify(jsonSchemaOf(input, 'input')).length + description.length).toBeLessThan(8000);
  },
);

test('the example of every description is a query that its schema takes', () => {
  for (const { name, description, input } of TOOLS) {
    const example = /\nExample: (\{.*\})\n/.exec(`${description}\n`)?.[1];
    expect(example, name).toBeDefined();
    expect(input.safeParse(JSON.parse(example!)), name).toMatchObject({ success: true });
  }
});
