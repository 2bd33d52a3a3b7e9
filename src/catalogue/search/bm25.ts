/** BM25F: how much a term says about a course, over three fields of different weight. */

/** Title; provider, level, access and competence labels; description. */
export type PerField = readonly [title: number, labels: number, description: number];

const fieldWeights: PerField = [6, 3, 1];
const k1 = 1.2;
const b = 0.6;

/** Rarity of a term that `withTerm` of `all` courses have; above zero. */
export function idf(all: number, withTerm: number): number {
  return Math.log(1 + (all - withTerm + 0.5) / (withTerm + 0.5));
}

/**
 * Saturated, length-normalised, field-weighted frequency, between 0 and 1.
 * @param counts occurrences of the term in each field
 * @param lengths words of each field of this course
 * @param averages the same over all courses
 */
export function impact(counts: PerField, lengths: PerField, averages: PerField): number {
  let frequency = 0;
  for (let field = 0; field < 3; field += 1) {
    const occurrences = counts[field] ?? 0;
    if (occurrences === 0) continue;
    const relativeLength = (lengths[field] ?? 0) / Math.max(averages[field] ?? 0, 1);
    frequency += ((fieldWeights[field] ?? 0) * occurrences) / (1 - b + b * relativeLength);
  }
  return frequency / (k1 + frequency);
}
