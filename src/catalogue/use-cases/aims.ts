/** Courses and certifications as what a person wants to know the cost of. */
import { type Aim, type AimedAction, anyCourse, conforming, type FindAim } from '../../eligibility/model/aim.ts';
import type { IsoDate } from '../../eligibility/model/dates.ts';
import type { Register, RegisterRecord } from '../../framework/registry/model.ts';
import { isoDay } from '../../platform/web/format.ts';
import { dossierOf, type FundingFacts, recordCodeOf } from '../model/dossier.ts';
import { correctedPricesText } from '../model/prices.ts';
import { blocksDeclaredOn } from '../model/provider-facts.ts';
import { inOrder } from '../model/sessions.ts';
import type { Course } from '../model.ts';
import type { CourseStore } from '../store.ts';
import type { Funding } from './funding.ts';

export interface AimParts {
  readonly courses: Pick<CourseStore, 'byId' | 'byIds'>;
  readonly funding: Pick<Funding, 'fundingFacts'>;
  readonly register: Pick<Register, 'certification'>;
  /** Of the newest export held; null when none is. */
  readonly registerDate: () => Promise<IsoDate | null>;
  now(): Date;
}

export interface Aims {
  readonly find: FindAim;
  /** One for each course that is still offered, by id. */
  actionsOf(courses: readonly Course[], date: IsoDate): Promise<ReadonlyMap<string, AimedAction>>;
}

/** `recherche:<query of /catalogue>`: a search that waits for the answers of the person. */
export const searchAim = 'recherche:';
export const longestSearchAim = 600;
/** Euros. Any price for which the balance, the aids and the participation all count. */
const askedPrice = 1_000;

const isOffered = ({ state }: Course): boolean => state === 'published' || state === 'missing';

export function makeAims({ courses, funding, register, registerDate: readRegisterDate, now }: AimParts): Aims {
  async function actionsOf(asked: readonly Course[], date: IsoDate): Promise<ReadonlyMap<string, AimedAction>> {
    const offered = asked.filter(isOffered);
    const [facts, registerDate] = await Promise.all([funding.fundingFacts(offered, date), readRegisterDate()]);
    return new Map(
      offered.flatMap((course) => {
        const known = facts.get(course.id);
        return known === undefined ? [] : [[course.id, actionOf(course, known, date, registerDate, now())] as const];
      }),
    );
  }

  async function courseAim(id: string, date: IsoDate): Promise<Aim | null> {
    const course = await courses.byId(id);
    const action = course === null ? undefined : (await actionsOf([course], date)).get(id);
    if (course === null || action === undefined) return null;
    const code = action.action.certification?.code ?? null;
    return {
      ref: `cours:${id}`,
      label: action.title,
      href: action.href ?? '/catalogue',
      actions: [action],
      supposed: null,
      whole: null,
      others:
        code === null
          ? null
          : { text: `Les cours finançables qui préparent ${code}`, href: `/catalogue?q=${code}&cpf=oui` },
    };
  }

  async function certificationAim(code: string, date: IsoDate): Promise<Aim | null> {
    const [record, registerDate] = await Promise.all([register.certification(code, date), readRegisterDate()]);
    const found = record ?? (await register.certification(code));
    if (found === null) return null;
    const certification = {
      code: found.code,
      active: found.active,
      finEnregistrement: found.endOfRegistration,
      clea: found.code.startsWith('RNCP') ? false : null,
    };
    return {
      ref: `certification:${found.code}`,
      label: `${found.title} (${found.code})`,
      href: `/certifications/${found.code}`,
      actions: [
        {
          title: `${found.title} (${found.code})`,
          href: null,
          action: { type: 'certification', certification, prix: null },
          organisme: conforming,
          dates: { register: readOn(found, registerDate), provider: null, price: null },
          sessionStart: null,
        },
      ],
      supposed: 'provider',
      whole: null,
      others: { text: 'Choisir un cours', href: `/catalogue?q=${found.code}` },
    };
  }

  return {
    actionsOf,
    async find(ref, date) {
      if (ref.startsWith(searchAim)) return searchOf(ref);
      const [, kind, name = ''] = /^(cours|certification):([A-Za-z0-9]{1,20})$/.exec(ref) ?? [];
      if (kind === 'cours') return courseAim(name, date);
      return kind === 'certification' ? certificationAim(name.toUpperCase(), date) : null;
    },
  };
}

/** The account in general, and the way back to the search, which keeps the answers. */
function searchOf(ref: string): Aim | null {
  const query = ref.slice(searchAim.length);
  if (query.length > longestSearchAim || !/^[\w%=&.~+!*'()-]*$/.test(query)) return null;
  const href = `/catalogue?${query}`;
  const others = { text: 'Voir les cours où je n’ai rien à payer', href };
  const asking = anyCourse.actions.map((one) => ({ ...one, action: { ...one.action, prix: askedPrice } }));
  return { ...anyCourse, ref, label: 'Ma recherche de cours', href: '/catalogue', asking, others };
}

/** The day the register was read for this record: of the newest export, else of the built-in sample. */
function readOn(record: RegisterRecord | null, registerDate: IsoDate | null): IsoDate | null {
  return registerDate ?? record?.seen?.to ?? null;
}

function actionOf(
  course: Course,
  facts: FundingFacts,
  date: IsoDate,
  registerDate: IsoDate | null,
  now: Date,
): AimedAction {
  const dossier = dossierOf(course, facts, { date });
  const { provider } = facts;
  const seen = [provider?.declarationValid, provider?.qualiopi, provider?.delisted].flatMap((fact) => fact?.date ?? []);
  const next = inOrder(course.draft.sessions, now)[0]?.start ?? null;
  const corrected = correctedPricesText(course);
  return {
    title: `${course.draft.title}, ${course.draft.provider.name}`,
    href: `/cours/${encodeURIComponent(course.slug)}`,
    action: dossier.action,
    organisme: dossier.organisme ?? null,
    // Of several proofs, the oldest is what the answer rests on.
    dates: {
      register: readOn(facts.certification, registerDate),
      provider: seen.sort()[0] ?? null,
      price: isoDay(course.harvestedAt),
      ...(corrected === null ? {} : { priceCorrection: corrected }),
    },
    sessionStart: next === null ? null : isoDay(new Date(next)),
    blocksDeclared: blocksDeclaredOn(provider, facts.code === null ? null : recordCodeOf(facts.code), date),
  };
}
