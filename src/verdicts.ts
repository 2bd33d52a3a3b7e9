/**
 * The part of the composition root that judges and proves: lines of lists, receipts with their keys, and the programs' API.
 * Opened by the server, by jobs and by the commands that need it.
 */
import { createHmac, randomBytes } from 'node:crypto';
import type { App } from './app.ts';
import { type AimParts, makeAims } from './catalogue/use-cases/aims.ts';
import type { Funding } from './catalogue/use-cases/funding.ts';
import type { Config } from './config.ts';
import { readDossier } from './eligibility/model/dossier.ts';
import type { Rules } from './eligibility/use-cases/rules.ts';
import type { Register } from './framework/registry/model.ts';
import { apiRoutes } from './funding/api.ts';
import type { ListAnswer } from './funding/model/list-answer.ts';
import type { ListStore } from './funding/store/lists.ts';
import type { ReceiptStore } from './funding/store/receipts.ts';
import { type JudgedLine, makeJudgeLines } from './funding/use-cases/judging.ts';
import { makeLists } from './funding/use-cases/lists.ts';
import { makeFindJudgedPathway } from './funding/use-cases/pathway-subjects.ts';
import { makeReceipts } from './funding/use-cases/receipts.ts';
import { makeFindJudgedAim } from './funding/use-cases/subjects.ts';
import { parseSiret } from './harvest/parse/codes.ts';
import type { Pathway } from './pathways/model.ts';
import { makeFindOfferedPathway } from './pathways/use-cases/aim.ts';
import { type Lock, takeLock } from './platform/lock.ts';
import type { Log } from './platform/log.ts';
import { remembered } from './platform/remembered.ts';
import type { Secrets } from './platform/secrets.ts';
import type { Signer } from './platform/signature.ts';
import { isoDay } from './platform/web/format.ts';
import { productVersion } from './user-agent.ts';

export type Verdicts = ReturnType<typeof makeVerdicts>;

/** Lines answered in one write. */
const pieceSize = 500;
/** A killed process leaves a list to another one after this. */
const lockSeconds = 30;
const registerDateMs = 30_000;

export interface VerdictParts {
  readonly config: Pick<Config, 'publicUrl' | 'rateLimitPerMinute' | 'batchLimitPerMinute'>;
  readonly log: Log;
  readonly courses: AimParts['courses'];
  readonly register: Register;
  readonly funding: Funding;
  readonly rules: Pick<Rules, 'current' | 'byVersion'>;
  readonly pathways: { bySlug(slug: string): Promise<Pathway> };
  readonly secrets: Pick<Secrets, 'derived'>;
  readonly signer: Signer;
  readonly receiptStore: ReceiptStore;
  readonly listStore: ListStore;
  readonly lock: (name: string, seconds: number) => Promise<Lock | null>;
  /** How long a list is kept. */
  readonly listDays: number;
  readonly now: () => Date;
}

export async function openVerdicts(
  app: Pick<App, 'config' | 'log' | 'database' | 'courses' | 'register' | 'funding' | 'rules' | 'people'> &
    Pick<VerdictParts, 'pathways'>,
): Promise<Verdicts> {
  const { secrets, signer, receiptStore, listStore, retention } = await app.people();
  return makeVerdicts({
    ...app,
    secrets,
    signer,
    receiptStore,
    listStore,
    lock: (name, seconds) => takeLock(app.database.connection, name, seconds),
    listDays: retention.rules.find(({ what }) => what === 'checked-lists')?.days ?? 1,
    now: () => new Date(),
  });
}

export function makeVerdicts(parts: VerdictParts) {
  const { config, log, courses, register, funding, rules, secrets, signer, receiptStore, listStore, now } = parts;
  const today = () => isoDay(now());
  const registerDate = remembered(async () => (await register.state()).date, registerDateMs);
  const aims = makeAims({ courses, funding, register, registerDate, now });
  const aimOf = makeFindJudgedAim({ findAim: aims.find, courses, funding, register, now });
  const offered = makeFindOfferedPathway({ pathways: parts.pathways, courses, aims });
  const judge = makeJudgeLines({ courses, funding, rules: rules.current, registerDate });
  const [codeSecret = ''] = secrets.derived('receipt-codes');
  const receipts = makeReceipts({
    receipts: receiptStore,
    signer,
    rules,
    registerDate,
    aimOf,
    pathwayOf: makeFindJudgedPathway({ offered, register, now }),
    codeBytes: (origin, attempt) =>
      origin === null ? randomBytes(6) : createHmac('sha256', codeSecret).update(`${origin} ${attempt}`).digest(),
    now,
    today,
  });

  async function receiptOf(
    judged: NonNullable<JudgedLine['judged']>,
    asked: { readonly origin?: string; readonly by: string | null },
  ): Promise<string> {
    const read = readDossier(judged.dossier);
    if (!read.ok) throw new Error(`a judged dossier is refused: ${JSON.stringify(read.errors)}`);
    const about = await aimOf(judged.ref, read.dossier.date);
    const { code } = await receipts.issue({ dossier: read.dossier, about, balanceIncluded: false, ...asked });
    return code;
  }

  async function withReceipts(lines: readonly JudgedLine[]): Promise<readonly ListAnswer[]> {
    const answers: ListAnswer[] = [];
    for (const { answer, judged } of lines)
      answers.push(judged === null ? answer : { ...answer, receipt: await receiptOf(judged, { by: null }) });
    return answers;
  }

  let wake = () => {};
  const lists = makeLists({
    lists: listStore,
    judge,
    receiptOf: ({ origin, by, ...judged }) => receiptOf(judged, { origin, by }),
    lock: (name) => parts.lock(name, lockSeconds),
    parseSiret,
    newId: () => randomBytes(12).toString('hex'),
    wake: () => wake(),
    keepHours: 24 * parts.listDays,
    pieceSize,
    now,
    today,
  });

  return {
    aims,
    offered,
    receipts,
    registerDate,
    lists,
    judge,
    withReceipts,
    aimOf,
    parseSiret,
    today,
    api: () =>
      apiRoutes({
        rules: rules.current,
        registerDate,
        judge,
        withReceipts,
        parseSiret,
        publicUrl: config.publicUrl,
        version: productVersion,
        perMinute: config.rateLimitPerMinute,
        batchesPerMinute: config.batchLimitPerMinute,
        log,
        today,
      }),
    /** Answers lists in the background, also those that a dead process left. @returns ends it, after the piece under way */
    workOnLists(): () => Promise<void> {
      const abort = new AbortController();
      let working: Promise<void> = Promise.resolve();
      const work = () => {
        working = working.then(async () => {
          try {
            if (!abort.signal.aborted) await lists.work(abort.signal);
          } catch (err) {
            if (!abort.signal.aborted) log.error({ err }, 'a list could not be answered; it will be tried again');
          }
        });
      };
      wake = work;
      work();
      const timer = setInterval(work, lockSeconds * 1_000);
      return async () => {
        clearInterval(timer);
        abort.abort(new Error('arrêt du serveur'));
        await working;
      };
    },
  };
}
