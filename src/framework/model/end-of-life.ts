/** When a certification ends and what takes its place (product N11): the same facts on every page, in the same words. */
import { french, longDate } from '../../platform/web/format.ts';
import type { IsoDate, RegisterRecord, Successors } from '../registry/model.ts';

export interface EndOfLife {
  readonly code: string;
  /** On the day asked; unknown: the register does not hold it, or does not say. */
  readonly state: 'active' | 'ended' | 'unknown';
  /** Last day included; null when the register gives none. */
  readonly end: IsoDate | null;
  /** Last day on which it can still be delivered; only when the register gives one. */
  readonly lastDelivery: IsoDate | null;
  /** What replaces it today; null: no replacement known. */
  readonly successor: string | null;
  /** Of the register that was read; null when it was not. */
  readonly registerDate: IsoDate | null;
}

/** The last replacement that the register holds: a chain that turns round, or leads nowhere, names none (B27). */
export function endOfLifeOf(
  code: string,
  record: RegisterRecord | null,
  successors: Successors | null,
  on: IsoDate,
  registerDate: IsoDate | null,
): EndOfLife {
  const end = record?.endOfRegistration ?? null;
  const active = end === null ? (record?.active ?? null) : end >= on;
  return {
    code,
    state: active === null ? 'unknown' : active ? 'active' : 'ended',
    end,
    lastDelivery: record?.lastDelivery ?? null,
    successor: successors?.end === 'living' ? (successors.codes.at(-1) ?? null) : null,
    registerDate: record?.seen?.to ?? registerDate,
  };
}

const day = (iso: IsoDate): string => longDate(new Date(`${iso}T12:00:00Z`));

export function replacementText({ successor, registerDate }: EndOfLife): string {
  if (successor !== null) return `Elle est remplacée par ${successor}.`;
  return registerDate === null
    ? 'Aucun remplacement connu : le registre n’a pas été lu.'
    : `Aucun remplacement connu au ${day(registerDate)}.`;
}

/** The sentences of N11; null when the register gives no end to come. */
export function endOfLifeText(life: EndOfLife): string | null {
  if (life.state !== 'active' || life.end === null) return null;
  const end = day(life.end);
  return french(
    [
      `Cette certification prend fin le ${end}.`,
      `Dernière date pour valider votre inscription : ${end}.`,
      ...(life.lastDelivery === null ? [] : [`Dernière date de délivrance : ${day(life.lastDelivery)}.`]),
      replacementText(life),
    ].join(' '),
  );
}
