/**
 * The settings of a format as a form, drawn from the schema of its connector (P5): which fields, of which kind, and what a
 * wrong value is told, under its own field, with a value that would be accepted. A type that has no field of its own is
 * typed as JSON.
 */
import { z } from 'zod';
import { isSecret } from './secret.ts';

export type SettingKind = 'text' | 'number' | 'choice' | 'choices' | 'yes-no' | 'secret' | 'json';

/** What is needed of a connector. */
export interface Configurable {
  readonly id: string;
  readonly configSchema: z.ZodType<unknown>;
  readonly exampleConfig: unknown;
}

export interface Setting {
  readonly name: string;
  /** French, from the schema. */
  readonly label: string;
  readonly kind: SettingKind;
  readonly required: boolean;
  /** Accepted values of `choice` and `choices`. */
  readonly options: readonly string[];
  /** An accepted value as it is typed; '' when the connector gives none. */
  readonly example: string;
}

/** What a form sends: one text, or several for `choices`. */
export type Typed = Readonly<Record<string, string | readonly string[]>>;

export type ReadSettings =
  | { readonly kind: 'read'; readonly config: Readonly<Record<string, unknown>> }
  /** One sentence per field, by its name. */
  | { readonly kind: 'refused'; readonly refusals: Readonly<Record<string, string>> };

const knownLabels: Readonly<Record<string, string>> = { url: 'Adresse du catalogue' };

/** Optional, nullable and default are taken off; what stays says the kind. */
function bare(schema: z.core.$ZodType): { readonly inner: z.core.$ZodType; readonly required: boolean } {
  let inner = schema;
  let required = true;
  while (inner instanceof z.ZodOptional || inner instanceof z.ZodDefault || inner instanceof z.ZodNullable) {
    required = false;
    inner = inner.unwrap();
  }
  return { inner, required };
}

function kindOf(inner: z.core.$ZodType): { readonly kind: SettingKind; readonly options: readonly string[] } {
  const options: readonly string[] = [];
  if (inner instanceof z.ZodType && isSecret(inner)) return { kind: 'secret', options };
  if (inner instanceof z.ZodEnum) return { kind: 'choice', options: inner.options.map(String) };
  if (inner instanceof z.ZodBoolean) return { kind: 'yes-no', options };
  if (inner instanceof z.ZodNumber) return { kind: 'number', options };
  if (inner instanceof z.ZodString || inner instanceof z.ZodStringFormat) return { kind: 'text', options };
  if (inner instanceof z.ZodArray && inner.element instanceof z.ZodEnum) {
    return { kind: 'choices', options: inner.element.options.map(String) };
  }
  return { kind: 'json', options };
}

function titleOf(...schemas: readonly z.core.$ZodType[]): string | undefined {
  for (const schema of schemas) {
    const title = schema instanceof z.ZodType ? schema.meta()?.title : undefined;
    if (title !== undefined) return title;
  }
  return undefined;
}

/** As a form shows a value that is kept. */
export function typedOf(value: unknown): string {
  if (value === undefined || value === null) return '';
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}

function fieldOf(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, name)
    ? Reflect.get(value, name)
    : undefined;
}

/** @throws TypeError for a connector whose settings are not an object: a fault of ours */
export function settingsOf(connector: Configurable): readonly Setting[] {
  const schema = connector.configSchema;
  if (!(schema instanceof z.ZodObject)) throw new TypeError(`the settings of ${connector.id} are not an object`);
  return Object.entries<z.core.$ZodType>(schema.shape).map(([name, field]) => {
    const { inner, required } = bare(field);
    const { kind, options } = kindOf(inner);
    const example = typedOf(fieldOf(connector.exampleConfig, name));
    return {
      name,
      label: titleOf(field, inner) ?? knownLabels[name] ?? name,
      kind,
      required,
      options,
      // The example of a secret may be taken for one that works.
      example: kind === 'secret' ? '' : example !== '' ? example : (options[0] ?? ''),
    };
  });
}

/** The values of a form as the schema wants them; a field left empty is absent. Undefined: JSON that cannot be read. */
function readValue(setting: Setting, typed: string | readonly string[] | undefined): { value: unknown } | undefined {
  const texts = typeof typed === 'string' ? [typed] : [...(typed ?? [])];
  const filled = texts.map((text) => text.trim()).filter((text) => text !== '');
  const text = filled[0];
  if (setting.kind === 'choices') return { value: filled };
  if (text === undefined) return { value: undefined };
  if (setting.kind === 'yes-no') return { value: text === 'oui' };
  if (setting.kind === 'number')
    return { value: /^-?\d+([.,]\d+)?$/.test(text) ? Number(text.replace(',', '.')) : text };
  if (setting.kind !== 'json') return { value: text };
  try {
    return { value: JSON.parse(text) as unknown };
  } catch {
    return undefined;
  }
}

/**
 * @param kept secret settings already here, opened: a secret field left empty keeps its own
 * @returns `config` with the secrets in it: the caller takes them apart before anything is stored
 * @throws ZodError for a rule of the schema that is about no field: a fault of the connector
 */
export function readSettings(
  connector: Configurable,
  typed: Typed,
  kept: Readonly<Record<string, string>>,
): ReadSettings {
  const settings = settingsOf(connector);
  const given: Record<string, unknown> = {};
  const refusals: Record<string, string> = {};
  for (const setting of settings) {
    const read = readValue(setting, Object.hasOwn(typed, setting.name) ? typed[setting.name] : undefined);
    if (read === undefined) refusals[setting.name] = sentence(setting, 'ce texte n’est pas du JSON');
    else if (read.value !== undefined) given[setting.name] = read.value;
    else if (setting.kind === 'secret' && Object.hasOwn(kept, setting.name)) given[setting.name] = kept[setting.name];
  }
  const checked = connector.configSchema.safeParse(given, { error: frenchFault });
  if (!checked.success) {
    for (const issue of checked.error.issues) {
      const name = String(issue.path[0] ?? settings[0]?.name ?? '');
      const setting = settings.find((one) => one.name === name);
      if (setting !== undefined) refusals[name] ??= refusalOf(setting, given[name], issue.message);
    }
  }
  if (Object.keys(refusals).length > 0) return { kind: 'refused', refusals };
  if (!checked.success) throw checked.error;
  // As typed: a default that changes later is then followed.
  return { kind: 'read', config: given };
}

function refusalOf(setting: Setting, value: unknown, message: string): string {
  return value === undefined ? sentence(setting, 'ce réglage est obligatoire') : sentence(setting, message);
}

function sentence({ example }: Setting, fault: string): string {
  const said = `${fault.charAt(0).toUpperCase()}${fault.slice(1).replace(/[\s.]+$/, '')}.`;
  return example === '' ? said : `${said} Exemple accepté : ${example}`;
}

/** For what a schema does not say by itself: its own words come first. */
const frenchFault: z.core.$ZodErrorMap = (issue) => {
  switch (issue.code) {
    case 'invalid_type':
      return issue.expected === 'number' || issue.expected === 'int'
        ? 'un nombre est attendu'
        : 'cette valeur n’est pas de la bonne sorte';
    case 'too_small':
      return issue.origin === 'string'
        ? `${issue.minimum} caractère au moins`
        : `${issue.minimum} au moins est attendu`;
    case 'too_big':
      return issue.origin === 'string' ? `${issue.maximum} caractères au plus` : `${issue.maximum} au plus est attendu`;
    case 'invalid_format':
      return issue.format === 'url'
        ? 'une adresse http(s) complète est attendue'
        : 'cette valeur n’a pas la forme attendue';
    case 'invalid_value':
      return `les valeurs acceptées sont : ${issue.values.map(String).join(', ')}`;
    default:
      return 'cette valeur n’est pas acceptée';
  }
};

/** Settings and secrets apart. */
export function withoutSecrets(
  connector: Configurable,
  config: Readonly<Record<string, unknown>>,
): { readonly config: Readonly<Record<string, unknown>>; readonly secrets: Readonly<Record<string, string>> } {
  const names = new Set(settingsOf(connector).flatMap(({ name, kind }) => (kind === 'secret' ? [name] : [])));
  const entries = Object.entries(config);
  return {
    config: Object.fromEntries(entries.filter(([name]) => !names.has(name))),
    secrets: Object.fromEntries(entries.flatMap(([name, value]) => (names.has(name) ? [[name, String(value)]] : []))),
  };
}
