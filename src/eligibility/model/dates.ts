/** Days written YYYY-MM-DD: they compare as text, and no clock or time zone is involved. */

/** YYYY-MM-DD. */
export type IsoDate = string;

const utc = (date: IsoDate): number => Date.parse(`${date}T00:00:00Z`);
const written = (time: number): IsoDate => new Date(time).toISOString().slice(0, 10);

/** Negative when `to` is before `from`. */
export function daysBetween(from: IsoDate, to: IsoDate): number {
  return (utc(to) - utc(from)) / 86_400_000;
}

export function daysLater(date: IsoDate, days: number): IsoDate {
  return written(utc(date) + days * 86_400_000);
}

export function dayAfter(date: IsoDate): IsoDate {
  return daysLater(date, 1);
}

export function dayBefore(date: IsoDate): IsoDate {
  return written(utc(date) - 86_400_000);
}

/** The same day that many years later; 1 March for a 29 February that does not exist. */
export function yearsLater(date: IsoDate, years: number): IsoDate {
  const [year = 0, month = 1, day = 1] = date.split('-').map(Number);
  return written(Date.UTC(year + years, month - 1, day));
}

/** `16/02/2025`, as the reasons write a day. */
export function frenchDate(date: IsoDate): string {
  const [year, month, day] = date.split('-');
  return `${day}/${month}/${year}`;
}

/** Whether the text is a day YYYY-MM-DD that exists. */
export function isDay(text: string): boolean {
  if (!/^\d{4}-\d{2}-\d{2}$/.test(text)) return false;
  const time = utc(text);
  return !Number.isNaN(time) && written(time) === text;
}
