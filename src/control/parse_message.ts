import type { z } from 'zod';
import { BadInput } from '../errors.js';

/**
 * Checks the content of a message: bags can hold anything under the name of a type.
 * @param type the message type, for the error
 * @throws BadInput naming the field that is not what the type has
 */
export function parseMessage<S extends z.ZodType>(
  schema: S,
  message: unknown,
  type: string,
  where: string,
): z.infer<S> {
  const result = schema.safeParse(message);
  if (result.success) return result.data;
  const field = result.error.issues[0]!.path.join('.') || 'message';
  throw new BadInput(`${field} is not what ${type} has`, where, 'check the type of the topic');
}
