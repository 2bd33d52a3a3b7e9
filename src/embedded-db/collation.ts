import type { Doc } from './bson-codec.ts';
import { numberOf, shown } from './bson-values.ts';
import { badValue, MongoError } from './mongo-error.ts';

/** A string order other than the binary one. `key` is equal for equal specifications. */
export interface Collation {
  readonly key: string;
  compare(a: string, b: string): number;
}

const FIELDS = new Set([
  'locale',
  'caseLevel',
  'caseFirst',
  'strength',
  'numericOrdering',
  'alternate',
  'maxVariable',
  'normalization',
  'backwards',
  'version',
]);

function flag(spec: Doc, name: string): boolean {
  const value = spec[name];
  if (value === undefined) return false;
  if (typeof value !== 'boolean') {
    throw new MongoError(14, `BSON field 'collation.${name}' is the wrong type, expected type 'bool'`);
  }
  return value;
}

function choice<T extends string>(spec: Doc, name: string, allowed: readonly T[]): T {
  const value = spec[name] ?? allowed[0];
  const found = allowed.find((one) => one === value);
  if (found === undefined)
    throw badValue(`Enumeration value '${shown(value)}' for field 'collation.${name}' is not valid`);
  return found;
}

function compareCodePointsOfNfd(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a.normalize('NFD')), Buffer.from(b.normalize('NFD')));
}

const compiled = new Map<string, Collation>();

/**
 * The order that a collation specification asks for; `undefined` for none and for `{locale: 'simple'}`, which is the
 * binary order. What Intl.Collator cannot do (strength 4, `backwards`, `maxVariable: 'space'`) is refused with 2 BadValue.
 */
export function compileCollation(spec: Doc | undefined): Collation | undefined {
  if (spec === undefined || Object.keys(spec).length === 0) return undefined;
  for (const field of Object.keys(spec)) {
    if (!FIELDS.has(field)) throw new MongoError(40415, `BSON field 'collation.${field}' is an unknown field.`);
  }
  const wanted = Object.hasOwn(spec, 'locale') ? spec.locale : undefined;
  if (wanted === undefined) {
    throw new MongoError(40414, "BSON field 'collation.locale' is missing but a required field");
  }
  if (typeof wanted !== 'string') {
    throw new MongoError(14, "BSON field 'collation.locale' is the wrong type, expected type 'string'");
  }
  if (wanted === 'simple') {
    if (Object.keys(spec).length > 1) throw badValue("Locale 'simple' cannot be specified with other arguments");
    return undefined;
  }
  const key = JSON.stringify(spec, (_, value: unknown) => numberOf(value) ?? value);
  const known = compiled.get(key);
  if (known) return known;
  const collation = { key, compare: comparison(spec, supportedLocale(wanted)) };
  if (compiled.size < 100) compiled.set(key, collation);
  return collation;
}

/** MongoDB writes `fr_CA` and `de@collation=phonebook`, Intl wants `fr-CA` and `de-u-co-phonebk`. */
function supportedLocale(wanted: string): string {
  const [base = '', ...keywords] = wanted.split('@');
  let tag = base.replaceAll('_', '-');
  for (const keyword of keywords) {
    const variant = /^collation=(\w+)$/.exec(keyword)?.[1];
    if (variant === undefined) throw badValue(`Field 'locale' is invalid in: { locale: "${wanted}" }`);
    tag += `-u-co-${variant === 'phonebook' ? 'phonebk' : variant === 'traditional' ? 'trad' : variant}`;
  }
  try {
    if (Intl.Collator.supportedLocalesOf(tag).length > 0) return tag;
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
  }
  throw badValue(`Field 'locale' is invalid in: { locale: "${wanted}" }`);
}

function comparison(spec: Doc, locale: string): (a: string, b: string) => number {
  const strength = spec.strength === undefined ? 3 : numberOf(spec.strength);
  if (strength === undefined || ![1, 2, 3, 4, 5].includes(strength)) {
    throw badValue(`Enumeration value '${shown(spec.strength)}' for field 'collation.strength' is not valid`);
  }
  const caseLevel = flag(spec, 'caseLevel');
  const caseFirst = choice(spec, 'caseFirst', ['off', 'upper', 'lower']);
  const shifted = choice(spec, 'alternate', ['non-ignorable', 'shifted']) === 'shifted';
  const maxVariable = choice(spec, 'maxVariable', ['punct', 'space']);
  const numeric = flag(spec, 'numericOrdering');
  flag(spec, 'normalization');
  if (flag(spec, 'backwards'))
    throw badValue("the embedded database does not support the collation option 'backwards'");
  if (strength === 4) throw badValue('the embedded database does not support a collation of strength 4');
  if (shifted && maxVariable === 'space') {
    throw badValue("the embedded database does not support maxVariable 'space' with alternate 'shifted'");
  }
  if (caseFirst !== 'off' && !caseLevel && strength < 3) {
    throw badValue("'caseFirst' is invalid unless 'caseLevel' is on or 'strength' is greater than 2");
  }
  const collator = (sensitivity: 'base' | 'accent' | 'case' | 'variant'): ((a: string, b: string) => number) =>
    new Intl.Collator(locale, {
      sensitivity,
      numeric,
      ignorePunctuation: shifted,
      caseFirst: caseFirst === 'off' ? 'false' : caseFirst,
    }).compare;
  // Each level only decides what the one before left equal; Intl puts the case level on top of the base letters alone.
  const levels: ((a: string, b: string) => number)[] = [];
  if (strength === 1) levels.push(collator(caseLevel ? 'case' : 'base'));
  else if (caseLevel) levels.push(collator('accent'), collator('case'));
  else if (strength === 2) levels.push(collator('accent'));
  if (strength >= 3) levels.push(collator('variant'));
  if (strength === 5) levels.push(compareCodePointsOfNfd);
  const [only] = levels;
  if (only && levels.length === 1) return only;
  return (a, b) => {
    for (const level of levels) {
      const order = level(a, b);
      if (order !== 0) return order;
    }
    return 0;
  };
}
