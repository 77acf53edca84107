/** What reading a batch and writing it again takes: `JSON.parse` and `JSON.stringify` of each text, so many times. */
export function parseAndStringify(texts: readonly string[], times: number): number {
  let length = 0;
  for (let i = 0; i < times; i++) for (const text of texts) length += JSON.stringify(JSON.parse(text)).length;
  return length;
}
