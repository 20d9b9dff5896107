import { temporaryDirectory } from './temporary_directory.js';

/**
 * Compiled graphs of the tests, also of the programs they start, go into a directory of this process and not
 * into the developer's cache. Imported for its effect.
 */
process.env['BAC_POLICY_CACHE'] = temporaryDirectory();
