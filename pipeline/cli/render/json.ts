/** Writes a result as JSON for programs. C1 controls are escaped too, which `JSON.stringify` leaves as they are. */
export function toJson(value: unknown): string {
  const text = JSON.stringify(value, null, 2);
  return text.replace(/[\u007F-\u009F]/g, (control) => '\\u' + control.charCodeAt(0).toString(16).padStart(4, '0')) + '\n';
}
