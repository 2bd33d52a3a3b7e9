/** `connectors list | preview | check`: what formats are read, and what a source would give. They write nothing. */
import { readFile } from 'node:fs/promises';
import type { Command } from 'commander';
import { z } from 'zod';
import type { CourseDraft } from '../catalogue/model.ts';
import type { Config } from '../config.ts';
import { AppError } from '../errors.ts';
import { loadFramework } from '../framework/data.ts';
import { align } from '../framework/model/alignment.ts';
import type { SourceHttp } from '../harvest/connector.ts';
import { discoverConnectors } from '../harvest/discover.ts';
import { examine, examinedRecords, readingMs } from '../harvest/examine.ts';
import { pathHttp } from '../harvest/file-http.ts';
import { type PreviewReport, previewConnector } from '../harvest/preview.ts';
import { type Recognised, recognise } from '../harvest/recognise.ts';
import { resultWords } from '../harvest/words.ts';
import { makeSourceHttp } from '../platform/http.ts';
import { userAgentOf } from '../user-agent.ts';
import type { Printer } from './output.ts';
import { commandOf, countOption } from './program.ts';

export function connectorCommands(program: Command, config: () => Config): void {
  const group = program.command('connectors').description('formats that are read, and what a source would give');
  const load = () => discoverConnectors({ enabled: config().enabledConnectors });

  commandOf(group, 'list', 'the formats that can be read').action(async (_options, print: Printer) => {
    const connectors = [...(await load()).values()].map(({ id, title, version, resumable, exampleConfig }) => ({
      id,
      title,
      version,
      resumable,
      exampleConfig,
    }));
    print.list(
      connectors,
      [
        { title: 'format', of: ({ id }) => id },
        { title: 'titre', of: ({ title }) => title },
        { title: 'réglages (exemple)', of: ({ exampleConfig }) => JSON.stringify(exampleConfig) },
      ],
      'Aucun format : le dossier connectors/ est vide.',
    );
  });

  commandOf(group, 'preview <connector>', 'what a source of this format would give; writes nothing')
    .option('--file <path>', 'read this file as the first answer of the source, without network')
    .option('--config <json>', 'settings of the source; without it, the connector’s example')
    .option('--max <n>', 'stop after n records', countOption)
    .option('--allow-private', 'accept a private or loopback address', false)
    .action(async (options: PreviewOptions, print: Printer, id: string) => {
      const connector = (await load()).get(id);
      if (connector === undefined) {
        const known = [...(await load()).keys()].join(', ');
        throw new AppError(
          'not-found',
          'CONNECTOR_UNKNOWN',
          `Le format « ${id} » n’existe pas. Formats connus : ${known}.`,
        );
      }
      const settings = options.config === undefined ? connector.exampleConfig : jsonOf(options.config);
      const http = options.file === undefined ? network(config(), options.allowPrivate) : pathHttp(options.file);
      if (options.file !== undefined) await assertReadable(options.file);
      const signal = AbortSignal.timeout(previewMinutes * 60_000);
      const report = await previewConnector(connector, settings, http, {
        signal,
        ...(options.max === undefined ? {} : { max: options.max }),
      });
      printReport(print, report);
    });

  commandOf(group, 'check', 'recognises the format of an address or a file, then says what would be published of it')
    .option('--url <address>', 'address of a catalogue')
    .option('--file <path>', 'a file of a catalogue')
    .option('--all', 'read it to its end, instead of 20 records or 3 seconds', false)
    .option('--allow-private', 'accept a private or loopback address', false)
    .action(async ({ url, file, all, allowPrivate }: CheckOptions, print: Printer) => {
      if ((url === undefined) === (file === undefined)) {
        throw new AppError('invalid', 'CHECK_WHAT', 'Donnez --url ADRESSE ou --file CHEMIN, l’un des deux.');
      }
      if (file !== undefined) await assertReadable(file);
      const framework = loadFramework();
      const connectors = await load();
      const open = () => (file === undefined ? network(config(), allowPrivate) : pathHttp(file));
      const source =
        url === undefined
          ? ({ kind: 'file', site: 'https://fichier.invalid/', open } as const)
          : ({ kind: 'address', url, http: open() } as const);
      const options = {
        shown: examinedRecords,
        readingMs,
        align: (draft: CourseDraft) => align({ ...draft, provider: draft.provider.name }, framework),
        signal: AbortSignal.timeout(recognitionMs),
      };
      const found = await recognise(connectors.values(), source, options).catch((cause: unknown) => {
        if (!options.signal.aborted) throw cause;
        const message = `La source n’a pas répondu en ${recognitionMs / 1_000} secondes.`;
        throw new AppError('unavailable', 'SOURCE_LENTE', message, { cause });
      });
      const connector = connectors.get(found.connector);
      if (!all || connector === undefined || found.report.complete) return printExamination(print, found);
      let told = Date.now();
      const report = await examine(connector, found.config, open(), {
        ...options,
        all: true,
        signal: AbortSignal.timeout(previewMinutes * 60_000),
        onProgress(read) {
          if (Date.now() - told < 2_000) return;
          told = Date.now();
          print.progress(`${read} fiches lues`);
        },
      });
      printExamination(print, { ...found, report });
    });
}

/** Nothing of a source is waited for longer than this before its format is known. */
const recognitionMs = 20_000;
const previewMinutes = 60;

interface PreviewOptions {
  readonly file?: string;
  readonly config?: string;
  readonly max?: number;
  readonly allowPrivate: boolean;
}

interface CheckOptions {
  readonly url?: string;
  readonly file?: string;
  readonly all: boolean;
  readonly allowPrivate: boolean;
}

function network(config: Config, allowPrivate: boolean): SourceHttp {
  return makeSourceHttp({ userAgent: userAgentOf(config), allowPrivate });
}

async function assertReadable(path: string): Promise<void> {
  const handle = await readFile(path, { flag: 'r' }).catch((cause: unknown) => {
    throw new AppError('not-found', 'FILE_UNREADABLE', `Le fichier ${path} est introuvable ou illisible.`, { cause });
  });
  void handle;
}

function jsonOf(text: string): unknown {
  try {
    return z.record(z.string(), z.unknown()).parse(JSON.parse(text));
  } catch (cause) {
    throw new AppError('invalid', 'CONFIG_JSON', '--config attend un objet JSON, par exemple {"url":"https://…"}.', {
      cause,
    });
  }
}

const coded = (error: string, code: string | null): string => (code === null ? error : `${code} : ${error}`);

function printReport(print: Printer, report: PreviewReport): void {
  const { summary } = report;
  const lines = [
    ...report.items.map((item) => {
      const what = item.course?.title ?? item.reason ?? item.problems?.map(({ message }) => message).join(' ') ?? '';
      return `${item.result.padEnd(9)} ${item.remoteId}  ${what}`;
    }),
    `${summary.records} fiches lues : ${summary.courses} cours, ${summary.skipped} écartées, ${summary.rejected} refusées, ${summary.removed} retirées.`,
    report.complete
      ? 'Le catalogue a été lu en entier.'
      : `${summary.records} fiches lues, catalogue non lu en entier.${report.error === undefined ? '' : ` ${coded(report.error, report.errorCode ?? null)}`}`,
    'Rien n’a été enregistré.',
  ];
  print.thing(report, lines);
}

function printExamination(print: Printer, { connector, title, report }: Recognised): void {
  const { records, counts, causes, warnings, complete, error, errorCode } = report;
  const lines = [
    `Format reconnu : ${title} (${connector}).`,
    ...records.flatMap(({ position, remoteId, result, course, reason, problems }) => [
      `${String(position).padStart(3)}  ${resultWords[result].padEnd(14)} ${remoteId}  ${course?.draft.title ?? reason ?? ''}`,
      ...problems.map(({ code, message }) => `     ${code} : ${message}`),
    ]),
    `${counts.read} fiches lues : ${counts.ready} prêtes, ${counts.remark} prêtes avec une remarque, ${counts['to-fix']} à corriger, ${counts['out-of-scope']} hors périmètre, ${counts.repeated} répétées, ${counts.removed} déclarées retirées.`,
    ...[...causes, ...warnings].map(
      ({ code, count, example }) =>
        `${String(count).padStart(5)}  ${code}, champ ${example.field} : ${example.message}`,
    ),
    complete
      ? 'Le catalogue a été lu en entier.'
      : `${counts.read} fiches lues, catalogue non lu en entier.${error === null ? '' : ` ${coded(error, errorCode)}`}`,
    'Rien n’a été enregistré.',
  ];
  print.thing({ connector, title, report }, lines);
}
