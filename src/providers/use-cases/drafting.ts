/**
 * Declaring a source and changing its settings: way in, settings, preview, choices, sending. What is typed is kept at each
 * step; nothing is harvested before an operator has accepted (P2).
 */
import { z } from 'zod';
import { httpUrlSchema } from '../../catalogue/model.ts';
import { AppError } from '../../errors.ts';
import type { AnyConnector } from '../../harvest/connector.ts';
import type { Where } from '../../harvest/examine-thread.ts';
import { addressOfFile } from '../../harvest/file-http.ts';
import { readSettings, type Setting, settingsOf, type Typed, withoutSecrets } from '../../harvest/model/settings.ts';
import type { Recognised } from '../../harvest/recognise.ts';
import type { Examiner } from '../../harvest/start-examining.ts';
import type { PatchStore } from '../../harvest/store/patches.ts';
import { looksLikeNir, nirRefusal } from '../../nir.ts';
import type { Audit } from '../../platform/audit.ts';
import type { Files } from '../../platform/files.ts';
import type { Secrets } from '../../platform/secrets.ts';
import { type Actor, can, requireRight, requireRightIn } from '../../rights.ts';
import { isAccepted, isDraft, mailChoices, publishings, rhythms, type Source, type SourceState } from '../model.ts';
import type { SourceStore } from '../store.ts';
import { ownSource, providersOf, unknownPage } from './own.ts';

export type Refusals = Readonly<Record<string, string>>;
export type Outcome<Done extends object = object> =
  | ({ readonly kind: 'done' } & Done)
  | { readonly kind: 'refused'; readonly refusals: Refusals };

export interface SentFile {
  readonly name: string;
  readonly bytes: AsyncIterable<Uint8Array>;
}

/** The way in: an address, or a file. `connector` '' asks us to recognise the format. */
export interface WayIn {
  readonly title: string;
  readonly homepage: string;
  readonly way: string;
  readonly url: string;
  readonly connector: string;
}

export interface Format {
  readonly id: string;
  readonly title: string;
}

export interface Preview {
  readonly source: Source;
  readonly found: Recognised | null;
  /** Why nothing could be read at all. French. */
  readonly refusal: string | null;
}

export interface DraftPage {
  readonly source: Source;
  /** Undefined: the format is not read on this installation any more. */
  readonly format: Format | undefined;
  readonly settings: readonly Setting[];
}

export interface DraftingDependencies {
  readonly sources: SourceStore;
  readonly connectors: ReadonlyMap<string, AnyConnector>;
  readonly examiner: Pick<Examiner, 'examine'>;
  readonly patches: Pick<PatchStore, 'ofSource'>;
  readonly files: Pick<Files, 'store' | 'remove'>;
  readonly secrets: Pick<Secrets, 'seal' | 'open'>;
  readonly organisations: (ids: readonly string[]) => Promise<ReadonlyMap<string, { readonly demo: boolean }>>;
  readonly audit: Pick<Audit, 'record'>;
  /** Opaque; letters, digits and hyphens. */
  readonly newId: () => string;
  readonly now: () => Date;
}

export type Drafting = ReturnType<typeof makeDrafting>;

/** Not closed, of one organisation. */
export const mostSources = 50;
export const catalogueBytes = 50 * 1_048_576;
const catalogueTypes = ['application/xml', 'application/json', 'text/csv'] as const;

/** It goes into mails: it cannot carry an address of another site. */
const titleSchema = z
  .string()
  .trim()
  .min(2, 'Donnez un nom à ce catalogue.')
  .max(120, '120 caractères au plus.')
  .regex(/^[^\p{Cc}\p{Cf}<>]*$/u, "Ce nom contient un caractère qui n'est pas accepté.")
  .refine((text) => !/:\/\/|\bwww\./i.test(text), "Donnez un nom, pas l'adresse d'un site.")
  .refine((text) => !looksLikeNir(text), nirRefusal);

const fullAddress = 'Donnez une adresse complète. Exemple accepté : https://www.exemple.fr/';
const choicesSchema = z.object({
  rhythm: z.enum(rhythms, { error: 'Choisissez un rythme.' }),
  publishing: z.enum(publishings, { error: 'Choisissez comment publier.' }),
  mails: z.enum(mailChoices, { error: 'Choisissez quand recevoir un courriel.' }),
});

/** Its settings may change. */
const changeable: readonly SourceState[] = ['draft', 'previewed', 'refused', 'approved', 'active', 'paused'];

export function makeDrafting(dependencies: DraftingDependencies) {
  const { sources, connectors, examiner, patches, files, secrets, organisations, audit, newId, now } = dependencies;

  const record = (actor: Actor, act: string, id: string) =>
    audit.record({ actor: actor.accountId, act: `source.${act}`, target: id });

  function refusalsOf(error: z.ZodError): Record<string, string> {
    const refusals: Record<string, string> = {};
    for (const { path, message } of error.issues) refusals[String(path[0])] ??= message;
    return refusals;
  }

  /** A change of what is read makes a draft of what was looked at. */
  async function changed(source: Source, fields: Parameters<SourceStore['change']>[1]): Promise<Source> {
    const after = await sources.change(source.id, fields, changeable, now());
    if (after.state !== 'previewed' && after.state !== 'refused') return after;
    return sources.setState(source.id, 'draft', { reason: null, by: 'organisation' }, now());
  }

  async function keepFile(owner: string, file: SentFile): Promise<NonNullable<Source['file']>> {
    const kept = await files.store({
      owner,
      purpose: 'catalogue',
      name: file.name,
      bytes: file.bytes,
      maxBytes: catalogueBytes,
      accepted: catalogueTypes,
    });
    return { id: kept.id, name: kept.name, bytes: kept.bytes, at: kept.at };
  }

  function whereOf(source: Pick<Source, 'id' | 'file' | 'homepage' | 'config'>): Where {
    if (source.file !== null) return { kind: 'stored', file: source.file.id, owner: source.id, site: source.homepage };
    return { kind: 'address', url: String(source.config.url ?? '') };
  }

  /** The format and what is read with; a refusal under the field that gave it. */
  async function formatOf(
    asked: WayIn,
    where: Where,
    field: 'url' | 'file',
    demo: boolean,
  ): Promise<Outcome<{ readonly connector: AnyConnector; readonly config: Readonly<Record<string, unknown>> }>> {
    const absent: Refusals = { connector: "Ce format n'est pas lu sur cette installation." };
    if (asked.connector !== '') {
      const connector = connectors.get(asked.connector);
      if (connector === undefined) return { kind: 'refused', refusals: absent };
      const url = where.kind === 'address' ? where.url : addressOfFile(connector, asked.homepage);
      return { kind: 'done', connector, config: { url } };
    }
    try {
      const found = await examiner.examine({ where, format: null, demo });
      const connector = connectors.get(found.connector);
      if (connector === undefined) return { kind: 'refused', refusals: absent };
      // The examples of secrets are nobody's.
      return { kind: 'done', connector, config: withoutSecrets(connector, found.config).config };
    } catch (error) {
      if (!(error instanceof AppError && error.kind === 'invalid')) throw error;
      return { kind: 'refused', refusals: { [field]: error.publicMessage } };
    }
  }

  function opened({ sealed }: Source): Record<string, string> {
    return Object.fromEntries(Object.entries(sealed).map(([name, text]) => [name, secrets.open(text)]));
  }

  /** P2 would be void if an accepted source could then be led anywhere. */
  function leadsElsewhere(source: Source, config: Readonly<Record<string, unknown>>): boolean {
    if (!isAccepted(source) || source.file !== null) return false;
    const origin = (url: unknown) => (URL.canParse(String(url)) ? new URL(String(url)).origin : null);
    return origin(source.config.url) !== origin(config.url);
  }

  return {
    /** Every format that this installation reads. */
    formats(): readonly Format[] {
      return [...connectors.values()].map(({ id, title }) => ({ id, title }));
    },

    /** @throws AppError `not-found` for an organisation of others */
    async mayDeclare(actor: Actor, organisationId: string): Promise<void> {
      requireRight(actor, 'account:own');
      if (!providersOf(actor).includes(organisationId)) throw unknownPage();
      requireRightIn(actor, organisationId, 'source:own');
    },

    /**
     * Keeps a draft, when the format is known or named. `file` is read to its end only when the texts are right.
     * @throws AppError `conflict` past `mostSources`
     */
    async declare(
      actor: Actor,
      organisationId: string,
      asked: WayIn,
      file: SentFile | null,
    ): Promise<Outcome<{ readonly id: string }>> {
      requireRightIn(actor, organisationId, 'source:own');
      const organisation = (await organisations([organisationId])).get(organisationId);
      if (organisation === undefined) throw unknownPage();
      const others = await sources.ofOrganisations([organisationId]);
      if (others.filter(({ state }) => state !== 'closed').length >= mostSources) {
        const message = `Votre organisme a déjà ${mostSources} sources. Fermez celles qui ne servent plus.`;
        throw new AppError('conflict', 'TROP_DE_SOURCES', message);
      }
      const title = titleSchema.safeParse(asked.title);
      const homepage = httpUrlSchema.safeParse(asked.homepage.trim());
      const url = httpUrlSchema.safeParse(asked.url.trim());
      const isFile = asked.way === 'file';
      const refusals: Record<string, string> = {
        ...(title.success ? {} : { title: title.error.issues[0]?.message ?? 'Donnez un nom à ce catalogue.' }),
        ...(homepage.success ? {} : { homepage: fullAddress }),
        ...(asked.way === 'address' || isFile ? {} : { way: 'Choisissez comment vous donnez votre catalogue.' }),
        ...(asked.way === 'address' && !url.success
          ? { url: 'Donnez une adresse complète. Exemple accepté : https://www.exemple.fr/catalogue.xml' }
          : {}),
        ...(isFile && file === null ? { file: 'Choisissez le fichier de votre catalogue.' } : {}),
      };
      if (!title.success || !homepage.success || Object.keys(refusals).length > 0) return { kind: 'refused', refusals };
      const id = newId();
      const { demo } = organisation;
      let kept: Source['file'] = null;
      if (isFile && file !== null) {
        try {
          kept = await keepFile(id, file);
        } catch (error) {
          if (!(error instanceof AppError && error.kind === 'invalid')) throw error;
          return { kind: 'refused', refusals: { file: error.publicMessage } };
        }
      }
      const where: Where =
        kept === null
          ? { kind: 'address', url: url.success ? url.data : '' }
          : { kind: 'stored', file: kept.id, owner: id, site: homepage.data };
      const format = await formatOf({ ...asked, homepage: homepage.data }, where, kept === null ? 'url' : 'file', demo);
      if (format.kind === 'refused') {
        if (kept !== null) await files.remove(kept.id);
        return format;
      }
      const at = now();
      await sources.create({
        id,
        title: title.data,
        homepage: homepage.data,
        connector: format.connector.id,
        config: format.config,
        organisationId,
        demo,
        file: kept,
        sealed: {},
        publishing: 'live',
        limits: { wireBytes: null, decodedBytes: null, minutes: null },
        state: 'draft',
        stateSince: at,
        stateReason: null,
        history: [{ state: 'draft', at, reason: null, by: 'organisation' }],
        rhythm: 'daily',
        mails: 'on-error',
        notice: null,
        licence: null,
        createdAt: at,
        updatedAt: at,
      });
      await record(actor, 'declared', id);
      return { kind: 'done', id };
    },

    async draft(actor: Actor, id: string): Promise<DraftPage> {
      const { source } = await ownSource(sources, actor, id, 'source:own');
      const connector = connectors.get(source.connector);
      const format = connector === undefined ? undefined : { id: connector.id, title: connector.title };
      const settings = connector === undefined ? [] : settingsOf(connector);
      // A file answers at an address of ours: there is nothing to type.
      const typed = source.file === null ? settings : settings.filter(({ name }) => name !== 'url');
      return { source, format, settings: typed };
    },

    /** @throws AppError `conflict` for a source that waits, or is closed */
    async saveSettings(actor: Actor, id: string, typed: Typed): Promise<Outcome> {
      const { source } = await ownSource(sources, actor, id, 'source:own');
      const connector = connectors.get(source.connector);
      if (connector === undefined) {
        throw new AppError('conflict', 'FORMAT_ABSENT', "Ce format n'est pas lu sur cette installation.");
      }
      const url = source.file === null ? typed.url : (addressOfFile(connector, source.homepage) ?? '');
      const read = readSettings(connector, { ...typed, ...(url === undefined ? {} : { url }) }, opened(source));
      if (read.kind === 'refused') return read;
      const { config, secrets: given } = withoutSecrets(connector, read.config);
      if (leadsElsewhere(source, config)) {
        const url = 'Cette adresse est sur un autre site que celle qui a été acceptée. Déclarez une autre source.';
        return { kind: 'refused', refusals: { url } };
      }
      const sealed = Object.fromEntries(
        Object.entries(given).map(([name, text]) => {
          const before = source.sealed[name];
          return [name, before !== undefined && secrets.open(before) === text ? before : secrets.seal(text)];
        }),
      );
      await changed(source, { config, sealed });
      await record(actor, 'settings-changed', id);
      return { kind: 'done' };
    },

    /** The new file answers from the next run on. @throws AppError `conflict` for a source that has an address */
    async replaceFile(actor: Actor, id: string, file: SentFile | null): Promise<Outcome> {
      const { source } = await ownSource(sources, actor, id, 'source:own');
      if (source.file === null || !changeable.includes(source.state)) {
        throw new AppError('conflict', 'SANS_FICHIER', 'Le fichier de cette source ne peut pas être remplacé.');
      }
      if (file === null) return { kind: 'refused', refusals: { file: 'Choisissez le nouveau fichier.' } };
      let kept: NonNullable<Source['file']>;
      try {
        kept = await keepFile(id, file);
      } catch (error) {
        if (!(error instanceof AppError && error.kind === 'invalid')) throw error;
        return { kind: 'refused', refusals: { file: error.publicMessage } };
      }
      await changed(source, { file: kept });
      // A run that reads the former one goes on: what is open stays readable until it is closed, or the run is incomplete.
      await files.remove(source.file.id);
      await record(actor, 'file-replaced', id);
      return { kind: 'done' };
    },

    /** Reads the beginning of the source, with its corrections in place, and writes none of it. A draft that gave a record counts as looked at. */
    async preview(actor: Actor, id: string): Promise<Preview> {
      const { source } = await ownSource(sources, actor, id, 'source:own');
      if (source.state === 'closed') throw new AppError('conflict', 'SOURCE_FERMEE', 'Cette source est fermée.');
      const { connector, config, sealed } = source;
      const format = { connector, config, sealed };
      let found: Recognised;
      try {
        const held = await patches.ofSource(id);
        found = await examiner.examine({ where: whereOf(source), format, demo: source.demo, patches: held });
      } catch (error) {
        if (!(error instanceof AppError && error.kind === 'invalid')) throw error;
        return { source, found: null, refusal: error.publicMessage };
      }
      if (source.state !== 'draft' || found.report.counts.read === 0) return { source, found, refusal: null };
      const looked = await sources.setState(id, 'previewed', { reason: null, by: 'organisation' }, now());
      return { source: looked, found, refusal: null };
    },

    /** Rhythm, publishing and mails may change at any time before the source is closed. */
    async saveChoices(
      actor: Actor,
      id: string,
      typed: { readonly rhythm: string; readonly publishing: string; readonly mails: string },
    ): Promise<Outcome> {
      await ownSource(sources, actor, id, 'source:own');
      const choices = choicesSchema.safeParse(typed);
      if (!choices.success) return { kind: 'refused', refusals: refusalsOf(choices.error) };
      await sources.change(id, choices.data, [...changeable, 'submitted'], now());
      await record(actor, 'choices-changed', id);
      return { kind: 'done' };
    },

    /** @throws AppError `conflict` for a source that was not looked at */
    async submit(actor: Actor, id: string): Promise<void> {
      const { source } = await ownSource(sources, actor, id, 'source:own');
      if (isDraft(source) && source.state !== 'previewed') {
        throw new AppError('conflict', 'SANS_APERCU', "Regardez d'abord un aperçu de cette source.");
      }
      await sources.setState(id, 'submitted', { reason: null, by: 'organisation' }, now());
      await record(actor, 'submitted', id);
    },

    /** « Corriger »: a refused source is a draft again. */
    async correct(actor: Actor, id: string): Promise<void> {
      const { source } = await ownSource(sources, actor, id, 'source:own');
      if (source.state === 'refused') {
        await sources.setState(id, 'draft', { reason: source.stateReason, by: 'organisation' }, now());
      }
    },

    /** @throws AppError without the right */
    async mayCheck(actor: Actor): Promise<void> {
      if (!can(actor, 'source:manage')) requireRight(actor, 'source:own');
    },

    /** N20: any catalogue, nothing kept. `path`: the file on this machine, for the time of the question. */
    async check(
      actor: Actor,
      asked: { readonly url: string } | { readonly path: string },
    ): Promise<Outcome<{ readonly found: Recognised }>> {
      await this.mayCheck(actor);
      if ('url' in asked && !httpUrlSchema.safeParse(asked.url.trim()).success) {
        const url = 'Donnez une adresse complète. Exemple accepté : https://www.exemple.fr/catalogue.xml';
        return { kind: 'refused', refusals: { url } };
      }
      const where: Where =
        'url' in asked
          ? { kind: 'address', url: asked.url.trim() }
          : { kind: 'path', path: asked.path, site: 'https://fichier.invalid/' };
      try {
        const mine = await organisations(providersOf(actor));
        const demo = [...mine.values()].some((one) => one.demo);
        const found = await examiner.examine({ where, format: null, demo });
        return { kind: 'done', found };
      } catch (error) {
        if (!(error instanceof AppError && error.kind === 'invalid')) throw error;
        return { kind: 'refused', refusals: { ['url' in asked ? 'url' : 'file']: error.publicMessage } };
      }
    },
  };
}
