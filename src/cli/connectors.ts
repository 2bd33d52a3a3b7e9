/** `connectors list | preview | check`: what formats are read, and what a source would give. They write nothing. */
import { readFile } from 'node:fs/promises';
import { pathToFileURL } from 'node:url';
import type { Command } from 'commander';
import { z } from 'zod';
import type { Config } from '../config.ts';
import { AppError } from '../errors.ts';
import type { AnyConnector, SourceHttp } from '../harvest/connector.ts';
import { discoverConnectors } from '../harvest/discover.ts';
import { filePreviewHttp, type PreviewReport, previewConnector } from '../harvest/preview.ts';
import { recognise } from '../harvest/recognise.ts';
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
      const http = options.file === undefined ? network(config(), options.allowPrivate) : filePreviewHttp(options.file);
      if (options.file !== undefined) await assertReadable(options.file);
      const signal = AbortSignal.timeout(previewMinutes * 60_000);
      const report = await previewConnector(connector, settings, http, {
        signal,
        ...(options.max === undefined ? {} : { max: options.max }),
      });
      printReport(print, connector, report);
    });

  commandOf(group, 'check', 'recognises the format of an address or a file, then previews it; writes nothing')
    .option('--url <address>', 'address of a catalogue')
    .option('--file <path>', 'a file of a catalogue')
    .option('--max <n>', 'stop after n records', countOption, 20)
    .option('--allow-private', 'accept a private or loopback address', false)
    .action(async (options: CheckOptions, print: Printer) => {
      if ((options.url === undefined) === (options.file === undefined)) {
        throw new AppError('invalid', 'CHECK_WHAT', 'Donnez --url ADRESSE ou --file CHEMIN, l’un des deux.');
      }
      const { file } = options;
      if (file !== undefined) await assertReadable(file);
      // A file has no address of its own: connectors only need one that parses.
      const url = options.url ?? `https://fichier.invalid${pathToFileURL(file ?? '').pathname}`;
      const open = () => (file === undefined ? network(config(), options.allowPrivate) : filePreviewHttp(file));
      const signal = AbortSignal.timeout(previewMinutes * 60_000);
      const connectors = await load();
      const { connector: id, report } = await recognise(connectors.values(), url, open, { max: options.max, signal });
      const connector = connectors.get(id);
      if (connector !== undefined) printReport(print, connector, report, id);
    });
}

const previewMinutes = 5;

interface PreviewOptions {
  readonly file?: string;
  readonly config?: string;
  readonly max?: number;
  readonly allowPrivate: boolean;
}

interface CheckOptions {
  readonly url?: string;
  readonly file?: string;
  readonly max: number;
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

function printReport(print: Printer, connector: AnyConnector, report: PreviewReport, recognised?: string): void {
  const { summary } = report;
  const value = recognised === undefined ? report : { connector: recognised, ...report };
  const lines = [
    ...(recognised === undefined ? [] : [`Format reconnu : ${connector.title} (${recognised}).`]),
    ...report.items.map((item) => {
      const what = item.course?.title ?? item.reason ?? item.problems?.map(({ message }) => message).join(' ') ?? '';
      return `${item.result.padEnd(9)} ${item.remoteId}  ${what}`;
    }),
    `${summary.records} fiches lues : ${summary.courses} cours, ${summary.skipped} écartées, ${summary.rejected} refusées, ${summary.removed} retirées.`,
    report.complete
      ? 'Le catalogue a été lu en entier.'
      : `${summary.records} fiches lues, catalogue non lu en entier.${report.error === undefined ? '' : ` ${report.error}`}`,
    'Rien n’a été enregistré.',
  ];
  print.thing(value, lines);
}
