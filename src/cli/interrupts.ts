/** Whether Ctrl-C was pressed: heard instead of ending the program, once. */
export interface Interrupts {
  isInterrupted(): boolean;
  /** From now on Ctrl-C does again what it did before. */
  end(): void;
}

/** What a shell reports for a program that was ended by SIGINT. */
const EXIT_INTERRUPTED = 130;

/**
 * Hears the first Ctrl-C, which then does not end the program; the second one does.
 * @param messages to standard error: after the first, and, if it ends, what is kept
 */
export function listenForInterrupt(messages: {
  readonly first: string;
  readonly ended: () => string;
}): Interrupts {
  let interrupted = false;
  const others = process.listeners('SIGINT');
  process.removeAllListeners('SIGINT');
  const hear = (): void => {
    if (interrupted) {
      process.stderr.write(`\ninterrupted: ${messages.ended()}\n`);
      process.exit(EXIT_INTERRUPTED);
    }
    interrupted = true;
    process.stderr.write(`\ninterrupted: ${messages.first}\n`);
  };
  process.on('SIGINT', hear);
  return {
    isInterrupted: () => interrupted,
    end: () => {
      process.removeListener('SIGINT', hear);
      for (const other of others) process.once('SIGINT', other as NodeJS.SignalsListener);
    },
  };
}
