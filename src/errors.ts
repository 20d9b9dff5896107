/**
 * The input (a file, an option, a message) cannot be used. The command line prints it as one line and
 * exits with code 2; the node reports it and lives on.
 */
export class BadInput extends Error {
  /**
   * @param what what is wrong, in plain words
   * @param where the file, field, topic or option it was found in
   * @param todo what the reader can do about it
   */
  constructor(
    readonly what: string,
    readonly where: string,
    readonly todo: string,
  ) {
    super(`${where}: ${what}; ${todo}`.replaceAll(/\s*\n\s*/g, ' '));
    this.name = 'BadInput';
  }
}

/** The text of anything that was thrown, on one line. */
export function messageOf(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).replaceAll(/\s*\n\s*/g, ' ');
}
