/**
 * Node's own `import()`. In a module that a test runner or bundler has rewritten, `import()` is theirs and does not see
 * module hooks; a CommonJS file that is required stays as it is.
 */
module.exports = (url: string): Promise<Record<string, unknown>> => import(url) as Promise<Record<string, unknown>>;
