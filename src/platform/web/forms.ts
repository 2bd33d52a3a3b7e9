/** Forms: fields with their sentence, and the summary on top of a page. */
import { french } from './format.ts';

/** A sentence per field, by the field's name. */
export type FieldErrors = Readonly<Record<string, string>>;

export interface Field {
  readonly id: string;
  readonly label: string;
  readonly hint: string | null;
  /** `file` is printed by partials/champ-fichier, a text of several lines by partials/champ-texte. */
  readonly type: 'text' | 'email' | 'password' | 'file';
  /** What was typed; never a password nor a code. */
  readonly value: string;
  /** Purpose of the field for browsers and assistive tools (WCAG 1.3.5). */
  readonly autocomplete: string;
  readonly error: string | null;
  /** Ids of the hint and of the error, or null. */
  readonly describedBy: string | null;
}

interface FieldOptions {
  readonly type?: Field['type'];
  readonly hint?: string;
  readonly value?: string | null;
  readonly autocomplete?: string;
}

export function field(id: string, label: string, errors: FieldErrors, options: FieldOptions = {}): Field {
  const { type = 'text', hint = null, value, autocomplete = 'off' } = options;
  const error = errors[id] ?? null;
  const described = [hint === null ? null : `${id}-aide`, error === null ? null : `${id}-erreur`].filter(Boolean);
  return {
    id,
    label: french(label),
    hint: hint === null ? null : french(hint),
    type,
    value: type === 'password' || type === 'file' ? '' : (value ?? ''),
    autocomplete,
    error: error === null ? null : french(error),
    describedBy: described.length === 0 ? null : described.join(' '),
  };
}

/** For the summary: each error leads to its field. */
export function errorSummary(errors: FieldErrors) {
  const found = Object.entries(errors);
  return found.length === 0 ? null : found.map(([id, text]) => ({ href: `#${id}`, text: french(text) }));
}

export interface SpaceLink {
  readonly label: string;
  readonly href: string;
}

/** A page of forms; `space` is the bar of the own space, or null outside it. */
export function formPage(title: string, errors: FieldErrors = {}, space: readonly SpaceLink[] | null = null) {
  return {
    // A reader of screens hears the title first.
    title: Object.keys(errors).length === 0 ? title : `Erreur : ${title}`,
    heading: french(title),
    description: null,
    noindex: true,
    section: null,
    errors: errorSummary(errors),
    space,
  };
}

export function inSpace(links: readonly SpaceLink[], here: string) {
  return links.map((link) => ({ ...link, current: link.href === here }));
}
