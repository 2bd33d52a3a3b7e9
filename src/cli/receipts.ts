/** `eligibility verify | batch`, `keys …`: receipts and lists from the command line. */
import { createReadStream } from 'node:fs';
import { access, readFile } from 'node:fs/promises';
import type { Command } from 'commander';
import { z } from 'zod';
import type { App } from '../app.ts';
import type { Config } from '../config.ts';
import { AppError } from '../errors.ts';
import type { ListAnswer } from '../funding/model/list-answer.ts';
import { readVerification, type Verification, verificationSentence } from '../funding/model/verification.ts';
import { wireAnswer } from '../funding/model/wire.ts';
import { csvOf } from '../funding/use-cases/list-csv.ts';
import { mostSent } from '../funding/use-cases/lists.ts';
import { readList } from '../funding/use-cases/read-list.ts';
import { type Jwks, jwksSchema, type KeysGiven, readSigned } from '../platform/signature.ts';
import { withApp } from './harvest.ts';
import type { Printer } from './output.ts';
import { commandOf } from './program.ts';

/** @param group `eligibility` */
export function receiptCommands(program: Command, group: Command, config: () => Config): void {
  commandOf(group, 'verify <file>', 'a receipt (its JSON, or its signature alone), without us: is it what was signed?')
    .option(
      '--jwks <path>',
      'public keys, as /.well-known/jwks.json gives them; those of this installation unless told',
    )
    .action(async (options: { jwks?: string }, print: Printer, file: string) => {
      const given = await textOf(file);
      const keys = options.jwks === undefined ? await ownKeys(config(), print) : await keysOf(options.jwks);
      const verification = await readVerification(given, (jws) => readSigned(jws, keys));
      print.thing(asJson(verification), verificationSentence(verification));
      if (!verification.valid) process.exitCode = 1;
    });

  commandOf(group, 'batch <file>', 'answers a list (CSV: code, siret, date, prix, reference, or one bare column)')
    .option('--date <date>', 'YYYY-MM-DD, for the lines without a date; today unless told')
    .option('--receipts', 'one receipt for each line with a verdict', false)
    .action(async (options: { date?: string; receipts: boolean }, print: Printer, file: string) => {
      await withApp(config(), print, async (app) => {
        const answers = await answersOf(app, file, options, print);
        const verdicts = await app.verdicts();
        if (print.json) print.thing({ reponses: answers.map(wireAnswer), total: answers.length }, []);
        else {
          const register = (await app.register.state()).date;
          for await (const row of csvOf(answers, options.date ?? verdicts.today(), register)) process.stdout.write(row);
        }
        if (answers.some(({ verdict }) => verdict === null)) process.exitCode = 1;
      });
    });

  const keys = program.command('keys').description('the keys that sign receipts');

  commandOf(keys, 'show', 'public keys, as /.well-known/jwks.json gives them').action(
    async (_options, print: Printer) => {
      const jwks = await ownKeys(config(), print);
      print.thing(jwks, [JSON.stringify(jwks, null, 2)]);
    },
  );

  commandOf(keys, 'rotate', 'receipts are signed with a new key; former ones go on verifying what they signed').action(
    async (_options, print: Printer) => {
      await withApp(config(), print, async (app) => {
        const { signer, audit } = await app.people();
        const { kid, retired } = await signer.rotate();
        await audit.record({ actor: null, act: 'receipt-key.rotate', target: null });
        print.thing({ kid, retired }, [
          `Clé de signature : ${kid}.`,
          ...(retired === null
            ? []
            : [`L'ancienne (${retired}) ne signe plus ; les reçus déjà signés restent vérifiables.`]),
        ]);
      });
    },
  );
}

/** Pieces, so that progress is told and memory stays flat. */
const piece = 500;

async function answersOf(
  app: App,
  file: string,
  { date, receipts }: { readonly date?: string; readonly receipts: boolean },
  print: Printer,
): Promise<readonly ListAnswer[]> {
  const verdicts = await app.verdicts();
  const today = verdicts.today();
  if (date !== undefined && !z.iso.date().safeParse(date).success)
    throw new AppError('invalid', 'DATE', `« ${date} » n'est pas une date AAAA-MM-JJ qui existe.`);
  await readable(file);
  const tools = { parseSiret: verdicts.parseSiret, defaultDate: date ?? today, today };
  const limit = { mostLines: mostSent, tooMany: 'Une liste compte 100 000 lignes au plus.' };
  const { lines, ignored } = await readList(createReadStream(file), tools, limit);
  if (ignored.length > 0) print.progress(`Colonnes non lues : ${ignored.join(', ')}`);
  const answers: ListAnswer[] = [];
  for (let at = 0; at < lines.length; at += piece) {
    const judged = await verdicts.judge(lines.slice(at, at + piece));
    answers.push(...(receipts ? await verdicts.withReceipts(judged) : judged.map(({ answer }) => answer)));
    if (at % (piece * 10) === 0 || at + piece >= lines.length)
      print.progress(`${answers.length} lignes sur ${lines.length}`);
  }
  return answers;
}

async function readable(path: string): Promise<void> {
  await access(path).catch((cause: unknown) => {
    throw new AppError('not-found', 'FILE_UNREADABLE', `Le fichier ${path} est introuvable ou illisible.`, { cause });
  });
}

async function textOf(path: string): Promise<string> {
  const text = await readFile(path, 'utf8').catch((cause: unknown) => {
    throw new AppError('not-found', 'FILE_UNREADABLE', `Le fichier ${path} est introuvable ou illisible.`, { cause });
  });
  return text.replace(/^\uFEFF/, '').trim();
}

async function keysOf(path: string): Promise<KeysGiven> {
  const text = await textOf(path);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new AppError('invalid', 'FILE_NOT_JSON', `Le fichier ${path} n'est pas du JSON.`, { cause });
  }
  const keys = jwksSchema.safeParse(value);
  if (!keys.success)
    throw new AppError('invalid', 'NOT_JWKS', `Le fichier ${path} n'est pas un fichier de clés : {"keys":[…]}.`);
  return keys.data;
}

async function ownKeys(config: Config, print: Printer): Promise<Jwks> {
  return withApp(config, print, async (app) => (await app.people()).signer.jwks());
}

function asJson(verification: Verification) {
  if (!verification.valid) return verification;
  const { receipt, ...rest } = verification;
  return {
    ...rest,
    code: receipt.code,
    issuedAt: receipt.issuedAt,
    date: receipt.date,
    ...(receipt.format === 1
      ? { verdict: receipt.answer.verdict }
      : {
          steps: receipt.steps.map(({ id, title, chosen }) => ({ id, title, verdict: chosen?.answer.verdict ?? null })),
          total: receipt.total,
        }),
  };
}
