/** Words and shapes of `/mon-espace/donnees`. */
import { clock, french, longDate } from '../../platform/web/format.ts';
import { field, formPage, inSpace, type SpaceLink } from '../../platform/web/forms.ts';
import type { Plain } from '../model/holding.ts';
import type { Consent } from '../model.ts';

/** One of the three is set: a text, labelled values, or a list. */
export interface ShownValue {
  readonly text: string | null;
  readonly entries: readonly { readonly label: string; readonly value: ShownValue }[] | null;
  readonly items: readonly ShownValue[] | null;
}

interface Part {
  readonly name: string;
  readonly why: string;
  readonly until: string;
  readonly values: readonly Plain[];
}

const path = '/mon-espace/donnees';
const at = (date: Date) => french(`le ${longDate(date)} à ${clock(date)}`);

function textOf(value: string | number | boolean | null | Date): string {
  if (value === null || value === '') return 'non renseigné';
  if (value === true) return 'oui';
  if (value === false) return 'non';
  return value instanceof Date ? at(value) : String(value);
}

const isList = (value: Plain): value is readonly Plain[] => Array.isArray(value);

export function shownValue(value: Plain): ShownValue {
  if (value === null || typeof value !== 'object' || value instanceof Date) {
    return { text: textOf(value), entries: null, items: null };
  }
  if (isList(value)) {
    if (value.length === 0) return { text: 'aucun', entries: null, items: null };
    return { text: null, entries: null, items: value.map(shownValue) };
  }
  const entries = Object.entries(value).flatMap(([label, inner]) =>
    inner === undefined ? [] : [{ label, value: shownValue(inner) }],
  );
  return { text: null, entries, items: null };
}

export function personalDataModel(
  parts: readonly Part[],
  consents: readonly Consent[],
  options: { readonly termsPurpose: string; readonly space: readonly SpaceLink[] },
) {
  const { termsPurpose, space } = options;
  return {
    ...formPage('Mes données', {}, inSpace(space, path)),
    consents: [...consents]
      .sort((a, b) => b.at.getTime() - a.at.getTime())
      .map(({ purpose, words, at: given, withdrawnAt }) => ({
        purpose,
        words,
        given: at(given),
        givenAt: given.toISOString(),
        withdrawn: withdrawnAt === null ? null : at(withdrawnAt),
        withdrawable: withdrawnAt === null && purpose !== termsPurpose,
        needed: withdrawnAt === null && purpose === termsPurpose,
      })),
    parts: parts.map(({ name, why, until, values }, index) => ({
      id: `donnee-${index + 1}`,
      name,
      why: french(why),
      until: french(until),
      values: values.map(shownValue),
      // A long list is folded: the page stays readable, and everything is there.
      folded: values.length > 5 ? `Voir les ${values.length}` : null,
    })),
  };
}

export function erasureModel(
  effect: {
    readonly organisations: readonly { readonly name: string; readonly becomes: 'erased' | 'handed-over' | 'kept' }[];
    readonly proof: 'password' | 'this-sign-in' | 'new-sign-in';
    readonly address: string | null;
  },
  options: { readonly error: string | null; readonly space: readonly SpaceLink[] },
) {
  const errors = options.error === null ? {} : { password: options.error };
  const becomes = {
    erased: 'vous en êtes la dernière personne : il est effacé avec ses invitations.',
    'handed-over': 'vous en êtes le dernier propriétaire : le plus ancien des autres membres le devient.',
    kept: "vous n'en faites plus partie ; il continue avec les autres membres.",
  } as const;
  return {
    ...formPage('Effacer mon compte', errors, inSpace(options.space, path)),
    organisations: effect.organisations.map(({ name, becomes: kind }) => ({ name, becomes: french(becomes[kind]) })),
    address: effect.address,
    fields:
      effect.proof === 'password'
        ? [
            field('password', 'Votre mot de passe', errors, {
              type: 'password',
              hint: "Pour être sûrs que c'est vous.",
              autocomplete: 'current-password',
            }),
          ]
        : [],
    signInAgain: effect.proof === 'new-sign-in',
  };
}

export const erasedModel = formPage('Votre compte est effacé');
