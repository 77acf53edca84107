/** A KV namespace in memory; lists are cut into pages of two, in the order of the names. */
export class FakeKeyStore {
  readonly entries = new Map<string, string>();

  async get(name: string): Promise<string | null>;
  async get<Value>(name: string, type: 'json'): Promise<Value | null>;
  async get(name: string, type?: 'json'): Promise<unknown> {
    const text = this.entries.get(name);
    if (text === undefined) return null;
    return type === 'json' ? JSON.parse(text) : text;
  }

  async put(name: string, value: string): Promise<void> {
    this.entries.set(name, value);
  }

  async list({ prefix = '', cursor = '' }: { prefix?: string; cursor?: string }): Promise<{
    keys: { name: string }[];
    list_complete: boolean;
    cursor?: string;
  }> {
    const names = [...this.entries.keys()].filter((name) => name.startsWith(prefix) && name > cursor).toSorted();
    const keys = names.slice(0, 2).map((name) => ({ name }));
    return names.length <= 2 ? { keys, list_complete: true } : { keys, list_complete: false, cursor: keys[1]!.name };
  }
}
