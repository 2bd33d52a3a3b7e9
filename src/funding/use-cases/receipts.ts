/** Receipts: issued for anybody, read by whoever has the code, recomputed at their date and today. */
import { createHash } from 'node:crypto';
import type { Told } from '../../eligibility/model/aim.ts';
import { assess } from '../../eligibility/model/assess.ts';
import type { IsoDate } from '../../eligibility/model/dates.ts';
import { type Dossier, readDossier } from '../../eligibility/model/dossier.ts';
import type { RuleSet } from '../../eligibility/model/rule-set.ts';
import type { Verdict } from '../../eligibility/model/verdict.ts';
import type { Rules } from '../../eligibility/use-cases/rules.ts';
import { AppError } from '../../errors.ts';
import { type PathwayVerdict, pathwayVerdict } from '../../pathways/model/verdict.ts';
import { type Jwks, readSigned, type Signer } from '../../platform/signature.ts';
import { type Actor, requireRight } from '../../rights.ts';
import { type AnyReceipt, readReceipt } from '../model/any-receipt.ts';
import { type Change, changesBetween } from '../model/changes.ts';
import { codeOf, readCode } from '../model/code.ts';
import {
  answerOfReceipt,
  judgeAgain,
  keptSteps,
  keptTelling,
  type PathwayAnswer,
  type PathwayReceipt,
  pathwayAnswerOf,
  pathwayAnswerText,
  pathwayChanges,
  pathwayVerdictOf,
  toldDossier,
  toldIn,
  totalOf,
} from '../model/pathway-receipt.ts';
import { answerOf, answerText, keptDossier, type Receipt, verdictOf } from '../model/receipt.ts';
import type { Incident, ReceiptStore, StoredReceipt } from '../store/receipts.ts';
import type { FindJudgedPathway } from './pathway-subjects.ts';
import type { FindJudgedAim, JudgedAim } from './subjects.ts';

export interface ReceiptRequest {
  readonly dossier: Dossier;
  /** What it is about; null: a dossier that names nothing of ours. */
  readonly about: Pick<JudgedAim, 'subject' | 'dates' | 'sessionStart' | 'blocksDeclared' | 'supposed'> | null;
  /** The owner of the balance ticked to have it in. */
  readonly balanceIncluded: boolean;
  /** Account that asks, or null. */
  readonly by: string | null;
  /** Of a line of a list: the code is drawn from it, so that asking twice gives one receipt. */
  readonly origin?: string;
}

export interface PathwayReceiptRequest {
  /** `parcours:<slug>`. */
  readonly ref: string;
  readonly date: IsoDate;
  readonly told: Told;
  readonly balanceIncluded: boolean;
  readonly by: string | null;
}

export interface SignedText {
  readonly jws: string;
  /** SHA-256, hexadecimal, of the signed text. */
  readonly fingerprint: string;
  /** Key that signed it. */
  readonly kid: string;
}

export interface ReceiptPage extends SignedText {
  readonly receipt: Receipt;
  /** The dossier it holds, read. */
  readonly dossier: Dossier;
  /** The verdict that it gave, amounts in cents, as it was. */
  readonly verdict: Verdict;
  /** The rules that it was made with. */
  readonly rules: RuleSet;
}

export interface PathwayReceiptPage extends SignedText {
  readonly receipt: PathwayReceipt;
  /** The person and the aids it was told, read. */
  readonly dossier: Dossier;
  /** The verdict that it gave, amounts in cents, as it was. */
  readonly verdict: PathwayVerdict;
  readonly rules: RuleSet;
}

export type AtItsDate = { readonly same: true } | { readonly same: false; readonly incident: Incident };

export type Today =
  | {
      readonly kind: 'judged';
      readonly dossier: Dossier;
      readonly verdict: Verdict;
      readonly rules: RuleSet;
      readonly about: JudgedAim | null;
      /** The answer is the same, whatever changed. */
      readonly same: boolean;
      readonly changes: readonly Change[];
    }
  /** What it was about is no longer offered. */
  | { readonly kind: 'gone'; readonly rules: RuleSet };

export type PathwayToday =
  | {
      readonly kind: 'judged';
      readonly date: IsoDate;
      readonly verdict: PathwayVerdict;
      readonly rules: RuleSet;
      readonly same: boolean;
      readonly changes: readonly Change[];
    }
  | { readonly kind: 'gone'; readonly rules: RuleSet };

export type ReceiptReading =
  | { readonly kind: 'receipt'; readonly page: ReceiptPage }
  | { readonly kind: 'pathway'; readonly page: PathwayReceiptPage }
  /** `mistyped`: of the shape of a code, and its check is wrong. */
  | { readonly kind: 'unknown'; readonly mistyped: boolean }
  | { readonly kind: 'erased'; readonly code: string; readonly at: Date }
  /** What is stored is not what was signed, or cannot be read any more: it proves nothing. */
  | { readonly kind: 'broken'; readonly code: string; readonly incident: Incident };

export interface Receipts {
  issue(request: ReceiptRequest): Promise<Receipt>;
  /** null: that pathway is unknown, no longer offered, or what was told cannot be read. */
  issuePathway(request: PathwayReceiptRequest): Promise<PathwayReceipt | null>;
  /** @param typed in any spelling that `readCode` reads */
  read(typed: string): Promise<ReceiptReading>;
  /** With the rules it was made with; a difference is an incident, recorded once. */
  recomputeAtItsDate(page: ReceiptPage): Promise<AtItsDate>;
  /** With the rules, the register and the course of today; the person as it was. */
  recomputeToday(page: ReceiptPage): Promise<Today>;
  recomputePathwayAtItsDate(page: PathwayReceiptPage): Promise<AtItsDate>;
  /** With the courses that the steps offer today; the person as it was. */
  recomputePathwayToday(page: PathwayReceiptPage): Promise<PathwayToday>;
  jwks(): Promise<Jwks>;
  /** The own last ones. @throws AppError without the right */
  mine(actor: Actor): Promise<readonly Pick<StoredReceipt, 'code' | 'issuedAt'>[]>;
  /** For operators. @throws AppError without the right */
  incidents(actor: Actor, page: number): Promise<{ readonly incidents: readonly Incident[]; readonly more: boolean }>;
}

export interface ReceiptParts {
  readonly receipts: ReceiptStore;
  readonly signer: Pick<Signer, 'sign' | 'jwks'>;
  readonly rules: Pick<Rules, 'current' | 'byVersion'>;
  readonly registerDate: () => Promise<string | null>;
  /** Null: unknown, or no longer offered. */
  readonly aimOf: FindJudgedAim;
  readonly pathwayOf: FindJudgedPathway;
  /** Six bytes at least; `origin` null: at random. */
  readonly codeBytes: (origin: string | null, attempt: number) => Uint8Array;
  readonly now: () => Date;
  /** YYYY-MM-DD in Paris. */
  readonly today: () => string;
}

const attempts = 20;
const shown = 10;
export const incidentsPerPage = 50;

const fingerprintOf = (text: string) => createHash('sha256').update(text).digest('hex');

export function makeReceipts(parts: ReceiptParts): Receipts {
  const { receipts, signer, rules: ruleSets, registerDate, aimOf, pathwayOf, codeBytes, now, today } = parts;

  async function incident(code: string, kind: Incident['kind'], rulesVersion: string | null): Promise<Incident> {
    return receipts.addIncident({ code, kind, at: now(), rulesVersion });
  }

  async function opened({ code, jws }: { readonly code: string; readonly jws: string }): Promise<ReceiptReading> {
    const signed = await readSigned(jws, await signer.jwks());
    const receipt = signed.ok ? readReceipt(signed.text) : null;
    const altered = async (): Promise<ReceiptReading> => ({
      kind: 'broken',
      code,
      incident: await incident(code, 'altered', null),
    });
    if (!signed.ok || receipt === null || receipt.code !== code) return altered();
    const rules = await ruleSets.byVersion(receipt.rules.version);
    if (rules === null)
      return { kind: 'broken', code, incident: await incident(code, 'rules-unreadable', receipt.rules.version) };
    const text = { jws, fingerprint: fingerprintOf(signed.text), kid: signed.kid };
    if (receipt.format === 2) {
      const dossier = toldDossier(receipt);
      if (dossier === null) return altered();
      const verdict = pathwayVerdictOf(receipt, judgeAgain(receipt, receipt.date, rules));
      return { kind: 'pathway', page: { receipt, dossier, verdict, rules, ...text } };
    }
    const reading = readDossier(receipt.dossier);
    if (!reading.ok) return altered();
    const { dossier } = reading;
    return { kind: 'receipt', page: { receipt, dossier, verdict: verdictOf(receipt.answer, receipt), rules, ...text } };
  }

  /** Signs and writes it under a free code. @returns what was written, or was already for that origin */
  async function keep<Kept extends AnyReceipt>(
    make: (code: string) => Kept,
    { issuedAt, by, origin }: { readonly issuedAt: Date; readonly by: string | null; readonly origin: string | null },
  ): Promise<AnyReceipt> {
    for (let attempt = 0; attempt < attempts; attempt += 1) {
      const code = codeOf(codeBytes(origin, attempt));
      const receipt = make(code);
      const jws = await signer.sign(JSON.stringify(receipt));
      if (await receipts.add({ code, jws, issuedAt, by, origin })) return receipt;
      const taken = origin === null ? null : await receipts.byCode(code);
      if (taken?.origin !== origin || taken?.jws === null || taken === null) continue;
      const again = await opened({ code, jws: taken.jws });
      if (again.kind === 'receipt') return again.page.receipt;
    }
    throw new AppError('unavailable', 'CODES_EPUISES', "Aucun code n'est libre. Réessayez dans un instant.");
  }

  return {
    async issue({ dossier: asked, about, balanceIncluded, by, origin }) {
      const input = keptDossier(asked, { balance: balanceIncluded });
      const reading = readDossier(input);
      if (!reading.ok) throw new Error(`a dossier that was read is refused: ${JSON.stringify(reading.errors)}`);
      const rules = ruleSets.current();
      const verdict = assess(reading.dossier, reading.dossier.date, rules);
      const issuedAt = now();
      const { priceCorrection } = about?.dates ?? {};
      const content = {
        issuedAt: issuedAt.toISOString(),
        date: verdict.date,
        dates: {
          register: (await registerDate()) ?? about?.dates.register ?? null,
          provider: about?.dates.provider ?? null,
          price: about?.dates.price ?? null,
          ...(priceCorrection === undefined ? {} : { priceCorrection }),
        },
        sessionStart: about?.sessionStart ?? null,
        blocksDeclared: about?.blocksDeclared ?? null,
        supposed: about?.supposed ?? null,
        rules: { version: rules.version, asOf: rules.asOf },
        subject: about?.subject ?? null,
        dossier: { ...input },
        balanceIncluded: balanceIncluded && (reading.dossier.personne?.soldeCpf ?? null) !== null,
        answer: answerOf(verdict),
      };
      const kept = await keep((code): Receipt => ({ format: 1, code, ...content }), {
        issuedAt,
        by,
        origin: origin ?? null,
      });
      if (kept.format !== 1) throw new Error(`the receipt of a line is that of a pathway: ${kept.code}`);
      return kept;
    },

    async issuePathway({ ref, date, told: given, balanceIncluded, by }) {
      const told = keptTelling(given, date, { balance: balanceIncluded });
      const pathway = told === null ? null : await pathwayOf(ref, date);
      if (told === null || pathway === null) return null;
      const rules = ruleSets.current();
      const verdict = pathwayVerdict(pathway.steps, toldIn(told), date, rules);
      const steps = keptSteps(verdict, pathway.subjectOf);
      const issuedAt = now();
      const { label, href } = pathway;
      const content = {
        issuedAt: issuedAt.toISOString(),
        date,
        dates: { register: await registerDate() },
        rules: { version: rules.version, asOf: rules.asOf },
        subject: { ref, label, href },
        told,
        balanceIncluded: (told.personne?.soldeCpf ?? null) !== null,
        steps,
        total: totalOf(verdict),
      };
      const kept = await keep((code): PathwayReceipt => ({ format: 2, code, ...content }), {
        issuedAt,
        by,
        origin: null,
      });
      return kept.format === 2 ? kept : null;
    },

    async read(typed) {
      const reading = readCode(typed);
      if (reading.kind !== 'code') return { kind: 'unknown', mistyped: reading.kind === 'mistyped' };
      const found = await receipts.byCode(reading.code);
      if (found === null) return { kind: 'unknown', mistyped: false };
      const { code, jws, erasedAt } = found;
      return jws === null ? { kind: 'erased', code, at: erasedAt ?? now() } : opened({ code, jws });
    },

    async recomputeAtItsDate({ receipt, dossier, rules }) {
      const again = answerOf(assess(dossier, receipt.date, rules));
      if (answerText(again) === answerText(receipt.answer)) return { same: true };
      return { same: false, incident: await incident(receipt.code, 'different', rules.version) };
    },

    async recomputeToday({ receipt, dossier, verdict: then }) {
      const rules = ruleSets.current();
      const date = today();
      const aim = receipt.subject === null ? null : await aimOf(receipt.subject.ref, date);
      if (receipt.subject !== null && aim === null) return { kind: 'gone', rules };
      const read = readDossier({
        ...receipt.dossier,
        ...(aim === null ? {} : { action: { ...actionOf(receipt.dossier), ...aim.action }, organisme: aim.organisme }),
        date,
      });
      if (!read.ok) throw new Error(`the dossier of a receipt is refused today: ${JSON.stringify(read.errors)}`);
      const verdict = assess(read.dossier, date, rules);
      return {
        kind: 'judged',
        dossier: read.dossier,
        verdict,
        rules,
        about: aim,
        same: JSON.stringify(answerOf(verdict).verdict) === JSON.stringify(receipt.answer.verdict),
        changes: changesBetween(
          { date: receipt.date, dossier, trace: then.trace },
          { date, dossier: read.dossier, trace: verdict.trace },
        ),
      };
    },

    async recomputePathwayAtItsDate({ receipt, rules }) {
      const again = pathwayAnswerOf(judgeAgain(receipt, receipt.date, rules));
      if (pathwayAnswerText(again) === pathwayAnswerText(answerOfReceipt(receipt))) return { same: true };
      return { same: false, incident: await incident(receipt.code, 'different', rules.version) };
    },

    async recomputePathwayToday({ receipt, verdict: then }) {
      const rules = ruleSets.current();
      const date = today();
      const pathway = await pathwayOf(receipt.subject.ref, date);
      if (pathway === null) return { kind: 'gone', rules };
      const verdict = pathwayVerdict(pathway.steps, toldIn(receipt.told), date, rules);
      return {
        kind: 'judged',
        date,
        verdict,
        rules,
        same: sameAnswer(pathwayAnswerOf(verdict), answerOfReceipt(receipt)),
        changes: pathwayChanges(then, verdict, [receipt.date, date]),
      };
    },

    jwks: () => signer.jwks(),

    async mine(actor) {
      requireRight(actor, 'verdicts:check');
      return actor.accountId === null ? [] : receipts.askedBy(actor.accountId, shown);
    },

    async incidents(actor, page) {
      requireRight(actor, 'incidents:read');
      const found = await receipts.incidents({ skip: (page - 1) * incidentsPerPage, limit: incidentsPerPage + 1 });
      return { incidents: found.slice(0, incidentsPerPage), more: found.length > incidentsPerPage };
    },
  };
}

/** What a line of a list said beside its code: its price was the funder's. */
function actionOf(dossier: Receipt['dossier']): object {
  const { action } = dossier;
  return typeof action === 'object' && action !== null ? action : {};
}

/** The amounts and the verdicts, whatever led to them. */
function sameAnswer(one: PathwayAnswer, other: PathwayAnswer): boolean {
  const said = ({ steps, total }: PathwayAnswer) =>
    JSON.stringify({ verdicts: steps.map(({ answer }) => answer?.verdict ?? null), total });
  return said(one) === said(other);
}
