/** Settings of a source that are encrypted at rest and never shown again. */
import { z } from 'zod';

const secretFields = z.registry<{ secret: true }>();

/** Marks a setting that is encrypted at rest and never shown again. */
export function secret(): z.ZodString {
  return z.string().min(1).register(secretFields, { secret: true });
}

export function isSecret(schema: z.ZodType): boolean {
  return secretFields.get(schema) !== undefined;
}
