/** Words of the pages where a source is declared and changed: one page per step. */
import { type Setting, typedOf } from '../../harvest/model/settings.ts';
import { french } from '../../platform/web/format.ts';
import { type FieldErrors, field } from '../../platform/web/forms.ts';
import { isDraft, type Source } from '../model.ts';
import { sourcePath } from './own.ts';
import { homePath, providerPage, registrationPath, wayInPath } from './space.ts';
import { acceptedFiles, choiceGroup, fileWords, mailWords, publishingWords, rhythmWords } from './words.ts';

const steps: readonly string[] = [
  'Votre organisme',
  'Votre catalogue',
  'Réglages',
  'Aperçu',
  'Vos choix',
  'Envoi',
] as const;
export type Step = 1 | 2 | 3 | 4 | 5 | 6;

/** The place in the steps; null once the source is sent: the same page then only changes it. */
export function stepper(step: Step) {
  const next = steps[step];
  return {
    state: french(`Étape ${step} sur ${steps.length}`),
    current: String(step),
    total: String(steps.length),
    bars: steps.map((_title, at) => ({ done: at < step })),
    next: next === undefined ? null : next,
  };
}

export function identityModel(
  organisations: readonly { readonly id: string; readonly name: string }[],
  typed: { readonly organisation: string; readonly name: string; readonly siret: string },
  errors: FieldErrors,
) {
  const title = 'Votre organisme';
  const existing = organisations.map(({ id, name }) => ({ value: id, label: name }));
  const others = [...existing, { value: 'autre', label: 'Un autre organisme, que j’inscris maintenant' }];
  return {
    ...providerPage(title, homePath, null, errors),
    stepper: stepper(1),
    action: registrationPath,
    choice:
      existing.length === 0
        ? null
        : choiceGroup(
            'organisation',
            'Pour quel organisme déclarez-vous ce catalogue ?',
            others,
            typed.organisation,
            errors,
          ),
    fields: [
      field('name', "Nom de l'organisme", errors, { value: typed.name, autocomplete: 'organization' }),
      field('siret', 'Numéro SIRET', errors, {
        value: typed.siret,
        hint: "14 chiffres. Laissez vide si l'organisme n'en a pas, par exemple hors de France.",
      }),
    ],
    taken: errors.siret?.includes('déjà inscrit') === true,
  };
}

export interface WayInTyped {
  readonly title: string;
  readonly homepage: string;
  readonly way: string;
  readonly url: string;
  readonly connector: string;
}

export const noWayIn: WayInTyped = { title: '', homepage: '', way: '', url: '', connector: '' };

export function wayInModel(
  organisation: { readonly id: string; readonly name: string },
  formats: readonly { readonly id: string; readonly title: string }[],
  typed: WayInTyped,
  errors: FieldErrors,
) {
  return {
    ...providerPage('Votre catalogue', homePath, organisation.name, errors),
    stepper: stepper(2),
    action: wayInPath,
    organisationId: organisation.id,
    fields: [
      field('title', 'Nom du catalogue', errors, {
        value: typed.title,
        hint: 'Il est montré au public comme la source de vos cours. Exemple : Catalogue de Passerelle Web.',
      }),
      field('homepage', 'Adresse de votre site', errors, {
        value: typed.homepage,
        hint: 'Exemple : https://www.exemple.fr/',
        autocomplete: 'url',
      }),
    ],
    way: choiceGroup(
      'way',
      'Comment nous donnez-vous ce catalogue ?',
      [
        {
          value: 'address',
          label: "Par l'adresse d'un flux",
          hint: 'Nous relisons cette adresse au rythme que vous choisirez.',
        },
        {
          value: 'file',
          label: 'Par un fichier',
          hint: 'Vous le remplacez quand votre offre change. XML, JSON ou CSV, 50 Mo au plus.',
        },
      ],
      typed.way,
      errors,
    ),
    url: field('url', 'Adresse du flux', errors, {
      value: typed.url,
      hint: 'Si vous avez choisi une adresse. Exemple : https://www.exemple.fr/catalogue.xml',
    }),
    file: {
      ...field('file', 'Fichier du catalogue', errors, { hint: 'Si vous avez choisi un fichier.' }),
      accept: acceptedFiles,
    },
    format: {
      error: errors.connector === undefined ? null : french(errors.connector),
      options: [
        { value: '', label: 'Le reconnaître tout seul', selected: typed.connector === '' },
        ...formats.map(({ id, title }) => ({ value: id, label: title, selected: typed.connector === id })),
      ],
    },
  };
}

interface Draft {
  readonly source: Source;
  readonly format: { readonly title: string } | undefined;
  readonly settings: readonly Setting[];
}

function settingField(
  setting: Setting,
  source: Source,
  typed: Readonly<Record<string, string | readonly string[]>> | null,
  errors: FieldErrors,
) {
  const { name, label, kind, required, options, example } = setting;
  const given = typed?.[name];
  const texts = given === undefined ? null : typeof given === 'string' ? [given] : [...given];
  const kept = source.config[name];
  const values = texts ?? (Array.isArray(kept) ? kept.map(String) : [typedOf(kept)]);
  const value = kind === 'secret' ? '' : (values[0] ?? '');
  const isKept = kind === 'secret' && Object.hasOwn(source.sealed, name);
  const hint = [
    isKept ? 'Enregistré, et jamais montré. Laissez vide pour le garder.' : null,
    required || isKept ? null : 'Facultatif.',
    example === '' || kind === 'choice' || kind === 'choices' || kind === 'yes-no'
      ? null
      : `Exemple accepté : ${example}`,
  ].filter((one) => one !== null);
  const base = field(name, label, errors, { value, ...(hint.length === 0 ? {} : { hint: hint.join(' ') }) });
  return {
    ...base,
    type: kind === 'secret' ? 'password' : 'text',
    isText: kind === 'text' || kind === 'number' || kind === 'secret',
    isJson: kind === 'json',
    isChoice: kind === 'choice',
    isChoices: kind === 'choices' || kind === 'yes-no',
    choices: (kind === 'yes-no' ? ['oui'] : options).map((option, at) => ({
      id: at === 0 ? name : `${name}-${option}`,
      name,
      value: option,
      selected: values.includes(option) || (kind === 'yes-no' && value === 'true'),
    })),
    none: { label: required ? 'Choisissez' : 'Sans', selected: value === '' },
  };
}

export function settingsModel(
  { source, format, settings }: Draft,
  typed: Readonly<Record<string, string | readonly string[]>> | null,
  errors: FieldErrors,
) {
  const path = sourcePath(source.id);
  const draft = isDraft(source);
  return {
    ...providerPage('Réglages', homePath, null, errors),
    stepper: draft ? stepper(3) : null,
    crumb: { label: source.title, href: path },
    format: format?.title ?? null,
    action: `${path}/reglages`,
    settings: settings.map((setting) => settingField(setting, source, typed, errors)),
    button: draft ? "Enregistrer et voir l'aperçu" : 'Enregistrer',
    file:
      source.file === null
        ? null
        : {
            words: fileWords(source.file),
            action: `${path}/fichier`,
            accept: acceptedFiles,
            ...field('file', 'Remplacer par un autre fichier', errors, { hint: 'XML, JSON ou CSV, 50 Mo au plus.' }),
          },
  };
}

export function choicesModel(
  source: Source,
  typed: { readonly rhythm: string; readonly publishing: string; readonly mails: string } | null,
  errors: FieldErrors,
) {
  const path = sourcePath(source.id);
  const draft = isDraft(source);
  const chosen = typed ?? source;
  const optionsOf = (words: Readonly<Record<string, string>>, hints: Readonly<Record<string, string>> = {}) =>
    Object.entries(words).map(([value, label]) => {
      const hint = hints[value];
      return hint === undefined ? { value, label } : { value, label, hint };
    });
  return {
    ...providerPage('Vos choix', homePath, null, errors),
    stepper: draft ? stepper(5) : null,
    crumb: { label: source.title, href: path },
    action: `${path}/choix`,
    groups: [
      choiceGroup(
        'rhythm',
        'À quel rythme relire votre catalogue ?',
        optionsOf(rhythmWords, { manual: 'Seulement quand vous le demandez.' }),
        chosen.rhythm,
        errors,
      ),
      choiceGroup(
        'publishing',
        'Que faire des nouveaux cours ?',
        optionsOf(publishingWords, {
          live: 'Ils apparaissent sur le site à la fin de la collecte.',
          review: 'Ils attendent qu’on les relise.',
        }),
        chosen.publishing,
        errors,
      ),
      choiceGroup(
        'mails',
        'Quand vous écrire après une collecte ?',
        optionsOf(mailWords, { 'on-error': "Puis un rappel par semaine tant que l'erreur dure." }),
        chosen.mails,
        errors,
      ),
    ],
    button: draft ? 'Continuer' : 'Enregistrer',
  };
}

export function sendingModel(source: Source, format: { readonly title: string } | undefined) {
  const path = sourcePath(source.id);
  const ready = source.state === 'previewed';
  return {
    ...providerPage('Envoyer votre source', homePath, null),
    stepper: stepper(6),
    crumb: { label: source.title, href: path },
    ready,
    previewHref: `${path}/apercu`,
    choicesHref: `${path}/choix`,
    summary: [
      { label: 'Catalogue', value: source.title },
      { label: 'Format', value: format?.title ?? 'inconnu' },
      { label: 'Accès', value: source.file === null ? String(source.config.url ?? '') : fileWords(source.file) },
      { label: 'Rythme', value: rhythmWords[source.rhythm] },
      { label: 'Publication', value: publishingWords[source.publishing] },
      { label: 'Courriels', value: mailWords[source.mails] },
    ],
    action: `${path}/envoi`,
  };
}
