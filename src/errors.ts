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
    super(oneLine(`${where}: ${what}; ${todo}`));
    this.name = 'BadInput';
  }
}

/** The text of anything that was thrown, on one line. */
export function messageOf(error: unknown): string {
  return oneLine(error instanceof Error ? error.message : String(error));
}

/** Longer messages repeat a hostile file; a terminal is no place for it. */
const MAX_MESSAGE_LENGTH = 2000;

/** Names in foreign files may hold line breaks and what steers a terminal: both become a space. */
function oneLine(text: string): string {
  const short =
    text.length > MAX_MESSAGE_LENGTH ? `${text.slice(0, MAX_MESSAGE_LENGTH)} ...` : text;
  return short.replaceAll(/[\s\p{Cc}\u2028\u2029]*[\p{Cc}\u2028\u2029][\s\p{Cc}]*/gu, ' ');
}
