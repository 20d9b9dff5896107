/** Text that is HTML already. */
export class Html {
  constructor(readonly text: string) {}
}

/**
 * Template tag for HTML: text that is put in is escaped, {@link Html} and lists of it are not.
 */
export function html(
  strings: TemplateStringsArray,
  ...values: readonly (string | number | Html | readonly Html[])[]
): Html {
  return new Html(
    strings.map((string, i) => string + (i < values.length ? inserted(values[i]!) : '')).join(''),
  );
}

function inserted(value: string | number | Html | readonly Html[]): string {
  if (value instanceof Html) return value.text;
  if (typeof value === 'object') return value.map(({ text }) => text).join('\n');
  return String(value)
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');
}
