/** What the person pays: the line « Pour vous » of a price block, and the sum line by line. No amount stands without its date. */
import { french, listed } from '../../platform/web/format.ts';
import type { FactDates } from '../model/aim.ts';
import type { IsoDate } from '../model/dates.ts';
import type { Dossier } from '../model/dossier.ts';
import { inForce, type RuleSet, type RuleVersion } from '../model/rule-set.ts';
import { fundingOf } from '../model/rules/co-funding.ts';
import type { Verdict } from '../model/verdict.ts';
import { eurosText, funderNames, missingText, shortDay } from './words.ts';

/** Before any answer. */
export const notCalculated = 'à calculer';

/** Granted aid that counts, up to the price. Cents. */
function aidOf({ action, cofinancements }: Dossier): number {
  const { granted } = fundingOf(cofinancements);
  return action.prix === null ? granted : Math.min(granted, action.prix);
}

function fundersOf({ cofinancements }: Dossier, form: 'by' | 'of'): string {
  const granted = (cofinancements ?? []).filter(({ accorde, montant }) => accorde === true && montant !== 0);
  return listed([...new Set(granted.map(({ par }) => funderNames[par][form]))]);
}

/**
 * The fourth line of a price block, by `acces`. Nobody was asked: « à calculer ».
 * @param calculated the day of the calculation, at the end of the text
 */
export function forYouText(verdict: Verdict, dossier: Dossier, calculated: IsoDate): string {
  if (dossier.personne === null && verdict.acces !== 'gratuit_pour_tous') return notCalculated;
  return french(`${forYou(verdict, dossier)}, calculé le ${shortDay(calculated)}`);
}

function forYou(verdict: Verdict, dossier: Dossier): string {
  const aid = aidOf(dossier);
  const rights = eurosText(verdict.droitsMobilisables ?? 0);
  switch (verdict.acces) {
    case 'gratuit_pour_tous':
      return '0 €, gratuit pour tous';
    case 'gratuit_demandeur_emploi': {
      const also = aid > 0 ? ` et ${eurosText(aid)} par ${fundersOf(dossier, 'by')}` : '';
      return `0 €, gratuit demandeur d'emploi : ${rights} payés avec vos droits CPF${also}`;
    }
    case 'sans_reste_a_charge': {
      const also = aid > 0 ? ` et ${eurosText(aid)} ${fundersOf(dossier, 'of')}` : '';
      return `0 € à payer : ${rights} de vos droits CPF${also}`;
    }
    case 'contenu_gratuit_certificat_payant':
      return `contenu gratuit, certificat payant : ${eurosText(dossier.action.prix ?? 0)}`;
    case 'payant':
      return `${eurosText(verdict.resteACharge ?? 0)} à payer`;
    case 'indecidable':
      return `pas encore connu : ${unknownReason(verdict, dossier)}`;
  }
}

/** A refusal and what is outside have no `manquants`: what is not known is said all the same. */
function unknownReason({ cpf, manquants }: Verdict, { action }: Dossier): string {
  if (cpf === 'hors_perimetre') return 'ce simulateur ne traite pas votre situation';
  if (manquants.length > 0) return `il manque ${missingText(manquants)}`;
  return action.prix === null
    ? `il manque ${missingText(['action.prix'])}`
    : 'il manque le montant des aides accordées';
}

export interface SumRow {
  readonly label: string;
  /** Where the line comes from, with its date (T4, T5). */
  readonly note: string;
  readonly amount: string;
  /** Not known yet: printed as words. */
  readonly unknown: boolean;
  /** Proved to be nothing: the only amount that is highlighted. */
  readonly nothing: boolean;
}

const notKnown = 'pas encore connu';
const orUnknown = (cents: number | null): string => (cents === null ? notKnown : eurosText(cents));

function validity({ from, to }: RuleVersion): string {
  return to === null ? `depuis le ${shortDay(from)}` : `du ${shortDay(from)} au ${shortDay(to)}`;
}

/**
 * Price, cap, rights, aid, participation, rest: price = aid + rights + rest.
 * @param dates of the price: no day when it was given by hand
 */
export function sumRows(
  verdict: Verdict,
  dossier: Dossier,
  rules: RuleSet,
  dates: Pick<FactDates, 'price' | 'priceCorrection'>,
): readonly SumRow[] {
  const { action, personne, cofinancements } = dossier;
  const on = shortDay(verdict.date);
  const corrected = dates.priceCorrection === undefined ? '' : `, ${dates.priceCorrection}`;
  const read = dates.price === null ? `au ${on}` : `relevé le ${shortDay(dates.price)}${corrected}`;
  const row = (label: string, note: string, amount: string): SumRow => ({
    label,
    note: french(note),
    amount: french(amount),
    unknown: amount === notKnown,
    nothing: false,
  });
  const rows = [row('Prix', `Cours, certificat et examen, ${read}`, orUnknown(action.prix))];
  if (personne === null) return rows;
  const paying = verdict.cpf === 'oui' || verdict.cpf === 'indecidable';
  if (paying) {
    const cap = inForce(rules, 'F-02', verdict.date);
    const capRule = cap.state === 'valid' ? `Règle F-02, ${validity(cap.version)}` : `Règle F-02, au ${on}`;
    const capMissing = verdict.manquants.some(
      (fact) => fact === 'action.certification.clea' || fact === 'parametres.plafonds',
    );
    if (verdict.plafond !== null) rows.push(row('Plafond CPF', capRule, eurosText(verdict.plafond)));
    else if (capMissing) rows.push(row('Plafond CPF', capRule, notKnown));
    else rows.push(row('Plafond CPF', `Aucun pour cette formation, au ${on}`, 'sans'));
  }
  const aid = aidOf(dossier);
  if (aid > 0) rows.push(row('Aides accordées', `Par ${fundersOf(dossier, 'by')}, au ${on}`, `− ${eurosText(aid)}`));
  const pending = (cofinancements ?? []).filter(({ accorde }) => accorde === null).length;
  if (pending > 0) rows.push(row('Aides demandées', `Sans réponse au ${on} : elles ne comptent pas`, notKnown));
  if (verdict.cpf === 'non') rows.push(row('Droits CPF utilisés', `Non finançable, au ${on}`, eurosText(0)));
  else if (paying) {
    const rights = verdict.droitsMobilisables;
    const text = rights === null ? notKnown : `${rights === 0 ? '' : '− '}${eurosText(rights)}`;
    rows.push(row('Droits CPF utilisés', `Règle F-06, calculé le ${on}`, text), participationRow(verdict, rules, row));
  }
  const rest = verdict.resteACharge;
  return [
    ...rows,
    { ...row('Pour vous', `Calculé pour une inscription le ${on}`, orUnknown(rest)), nothing: rest === 0 },
  ];
}

function participationRow(
  { participation, date }: Verdict,
  rules: RuleSet,
  row: (label: string, note: string, amount: string) => SumRow,
): SumRow {
  const rule = inForce(rules, 'F-03', date);
  const from = rule.state === 'valid' ? `règle F-03, ${validity(rule.version)}` : `règle F-03, au ${shortDay(date)}`;
  if (participation.due === false) return row('Participation', `Non due : ${from}`, eurosText(0));
  const note = participation.due === true ? 'Comprise dans ce que vous payez' : 'Selon votre réponse';
  return row('Participation', `${note} : ${from}`, orUnknown(participation.montant));
}
