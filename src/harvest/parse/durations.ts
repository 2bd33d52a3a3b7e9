/** ISO 8601 durations: `P7W`, `PT90M`, `P1Y`, `PT4H30M`, `P1.5W`. */

const isoDuration =
  /^P(?!$)(?:(\d+(?:[.,]\d+)?)Y)?(?:(\d+(?:[.,]\d+)?)M)?(?:(\d+(?:[.,]\d+)?)W)?(?:(\d+(?:[.,]\d+)?)D)?(?:T(?=\d)(?:(\d+(?:[.,]\d+)?)H)?(?:(\d+(?:[.,]\d+)?)M)?(?:(\d+(?:[.,]\d+)?)S)?)?$/i;

const weeksPerYear = 52;

/** The calendar part (years to days) in weeks, the clock part (hours to seconds) in minutes; each 0 when absent. */
function read(value: unknown): { weeks: number; minutes: number } | null {
  if (typeof value !== 'string') return null;
  // A negative duration (`-P2W`, computed by a partner from swapped dates) means nothing: the sign is not in the pattern.
  const match = isoDuration.exec(value.trim());
  if (match === null) return null;
  const [years, months, weeks, days, hours, minutes, seconds] = match
    .slice(1)
    .map((part) => (part === undefined ? 0 : Number(part.replace(',', '.'))));
  return {
    weeks: (years ?? 0) * weeksPerYear + ((months ?? 0) * weeksPerYear) / 12 + (weeks ?? 0) + (days ?? 0) / 7,
    minutes: (hours ?? 0) * 60 + (minutes ?? 0) + (seconds ?? 0) / 60,
  };
}

/** Weeks, to one decimal, of a duration in years, months, weeks or days; null when it holds hours, is zero or negative. */
export function isoDurationWeeks(value: unknown): number | null {
  const duration = read(value);
  if (duration === null || duration.weeks === 0 || duration.minutes !== 0) return null;
  return Math.max(0.1, Math.round(duration.weeks * 10) / 10);
}

/** Whole minutes of a duration in hours, minutes or seconds; null when it holds days or more, is zero or negative. */
export function isoDurationMinutes(value: unknown): number | null {
  const duration = read(value);
  if (duration === null || duration.minutes === 0 || duration.weeks !== 0) return null;
  return Math.max(1, Math.round(duration.minutes));
}
