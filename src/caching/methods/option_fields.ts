import { z } from 'zod';

/** S of the plan that a method builds upon. */
export const updatesOfBase = z.coerce
  .number()
  .int()
  .positive()
  .optional()
  .describe('S, evenly spread updates per block (default 10); not with a plan to build upon');

/** S of a method that makes its own schedules. */
export const updatesPerBlock = z.coerce
  .number()
  .int()
  .positive()
  .default(10)
  .describe('S, updates per block');

/** Whether the last step updates every block too. */
export function finalUpdate(byDefault: boolean): z.ZodDefault<z.ZodType<boolean>> {
  return z
    .union([z.boolean(), z.stringbool()])
    .default(byDefault)
    .describe('update every block at the last step too');
}
