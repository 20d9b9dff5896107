import { SingleBar } from 'cli-progress';
import Table from 'cli-table3';

/** Work that takes a while says how far it is; on anything but a terminal it stays silent. */
export interface Progress {
  advance(by?: number): void;
  stop(): void;
}

/** A progress bar on standard error. @param total units of work */
export function progressBar(label: string, total: number): Progress {
  if (!process.stderr.isTTY) return { advance: () => undefined, stop: () => undefined };
  const bar = new SingleBar({
    format: `${label} {bar} {value}/{total} · {eta_formatted} left`,
    stream: process.stderr,
    hideCursor: true,
    barsize: 30,
  });
  bar.start(total, 0);
  return { advance: (by = 1) => bar.increment(by), stop: () => bar.stop() };
}

/** Rows as a plain table without frames, first row the headings; numbers are right-aligned. */
export function table(headings: readonly string[], rows: readonly (readonly string[])[]): string {
  const numeric = headings.map(
    (_, column) =>
      rows.length > 0 &&
      rows.every((row) => /^[-+±]?[\d.,]+\D{0,4}$|^$|^-$/.test(row[column] ?? '')),
  );
  const border = Object.fromEntries(
    [
      'top',
      'top-mid',
      'top-left',
      'top-right',
      'bottom',
      'bottom-mid',
      'bottom-left',
      'bottom-right',
      'left',
      'left-mid',
      'mid',
      'mid-mid',
      'right',
      'right-mid',
    ].map((part) => [part, '']),
  );
  const grid = new Table({
    head: [...headings],
    colAligns: numeric.map((isNumber) => (isNumber ? 'right' : 'left')),
    chars: { ...border, middle: '  ' },
    style: { head: [], border: [], 'padding-left': 0, 'padding-right': 0 },
  });
  grid.push(...rows.map((row) => [...row]));
  return grid.toString().replaceAll(/ +$/gm, '');
}
