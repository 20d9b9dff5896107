/** A colour on white and its counterpart on a dark page. */
interface Shade {
  readonly light: string;
  readonly dark: string;
}

/**
 * All colours of pages, after Okabe and Ito (2008: seen by the colour-blind), dark enough on white, and bright enough
 * on dark pages, to write in.
 */
const SHADES = {
  ink: { light: '#30343b', dark: '#e3e6ea' },
  quiet: { light: '#5b626d', dark: '#a5acb6' },
  faint: { light: '#d9dce1', dark: '#3d434c' },
  page: { light: '#ffffff', dark: '#16191d' },
  raised: { light: '#f4f6f8', dark: '#20242a' },
  recorded: { light: '#b4b9c2', dark: '#6a727d' },
  dense: { light: '#0072b2', dark: '#4fb0ea' },
  cached: { light: '#bf4f00', dark: '#ff8d3f' },
  other: { light: '#007d5b', dark: '#33c79b' },
  purple: { light: '#9a4d8e', dark: '#d993cd' },
  gold: { light: '#8f6700', dark: '#e8bd45' },
  slate: { light: '#4a5a8a', dark: '#9fb2ea' },
  rose: { light: '#b8344f', dark: '#ff8fa3' },
  moss: { light: '#5f7a1f', dark: '#b0cf66' },
} as const satisfies Readonly<Record<string, Shade>>;

/** Name of a colour. */
export type Colour = keyof typeof SHADES;

/** The colours as charts are drawn: those on white. {@link DARK_CHARTS} turns them. */
export const COLOURS = Object.fromEntries(
  Object.entries(SHADES).map(([name, { light }]) => [name, light]),
) as Readonly<Record<Colour, string>>;

/** Style sheet: the variables `--ink`, `--page`, ... that pages take their colours from. */
export function colourVariables(kind: keyof Shade): string {
  return Object.entries(SHADES)
    .map(([name, shade]) => `--${name}: ${shade[kind]};`)
    .join(' ');
}

/** Style sheet for dark pages: the colours that charts have as attributes, exchanged. */
export const DARK_CHARTS = Object.values(SHADES)
  .flatMap(({ light, dark }) =>
    ['fill', 'stroke'].map((paint) => `svg [${paint}="${light}"] { ${paint}: ${dark}; }`),
  )
  .join('\n    ');

/** The same text with the page's variables in the place of colours, for styles of HTML: they follow light and dark. */
export function withVariables(style: string): string {
  return Object.entries(SHADES).reduce(
    (text, [name, { light }]) => text.replaceAll(light, `var(--${name})`),
    style,
  );
}
