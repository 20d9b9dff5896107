/* global module, require */
// Mocha loads a reporter by require().
// eslint-disable-next-line @typescript-eslint/no-require-imports
const { reporters, Runner } = require('mocha');

/** Mocha's own listing, then what was skipped, by file, and one plain line with the totals. */
module.exports = class TotalsReporter extends reporters.Spec {
  constructor(runner, options) {
    super(runner, options);
    const skipped = [];
    runner.on(Runner.constants.EVENT_TEST_PENDING, (test) => skipped.push(test));
    runner.once(Runner.constants.EVENT_RUN_END, () => {
      const { passes, failures, pending } = runner.stats;
      const lines = skipped.map((test) => `skipped: ${test.file}: ${test.fullTitle()}`);
      lines.push(`${passes} passed, ${failures} failed, ${pending} skipped`);
      reporters.Base.consoleLog(lines.join('\n'));
    });
  }
};
