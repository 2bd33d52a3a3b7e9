/**
 * `eligibility …`: what the training account pays. From files alone, without database or network, unless `--database` asks
 * for the rules as rule editors published them.
 */
import { readFile } from 'node:fs/promises';
import type { Command } from 'commander';
import { loadRules } from '../eligibility/data.ts';
import { frenchDate, isDay } from '../eligibility/model/dates.ts';
import { frenchFact } from '../eligibility/model/paths.ts';
import { periodOf, type RuleSet } from '../eligibility/model/rule-set.ts';
import { euros } from '../eligibility/model/rules/wording.ts';
import type { TraceEntry, Verdict } from '../eligibility/model/verdict.ts';
import { type AssessedCase, assessCases, checkCases } from '../eligibility/use-cases.ts';
import { AppError } from '../errors.ts';
import type { Printer } from './output.ts';
import { commandOf } from './program.ts';

interface RulesOption {
  readonly database: boolean;
}
const withDatabase = [
  '--database',
  'with the rule versions published in the database, not those of the file alone',
] as const;

/**
 * @param published the rules of the database; it is opened by that call only
 * @returns the group, for the commands that need the platform
 */
export function eligibilityCommands(program: Command, published: (print: Printer) => Promise<RuleSet>): Command {
  const group = program.command('eligibility').description('what the training account (CPF) pays, and why');

  async function rulesFor({ database }: RulesOption, print: Printer): Promise<RuleSet> {
    if (!database) return loadRules();
    const rules = await published(print);
    print.progress(`Règles de la base, version ${rules.version}.`);
    return rules;
  }

  commandOf(group, 'check', 'answers a file of cases {"cas":[{id,entree,attendu?}]}')
    .option('--cases <path>', 'file of cases, JSON')
    .option(...withDatabase, false)
    .action(async (options: RulesOption & { cases?: string }, print: Printer) => {
      const input = await readJson(options.cases, '--cases');
      const rules = await rulesFor(options, print);
      if (print.json) {
        const answers = checkCases(input, rules);
        print.thing(answers, []);
        if (answers.results.some((one) => 'errors' in one)) process.exitCode = 1;
        return;
      }
      const cases = assessCases(input, rules);
      print.list(cases, columns, 'Aucun cas dans ce fichier.');
      if (cases.some((one) => 'errors' in one || (one.differences ?? []).length > 0)) process.exitCode = 1;
    });

  commandOf(group, 'explain', 'every rule looked at for one case, in plain French')
    .option('--case <path>', 'one case {id,entree}, one dossier, or a file of cases, JSON')
    .option('--id <id>', 'which case of the file; the first unless told')
    .option(...withDatabase, false)
    .action(async (options: RulesOption & { case?: string; id?: string }, print: Printer) => {
      const input = asCases(await readJson(options.case, '--case'));
      const rules = await rulesFor(options, print);
      const cases = assessCases(input, rules);
      const found = options.id === undefined ? cases[0] : cases.find(({ id }) => String(id) === options.id);
      if (found === undefined) {
        const which = options.id === undefined ? 'aucun cas' : `pas de cas ${options.id}`;
        throw new AppError('not-found', 'CASE_UNKNOWN', `Il n'y a ${which} dans ce fichier.`);
      }
      if ('errors' in found) {
        print.thing(found, ['Dossier refusé :', ...found.errors.map(({ path, message }) => `  ${path} : ${message}`)]);
        process.exitCode = 1;
        return;
      }
      print.thing({ id: found.id, ...found.verdict }, explained(found.verdict, rules));
    });

  commandOf(group, 'rules', 'the rules and values in force on a day')
    .option('--on <date>', 'YYYY-MM-DD; today unless told')
    .option(...withDatabase, false)
    .action(async (options: RulesOption & { on?: string }, print: Printer) => {
      const on = options.on ?? new Date().toISOString().slice(0, 10);
      if (!isDay(on)) throw new AppError('invalid', 'DATE', `« ${on} » n'est pas une date AAAA-MM-JJ qui existe.`);
      const { rules } = await rulesFor(options, print);
      const current = rules.flatMap(({ id, condition, versions }) =>
        versions
          .filter(({ from, to }) => from <= on && (to === null || on <= to))
          .map((version) => ({ id, condition, ...version, period: periodOf(version) })),
      );
      print.list(
        current,
        [
          { title: 'règle', of: ({ id }) => id },
          { title: 'période', of: ({ period }) => period },
          { title: 'valeurs', of: ({ parameters }) => valuesIn(parameters) },
          { title: 'certitude', of: ({ legalBasis }) => certainties[legalBasis.certainty] },
          { title: 'référence', of: ({ legalBasis }) => legalBasis.reference },
          { title: 'condition', of: ({ condition }) => condition },
        ],
        `Aucune règle n'est en vigueur le ${frenchDate(on)}.`,
      );
    });
  return group;
}

const certainties = { H: 'élevée', M: 'moyenne', L: 'faible', K: 'droit général' } as const;

async function readJson(path: string | undefined, option: string): Promise<unknown> {
  if (path === undefined) throw new AppError('invalid', 'CASES_FILE', `Donnez ${option} FICHIER.json.`);
  const bytes = await readFile(path).catch((cause: unknown) => {
    throw new AppError('not-found', 'FILE_UNREADABLE', `Le fichier ${path} est introuvable ou illisible.`, { cause });
  });
  const text = utf8(bytes, path);
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new AppError('invalid', 'FILE_NOT_JSON', `Le fichier ${path} n'est pas du JSON.`, { cause });
  }
}

/** Without its byte order mark. Another encoding is refused: read as UTF-8, its letters would be lost without a word. */
function utf8(bytes: Uint8Array, path: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (cause) {
    const message = `Le fichier ${path} n'est pas en UTF-8 : enregistrez-le dans cet encodage.`;
    throw new AppError('invalid', 'FILE_NOT_UTF8', message, { cause });
  }
}

/** A file of cases as it is; one case, or one dossier, as a file of one. */
function asCases(input: unknown): unknown {
  if (input === null || typeof input !== 'object' || 'cas' in input) return input;
  return { cas: ['entree' in input ? input : { id: 'dossier', entree: input }] };
}

function valuesIn(parameters: Readonly<Record<string, unknown>>): string {
  return Object.entries(parameters)
    .map(([name, value]) => `${name} ${Array.isArray(value) ? value.join(', ') : String(value).replace('.', ',')}`)
    .join(' ; ');
}

const verdictOf = (one: AssessedCase): Verdict | null => ('errors' in one ? null : one.verdict);
const amount = (cents: number | null | undefined): string => (typeof cents === 'number' ? euros(cents) : 'inconnu');

function comparison(one: AssessedCase): string {
  if ('errors' in one) return `refusé : ${one.errors.map(({ path, message }) => `${path} : ${message}`).join(' ')}`;
  if (one.differences === null) return 'pas de réponse attendue';
  return one.differences.length === 0 ? 'comme attendu' : `différent : ${one.differences.join(', ')}`;
}

const columns = [
  { title: 'cas', of: (one: AssessedCase) => String(one.id) },
  { title: 'cpf', of: (one: AssessedCase) => verdictOf(one)?.cpf ?? 'refusé' },
  { title: 'règles', of: (one: AssessedCase) => verdictOf(one)?.regles.join(', ') ?? '' },
  { title: 'manquants', of: (one: AssessedCase) => verdictOf(one)?.manquants.join(', ') ?? '' },
  { title: 'droits', of: (one: AssessedCase) => amount(verdictOf(one)?.droitsMobilisables) },
  { title: 'reste', of: (one: AssessedCase) => amount(verdictOf(one)?.resteACharge) },
  { title: 'accès', of: (one: AssessedCase) => verdictOf(one)?.acces ?? '' },
  { title: 'comparaison', of: comparison },
];

const cpfWords = { oui: 'oui', non: 'non', indecidable: 'indécidable', hors_perimetre: 'hors périmètre' } as const;
const dueWords = (due: boolean | null) => (due === null ? 'inconnue' : 'non due');

function traceLines({ ruleId, version, finding }: TraceEntry, rules: RuleSet): string[] {
  const rule = rules.byId.get(ruleId);
  const head = `${ruleId} (${version === null ? 'valeur inconnue à cette date' : `version du ${frenchDate(version)}`})`;
  const condition = rule?.condition ?? '';
  switch (finding.result) {
    case 'met':
      return [`[vu] ${head} ${condition}`];
    case 'unknown':
      return [
        `[?]  ${head} ${condition}`,
        `     Impossible de décider : il manque ${finding.missing.map(frenchFact).join(', ')}.`,
      ];
    case 'not-met':
      return [
        `[non] ${head} ${finding.reason}`,
        `     Reçu : ${finding.received}. Il faut : ${finding.expected}. Source : ${finding.reference}.`,
        `     Ce qui changerait la réponse : ${rule?.remedy ?? 'rien ne changerait cette réponse pour ce cours.'}`,
      ];
  }
}

function moneyLines({ cpf, plafond, participation, trace, ...money }: Verdict): string[] {
  const rest = [
    `Droits utilisables : ${amount(money.droitsMobilisables)}`,
    `Reste à payer : ${amount(money.resteACharge)}`,
  ];
  if (cpf === 'non' || cpf === 'hors_perimetre') return rest;
  const capUnknown = trace.some(({ ruleId, finding }) => ruleId === 'F-02' && finding.result === 'unknown');
  const due = participation.due === true ? `due, ${amount(participation.montant)}` : dueWords(participation.due);
  return [
    `Plafond : ${plafond === null ? (capUnknown ? 'inconnu' : 'aucun') : euros(plafond)}`,
    `Participation : ${due}`,
    ...rest,
  ];
}

function explained(verdict: Verdict, rules: RuleSet): string[] {
  return [
    `Réponse au ${frenchDate(verdict.date)} : ${cpfWords[verdict.cpf]}`,
    ...verdict.trace.flatMap((one) => traceLines(one, rules)),
    ...verdict.conditions.map(({ ruleId, text }) => `[si] ${ruleId} ${text}`),
    ...moneyLines(verdict),
    ...(verdict.manquants.length === 0 ? [] : [`Il manque : ${verdict.manquants.map(frenchFact).join(', ')}.`]),
    `Règles au ${frenchDate(rules.asOf)}, version ${verdict.rulesVersion}.`,
    'Information indicative : seul Mon Compte Formation fait foi.',
  ];
}
