/** A name of the config or of a schema as words: `last_significant_click` → "Last significant click". */
export function words(name: string): string {
  const text = name.replaceAll('_', ' ');
  return text.slice(0, 1).toUpperCase() + text.slice(1);
}
