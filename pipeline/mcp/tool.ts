import type { CallToolResult, McpServer, StandardSchemaWithJSON } from '@modelcontextprotocol/server';
import type * as z from 'zod';
import { problemsOf } from '../config/problems.ts';
import { UserError } from '../config/user-error.ts';
import { invalidQuery } from '../query/schema.ts';
import type { McpContext } from './context.ts';
import { jsonSchemaOf } from './json-schema.ts';
import { masked, maskedAll } from './mask.ts';

/** What a tool says: for programs, and in short for whoever reads along. */
export interface Answer<Structured> {
  readonly structured: Structured;
  /** Markdown. */
  readonly text: string;
}

/** A question that can be asked. All of them only read. */
export interface Tool {
  readonly name: string;
  readonly title: string;
  /** What it answers, when to ask it, an example and its limits. */
  readonly description: string;
  readonly input: z.ZodObject;
  readonly output: z.ZodObject;
  readonly answer: (args: unknown, context: McpContext) => Promise<Answer<object>>;
}

interface ToolDefinition<Input extends z.ZodObject, Output extends z.ZodObject> {
  readonly name: string;
  readonly title: string;
  readonly description: string;
  readonly input: Input;
  readonly output: Output;
  /** @param args checked against the input. */
  readonly answer: (args: z.output<Input>, context: McpContext) => Promise<Answer<z.input<Output>>>;
}

/** A tool whose arguments are checked against its input, with the words of the command line. */
export function defineTool<Input extends z.ZodObject, Output extends z.ZodObject>(definition: ToolDefinition<Input, Output>): Tool {
  const { input, name, answer } = definition;
  return {
    ...definition,
    answer: (args, context) => {
      const parsed = input.safeParse(args);
      if (!parsed.success) throw invalidQuery(`call of ${name}`, problemsOf(parsed.error, input, args));
      return answer(parsed.data, context);
    },
  };
}

/** Nothing is changed, asking twice is asking once, and nothing beyond this installation is reached. */
const READ_ONLY = { readOnlyHint: true, idempotentHint: true, openWorldHint: false };

/** Offers a tool. E-mail and network addresses are masked in whatever it says, errors included. */
export function registerTool(server: McpServer, tool: Tool, context: McpContext): void {
  const { name, title, description, input, output } = tool;
  server.registerTool(
    name,
    {
      title,
      description,
      inputSchema: described(input, 'input'),
      outputSchema: described(output, 'output'),
      annotations: { title, ...READ_ONLY },
    },
    async (args) => await called(tool, args, context),
  );
}

async function called(tool: Tool, args: unknown, context: McpContext): Promise<CallToolResult> {
  try {
    const { structured, text } = await tool.answer(args, context);
    return { content: [{ type: 'text', text: masked(text) }], structuredContent: maskedAll(structured) as Record<string, unknown> };
  } catch (error) {
    return { content: [{ type: 'text', text: masked(messageOf(error, tool.name, context)) }], isError: true };
  }
}

/** What an error tells the asker: what is his fault in full, of all else that the log says more. */
export function messageOf(error: unknown, name: string, { log }: Pick<McpContext, 'log'>): string {
  if (error instanceof UserError) return error.message;
  log(`mcp: ${name}: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
  return 'This could not be answered; the log of the server says why.';
}

type Described = StandardSchemaWithJSON<unknown, unknown>;
const known = new WeakMap<z.ZodObject, Described>();

/**
 * A schema as the SDK takes it. Arguments go through unchecked: the tool itself checks them, and its errors name the nearest
 * known names. JSON Schema is made once: over HTTP each request has a server of its own.
 */
function described(schema: z.ZodObject, io: 'input' | 'output'): Described {
  const found = known.get(schema);
  if (found) return found;
  const json = jsonSchemaOf(schema, io);
  const made: Described = {
    '~standard': {
      version: 1,
      vendor: 'touchtrail',
      validate: (value) => (io === 'input' ? { value } : schema['~standard'].validate(value)),
      jsonSchema: { input: () => json, output: () => json },
    },
  };
  known.set(schema, made);
  return made;
}
