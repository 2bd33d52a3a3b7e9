/** What a receipt is about: the facts that are judged, and what a reader will want to see as it was on that day. */
import { offerDossierOf } from '../../catalogue/model/dossier.ts';
import { priceLineNames, pricesOf, priceText } from '../../catalogue/model/prices.ts';
import { enrolmentText } from '../../catalogue/model/sessions.ts';
import type { Course } from '../../catalogue/model.ts';
import type { CourseStore } from '../../catalogue/store.ts';
import type { Funding } from '../../catalogue/use-cases/funding.ts';
import { anyCourse, type FindAim } from '../../eligibility/model/aim.ts';
import type { IsoDate } from '../../eligibility/model/dates.ts';
import type { DossierInput } from '../../eligibility/model/dossier.ts';
import type { Register } from '../../framework/registry/model.ts';
import { isoDay } from '../../platform/web/format.ts';
import type { Receipt, Subject } from '../model/receipt.ts';
import { readOfferRef } from './judging.ts';

export interface JudgedAim extends Pick<Receipt, 'dates' | 'sessionStart' | 'blocksDeclared' | 'supposed'> {
  readonly subject: Subject;
  /** Of the dossier, in euros; a line of a list leaves its price out. */
  readonly action: Partial<DossierInput['action']>;
  readonly organisme: DossierInput['organisme'];
}

/** Null: unknown, no longer offered, or a pathway, whose receipts are of several actions. */
export type FindJudgedAim = (ref: string, on: IsoDate) => Promise<JudgedAim | null>;

export function makeFindJudgedAim(parts: {
  readonly findAim: FindAim;
  readonly courses: Pick<CourseStore, 'byIds'>;
  readonly funding: Pick<Funding, 'manyFacts'>;
  readonly register: Pick<Register, 'certification'>;
  readonly now: () => Date;
}): FindJudgedAim {
  const { findAim, courses, funding, register, now } = parts;

  const certificationOf = (code: string | null, on: IsoDate) => certificationAsItIs(register, code, on);

  async function ofOffer(ref: string, on: IsoDate): Promise<JudgedAim | null> {
    const offer = readOfferRef(ref);
    if (offer === null) return null;
    const [facts] = await funding.manyFacts([offer], on);
    if (facts === undefined) return null;
    const dossier = offerDossierOf({ ...offer, price: null }, { ...facts, code: offer.code }, { date: on });
    const { prix: _price, ...action } = dossier.action;
    const certification = await certificationOf(offer.code, on);
    const label = [
      certification === null ? null : `${certification.code}, ${certification.title}`,
      offer.siret === null ? null : `SIRET ${offer.siret}`,
      offer.activityNumber === null ? null : `déclaration ${offer.activityNumber}`,
    ];
    return {
      subject: {
        ref,
        label: label.filter((part) => part !== null).join(' · '),
        href: null,
        course: null,
        certification,
      },
      action,
      organisme: dossier.organisme,
      dates: { register: facts.certification?.seen?.to ?? null, provider: null, price: null },
      sessionStart: null,
      supposed: null,
    };
  }

  return async (ref, on) => {
    if (ref.startsWith('offre:')) return ofOffer(ref, on);
    const aim = ref === '' ? anyCourse : await findAim(ref, on);
    const [only] = aim?.actions ?? [];
    if (aim === null || only === undefined || aim.actions.length > 1) return null;
    const id = /^cours:(.+)$/.exec(ref)?.[1];
    const [course] = id === undefined ? [] : await courses.byIds([id]);
    return {
      subject: {
        ref,
        label: aim.label,
        href: aim.href,
        course: course === undefined ? null : courseAsItIs(course, now()),
        certification: await certificationOf(only.action.certification?.code ?? null, on),
      },
      action: only.action,
      organisme: only.organisme,
      dates: only.dates,
      sessionStart: only.sessionStart,
      blocksDeclared: only.blocksDeclared ?? null,
      supposed: aim.supposed,
    };
  };
}

export async function certificationAsItIs(
  register: Pick<Register, 'certification'>,
  code: string | null,
  on: IsoDate,
): Promise<Subject['certification']> {
  if (code === null) return null;
  const record = (await register.certification(code, on)) ?? (await register.certification(code));
  if (record === null) return { code, title: 'absente du registre', active: null, endOfRegistration: null };
  const { title, active, endOfRegistration } = record;
  return { code, title, active, endOfRegistration };
}

const priceLabels = { course: 'Cours', certificate: 'Certificat', exam: 'Examen' } as const;

export function courseAsItIs(course: Course, now: Date): NonNullable<Subject['course']> {
  const { draft, harvestedAt } = course;
  const prices = pricesOf(draft);
  return {
    id: course.id,
    title: draft.title,
    provider: draft.provider.name,
    source: course.sourceTitle,
    readOn: isoDay(harvestedAt),
    status: enrolmentText(draft.sessions, now).text,
    prices: priceLineNames.map((name) => ({
      label: priceLabels[name],
      text: priceText(name, prices[name], course, now),
    })),
  };
}
