/** `registry`: the registers of certifications (RNCP, RS), their history, and the offer of the training account. */
import { stat } from 'node:fs/promises';
import type { Command } from 'commander';
import { InvalidArgumentError } from 'commander';
import type { Config } from '../config.ts';
import { AppError } from '../errors.ts';
import { isDay } from '../framework/registry/fields.ts';
import type { RegisterDifference } from '../framework/registry/use-cases/difference.ts';
import type { ImportReport, RegisterImport } from '../framework/registry/use-cases/import.ts';
import type { LatestImport } from '../framework/registry/use-cases/latest.ts';
import type { CertificationSheet } from '../framework/registry/use-cases/look-up.ts';
import { followChange } from './assessing.ts';
import { withApp } from './harvest.ts';
import type { Printer } from './output.ts';
import { commandOf } from './program.ts';

function dayOption(text: string): string {
  if (!isDay(text)) throw new InvalidArgumentError('Une date AAAA-MM-JJ est attendue.');
  return text;
}

function siretOption(text: string): string {
  const digits = text.replace(/\s/g, '');
  if (!/^\d{14}$/.test(digits)) throw new InvalidArgumentError('Un SIRET de 14 chiffres est attendu.');
  return digits;
}

/** Said every two seconds, on stderr. */
function progressOf(print: Printer, what: string): (count: number) => void {
  let told = Date.now();
  return (count) => {
    if (Date.now() - told < 2_000) return;
    told = Date.now();
    print.progress(`${count} ${what}`);
  };
}

export function registryCommands(program: Command, config: () => Config): void {
  const registry = program
    .command('registry')
    .description('registers of certifications (RNCP, RS) of France compétences');

  commandOf(
    registry,
    'import [file]',
    'imports an export (XML, zip of XML, zip of CSV), or the newest ones with --latest',
  )
    .option('--latest', 'fetch the newest exports that data.gouv.fr publishes', false)
    .option('--date <day>', 'day of the export, when neither its name nor its content says it', dayOption)
    .option('--dry-run', 'read and compare, write nothing', false)
    .option('--accept-losses', 'put it in force even when it has far fewer certifications', false)
    .action(
      async (
        options: { latest: boolean; date?: string; dryRun: boolean; acceptLosses: boolean },
        print: Printer,
        file?: string,
      ) => {
        if ((file === undefined) === !options.latest) {
          throw new AppError('invalid', 'WHICH_EXPORT', 'Donnez un fichier, ou demandez --latest.');
        }
        if (file !== undefined) await readableFile(file);
        await withApp(config(), print, async ({ useCases }) => {
          const { dryRun, acceptLosses, date } = options;
          const asked = { dryRun, acceptLosses, onProgress: progressOf(print, 'fiches lues') };
          if (file === undefined) {
            const results = await useCases.registry.importLatest(asked);
            const followed = results.some((one) => one.outcome === 'imported' && isInForce(one.report))
              ? await followChange(useCases)
              : [];
            print.thing({ results }, [...results.flatMap(latestLines), ...followed]);
            if (results.some(({ outcome }) => outcome === 'failed')) process.exitCode = 1;
            return;
          }
          const report = await useCases.registry.importFile(file, {
            ...asked,
            ...(date === undefined ? {} : { date }),
          });
          print.thing(report, [...importLines(report), ...(isInForce(report) ? await followChange(useCases) : [])]);
        });
      },
    );

  commandOf(registry, 'show <code>', 'a certification, in any spelling of its number (RNCP37674, "rs 6604", address)')
    .option('--on <day>', 'as the register was on that day', dayOption)
    .option('--siret <siret>', 'what it lets this provider do', siretOption)
    .action(async (options: { on?: string; siret?: string }, print: Printer, text: string) => {
      const { on, siret } = options;
      await withApp(config(), print, async ({ useCases }) => {
        const sheet = await useCases.registry.lookUp({
          text,
          ...(on === undefined ? {} : { on }),
          ...(siret === undefined ? {} : { siret }),
        });
        print.thing(sheet, sheetLines(sheet));
      });
    });

  commandOf(registry, 'diff', 'what became of the certifications between two exports; the last two without dates')
    .option('--from <day>', 'as the register was on that day', dayOption)
    .option('--to <day>', 'as the register was on that day', dayOption)
    .action(async (options: { from?: string; to?: string }, print: Printer) => {
      const { from, to } = options;
      await withApp(config(), print, async ({ useCases }) => {
        const registers = await useCases.registry.compare({
          ...(from === undefined ? {} : { from }),
          ...(to === undefined ? {} : { to }),
        });
        print.thing({ registers }, registers.flatMap(differenceLines));
      });
    });

  commandOf(
    registry,
    'import-offers <file>',
    'imports the open data of the training-account offer (CSV with SIRET and number)',
  )
    .option('--date <day>', 'day of the data, when no column says it', dayOption)
    .option('--siret-column <name>', 'column of the SIRET, when it has an unusual name')
    .option('--code-column <name>', 'column of the RNCP or RS number, when it has an unusual name')
    .option('--date-column <name>', 'column of the day of the data, when it has an unusual name')
    .option('--dry-run', 'read, write nothing', false)
    .option('--accept-losses', 'put it in force even when it has far fewer offers', false)
    .action(
      async (
        options: {
          date?: string;
          siretColumn?: string;
          codeColumn?: string;
          dateColumn?: string;
          dryRun: boolean;
          acceptLosses: boolean;
        },
        print: Printer,
        file: string,
      ) => {
        await readableFile(file);
        const { date, siretColumn, codeColumn, dateColumn, dryRun, acceptLosses } = options;
        await withApp(config(), print, async ({ useCases }) => {
          const report = await useCases.registry.importOffers(file, {
            dryRun,
            acceptLosses,
            onProgress: progressOf(print, 'lignes lues'),
            ...(date === undefined ? {} : { date }),
            columns: {
              ...(siretColumn === undefined ? {} : { siret: siretColumn }),
              ...(codeColumn === undefined ? {} : { code: codeColumn }),
              ...(dateColumn === undefined ? {} : { date: dateColumn }),
            },
          });
          const followed = report.outcome === 'in-force' ? await followChange(useCases) : [];
          print.thing(report, [
            `Offre du compte formation au ${report.date} : ${outcomeWords[report.outcome]}.`,
            `${report.rows} lignes, ${report.pairs} couples certification et organisme, ${report.others} lignes d’autres codes, ${report.refused.total} refusées.`,
            ...report.refused.examples.map(
              ({ line, field, value }) => `refusée, ligne ${line} : ${field} « ${value} »`,
            ),
            ...followed,
          ]);
        });
      },
    );
}

/** Before the database is opened. */
async function readableFile(path: string): Promise<void> {
  const found = await stat(path).catch((cause: unknown) => {
    throw new AppError('not-found', 'FILE_UNREADABLE', `Le fichier ${path} est introuvable ou illisible.`, { cause });
  });
  if (!found.isFile()) throw new AppError('invalid', 'FILE_UNREADABLE', `${path} n’est pas un fichier.`);
}

const outcomeWords: Readonly<Record<RegisterImport['outcome'], string>> = {
  'in-force': 'en vigueur',
  'would-be-in-force': 'lu sans rien écrire, serait mis en vigueur',
  'already-held': 'déjà importé, rien ne change',
  older: 'plus ancien que le registre en vigueur, non retenu',
};

const dateWords: Readonly<Record<ImportReport['dateFrom'], string>> = {
  given: 'date donnée',
  name: 'date lue dans le nom du fichier',
  content: 'aucune date dans le nom : c’est celle de l’événement le plus récent du fichier',
};

const isInForce = ({ registers }: ImportReport) => registers.some(({ outcome }) => outcome === 'in-force');

function importLines({ file, format, date, dateFrom, registers, refused, doubts }: ImportReport): string[] {
  return [
    `${file} : ${format}, export du ${date} (${dateWords[dateFrom]}).`,
    ...registers.flatMap(({ register, outcome, counts, changes, since, losses }) => [
      `${register} : ${outcomeWords[outcome]}. ${counts.records} fiches (${counts.active} actives, ${counts.ended} inactives, ${counts.stateUnknown} sans validité), ${counts.partners} partenaires, ${counts.refused} refusées.`,
      ...(outcome === 'in-force' || outcome === 'would-be-in-force'
        ? [
            `  ${since === null ? 'premier export' : `depuis celui du ${since}`} : ${changes.appeared} nouvelles, ${changes.changed} changées, ${changes.gone} disparues.`,
          ]
        : []),
      ...losses.map(({ what, held, read }) => `  perte acceptée : ${read} ${what} au lieu de ${held}.`),
    ]),
    ...refused.examples.map(
      ({ code, field, value, reason }) => `refusée, ${code ?? 'numéro illisible'} : ${field} « ${value} », ${reason}.`,
    ),
    ...doubts.examples.map(({ code, field, value }) => `douteux, ${code} : ${field} « ${value} » n’est pas lu.`),
  ];
}

function latestLines(result: LatestImport): string[] {
  const head = `${result.title} (${result.register}, ${result.date})`;
  switch (result.outcome) {
    case 'imported':
      return [`${head} :`, ...importLines(result.report)];
    case 'already-held':
      return [`${head} : déjà importé, rien ne change.`];
    case 'failed':
      return [`${head} : échec (${result.code}). ${result.message}`];
  }
}

const stateWords = { active: 'active', ended: 'n’est plus active', unknown: 'état inconnu' } as const;
const endWords = {
  living: 'remplacement en vigueur',
  'none-known': 'aucun remplacement connu',
  cycle: 'les remplacements tournent en rond',
  broken: 'un remplacement n’est pas dans le registre',
} as const;

function sheetLines({ record, life, registerDate, successors, partners, habilitation }: CertificationSheet): string[] {
  return [
    `${record.code} ${record.title}`,
    `Niveau : ${record.level ?? (record.register === 'RS' ? 'pas de niveau' : 'inconnu')}`,
    `État : ${stateWords[life.state]}, fin d’enregistrement : ${record.endOfRegistration ?? 'inconnue'}`,
    `Registre du ${registerDate ?? record.seen?.to ?? '(non lu)'}${registerDate === null ? ' (échantillon livré avec la plateforme)' : ''}`,
    `Certificateurs : ${record.certifiers.map(({ name }) => name).join(' ; ') || 'inconnus'}`,
    `Blocs : ${record.blocks.length}, partenaires : ${partners.total} dont ${partners.active} actifs`,
    `Remplacée par : ${record.replacedBy.join(', ') || 'rien'} (chaîne : ${successors.codes.join(' → ') || 'vide'}, ${endWords[successors.end]})`,
    ...(record.seen === null ? [] : [`Fiche identique du ${record.seen.from} au ${record.seen.to}`]),
    ...(habilitation === undefined
      ? []
      : [
          `SIRET ${habilitation.siret} : habilitation ${habilitation.value ?? 'illisible'}, offre au compte formation : ${offeredWords(habilitation.offered)}`,
        ]),
  ];
}

const offeredWords = (offered: boolean | null) => (offered === null ? 'inconnue' : offered ? 'oui' : 'non');

function differenceLines(difference: RegisterDifference): string[] {
  const { register, from, to, appeared, gone, ended, changed, replaced } = difference;
  return [
    `${register}, du ${from} au ${to} : ${appeared.length} nouvelles, ${ended.length} terminées, ${changed.length} changées, ${replaced.length} remplacées, ${gone.length} disparues.`,
    ...appeared.map(({ code, title }) => `nouvelle   ${code} ${title}`),
    ...ended.map(
      ({ code, title, endOfRegistration }) => `terminée   ${code} ${title}, fin ${endOfRegistration ?? 'inconnue'}`,
    ),
    ...replaced.map(({ code, by }) => `remplacée  ${code} par ${by.join(', ')}`),
    ...changed.map(({ code, fields }) => `changée    ${code} : ${fields.join(', ')}`),
    ...gone.map(({ code, title }) => `disparue   ${code} ${title}`),
  ];
}
