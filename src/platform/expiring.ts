/** Documents that carry the date from which they are too old, for the job that enforces durations. */
import type { Connection } from 'mongoose';

export interface ExpiringDocuments {
  readonly what: string;
  count(before: Date): Promise<number>;
  /** @returns how many were erased */
  erase(before: Date): Promise<number>;
}

/** @param place `field` holds a date; a document without one stays */
export function expiringDocuments(
  connection: Connection,
  what: string,
  place: { readonly collection: string; readonly field: string },
): ExpiringDocuments {
  const documents = connection.collection(place.collection);
  const past = (before: Date) => ({ [place.field]: { $lt: before } });
  return {
    what,
    count: (before) => documents.countDocuments(past(before)),
    erase: async (before) => (await documents.deleteMany(past(before))).deletedCount,
  };
}
