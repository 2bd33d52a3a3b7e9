/** How much of what a course may tell is told. */

/** Of the courses on display of a source: how many there are, and how many tell each thing. */
export interface FilledFields {
  readonly courses: number;
  /** A price, or that the course is free or not. */
  readonly price: number;
  readonly certificate: number;
  readonly dates: number;
  readonly effort: number;
  readonly level: number;
  readonly languages: number;
  readonly description: number;
  readonly competences: number;
}
