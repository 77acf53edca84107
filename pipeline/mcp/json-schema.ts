import * as z from 'zod';

/**
 * JSON Schema of what a tool takes or gives, in few words: every assistant reads it before it asks anything. A condition of a filter
 * is told as one form with all its operators, where zod would write out one for each: which value goes with which operator, the check
 * of the arguments says. Of whole numbers the bounds of what a number can hold are left out.
 */
export function jsonSchemaOf(schema: z.ZodObject, io: 'input' | 'output'): Record<string, unknown> {
  const made = z.toJSONSchema(schema, {
    io,
    target: 'draft-2020-12',
    override: ({ zodSchema, jsonSchema }) => {
      if (jsonSchema.minimum === Number.MIN_SAFE_INTEGER) delete jsonSchema.minimum;
      if (jsonSchema.maximum === Number.MAX_SAFE_INTEGER) delete jsonSchema.maximum;
      if (zodSchema instanceof z.ZodDiscriminatedUnion && zodSchema.def.discriminator === 'operator') {
        delete jsonSchema.oneOf;
        Object.assign(jsonSchema, conditionOf(zodSchema));
      }
    },
  });
  return withSingleTypes(made) as Record<string, unknown>;
}

/** Members of a schema whose values are no schemas. */
const PLAIN = ['default', 'enum', 'const', 'required'];

/** Where a value may have several types, each is a form of its own: some clients take only one. */
function withSingleTypes(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(withSingleTypes);
  if (typeof schema !== 'object' || schema === null) return schema;
  const members = Object.entries(schema).map(([name, member]) => {
    if (name === 'type' && Array.isArray(member)) return ['anyOf', member.map((type) => ({ type }))];
    return [name, PLAIN.includes(name) ? member : withSingleTypes(member)];
  });
  return Object.fromEntries(members);
}

/** Its forms as one: every operator, and a value of any kind that one of them takes. */
function conditionOf(condition: z.ZodDiscriminatedUnion): object {
  const forms = condition.options.map((form) => z.toJSONSchema(form, { io: 'input' }));
  const operators = forms.flatMap(({ properties }) => {
    const { enum: several, const: one } = properties!['operator'] as z.core.JSONSchema.BaseSchema;
    return several ?? [one];
  });
  return {
    type: 'object',
    properties: {
      field: forms[0]!.properties!['field'],
      operator: { type: 'string', enum: operators },
      value: {
        description: 'A text; of in a list of texts; of gt, gte, lt and lte a number; of is_set and not_set nothing.',
        anyOf: [{ type: 'string' }, { type: 'number' }, { type: 'array', items: { type: 'string' } }],
      },
    },
    required: ['field', 'operator'],
    additionalProperties: false,
  };
}
