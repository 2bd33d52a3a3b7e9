/** What pathways keep about a person, to be shown, downloaded and erased with the rest. */
import type { DeclaredState, Enrolment } from '../model/enrolment.ts';
import type { EnrolmentStore } from '../store/enrolments.ts';
import type { KeptStore } from '../store/kept-courses.ts';

/** Labels in French: what is downloaded is what is shown. */
interface Line {
  readonly [label: string]: string | Date | null | readonly Line[];
}

/** The shape of the personal-data pages of accounts, which this feature does not import. */
export interface Holding {
  readonly name: string;
  readonly why: string;
  readonly until: string;
  read(accountId: string): Promise<readonly Line[]>;
  /** Erases for good, whatever was erased before. @returns how many things were */
  erase(accountId: string): Promise<number>;
}

const until = "Jusqu'à ce que vous effaciez votre compte.";

const stateNames: Readonly<Record<DeclaredState, string>> = {
  'to-start': 'à commencer',
  'enrolled-with-provider': "inscrit chez l'organisme (déclaré par vous)",
  done: 'fait (déclaré par vous)',
};

export function enrolmentHolding(enrolments: Pick<EnrolmentStore, 'ofAccount' | 'eraseOf'>): Holding {
  return {
    name: 'Vos parcours',
    why: 'Vous montrer vos étapes et la prochaine chose à faire, avec votre accord.',
    until,
    read: async (accountId) => (await enrolments.ofAccount(accountId)).map(enrolmentLine),
    erase: (accountId) => enrolments.eraseOf(accountId),
  };
}

function enrolmentLine({ pathway, consent, steps, stoppedAt, createdAt }: Enrolment): Line {
  return {
    Parcours: pathway.title,
    'Inscription enregistrée le': createdAt,
    'Arrêté par vous le': stoppedAt,
    'Votre accord': consent.words,
    'Accord donné le': consent.at,
    Étapes: steps.map(({ stepId, state, since }) => {
      const step = pathway.steps.find(({ id }) => id === stepId);
      const [course] = step?.courses ?? [];
      return {
        Étape: step?.title ?? stepId,
        Cours: course === undefined ? 'aucun' : `${course.title}, ${course.provider}`,
        État: stateNames[state],
        Depuis: since,
      };
    }),
  };
}

export function keptHolding(kept: Pick<KeptStore, 'ofAccount' | 'eraseOf'>): Holding {
  return {
    name: 'Ce que vous gardez pour plus tard',
    why: 'Retrouver les cours et les parcours que vous avez choisi de garder.',
    until: "Jusqu'à ce que vous le retiriez, ou que vous effaciez votre compte.",
    async read(accountId) {
      return (await kept.ofAccount(accountId)).map(({ kind, title, at }) => ({
        [kind === 'course' ? 'Cours' : 'Parcours']: title,
        'Gardé le': at,
      }));
    },
    erase: (accountId) => kept.eraseOf(accountId),
  };
}
