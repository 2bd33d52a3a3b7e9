/** The home page, the map of competences, one competence, one school. */
import type { DigcompCompetence } from '../../framework/model/reference.ts';
import type { Framework } from '../../framework/model.ts';
import { clock, count, french, isoDay, number, shortDate } from '../../platform/web/format.ts';
import { courseAddress } from '../model/addresses.ts';
import type { Card } from '../model/card.ts';
import { emptyRequest, searchAddress } from '../model/choices.ts';
import type { CompetencePage, Home, ProviderPage } from '../model/pages.ts';
import { factRows } from '../model/provider-facts-words.ts';
import { catalogueOf } from '../model/source-words.ts';
import { courseCard } from './card.ts';

type Reference = Pick<Framework, 'areas' | 'competences' | 'bands'>;

interface Tile {
  readonly code: string;
  readonly title: string;
  readonly href: string;
  readonly count: string;
  /** 0 to 4: how dark the square, how full the gauge. */
  readonly shade: number;
  readonly gauge: readonly { readonly full: boolean }[];
}

export interface CompetenceMap {
  readonly areas: readonly { readonly title: string; readonly tiles: readonly Tile[] }[];
  readonly legend: string;
}

const bounds = [1, 50, 100, 200] as const;

export function competenceMap({ areas, competences }: Reference, counts: ReadonlyMap<string, number>): CompetenceMap {
  return {
    areas: areas.map((area) => ({
      title: `${area.code}. ${area.fr}`,
      tiles: competences.filter((one) => one.area === area.code).map((one) => tileOf(one, counts.get(one.code) ?? 0)),
    })),
    legend: french(
      'Plus le carré est foncé et la jauge pleine, plus il y a de cours : 1 pour moins de 50 cours, 2 pour moins de 100, 3 pour moins de 200, 4 au-delà. Un cours peut compter dans plusieurs compétences.',
    ),
  };
}

function tileOf({ code, fr }: DigcompCompetence, courses: number): Tile {
  const shade = bounds.filter((bound) => courses >= bound).length;
  return {
    code,
    title: fr,
    href: `/competences/${code}`,
    count: count(courses, 'cours', 'cours'),
    shade,
    gauge: bounds.map((_bound, position) => ({ full: position < shade })),
  };
}

export interface HomeModel {
  readonly title: string;
  readonly description: string;
  readonly noindex: boolean;
  readonly section: null;
  readonly empty: string | null;
  readonly intro: string;
  readonly examples: readonly { readonly text: string; readonly href: string }[];
  readonly forJobSeekers: readonly {
    readonly heading: string;
    readonly text: string;
    readonly link: { readonly text: string; readonly href: string } | null;
  }[];
  readonly tally: {
    readonly caption: string;
    readonly rows: readonly { readonly label: string; readonly note: string | null; readonly count: string }[];
  };
  readonly pathways: readonly Card[];
  readonly map: CompetenceMap;
  readonly figures: readonly { readonly value: string; readonly label: string; readonly date: string }[];
}

export function homeModel(home: Home, reference: Reference, now: Date): HomeModel {
  const { summary, counts } = home;
  const { byAccess } = summary;
  const at = summary.newestHarvest ?? now;
  const date = `au ${shortDate(at)} à ${clock(at)}`;
  const link = (access: string, courses: number) =>
    courses === 0
      ? null
      : {
          text: `Voir ${courses === 1 ? 'ce cours' : `ces ${number(courses)} cours`}`,
          href: searchAddress({ ...emptyRequest, filters: { access: [access] } }),
        };
  return {
    title: 'Apprendre le numérique, par le numérique',
    description:
      "Des cours en ligne et des parcours certifiants dans le numérique, avec leur prix, sa date, et ce qui est gratuit ou financé pour les demandeurs d'emploi.",
    noindex: false,
    section: null,
    empty: summary.published === 0 ? french("Le catalogue est vide : aucune source n'a encore été collectée.") : null,
    intro: `${count(summary.published, 'cours', 'cours')} de ${count(summary.providers, 'organisme')}, réunis au même endroit. Chaque prix est daté, et ce que nous ne savons pas est dit.`,
    examples: home.examples.map((text) => ({ text, href: searchAddress({ ...emptyRequest, q: text }) })),
    forJobSeekers: [
      {
        heading: 'Gratuit pour tous',
        text: "Le cours, le certificat et l'examen sont sans frais, ou n'existent pas. Les prix ont été relevés depuis 30 jours au plus. Il n'y a pas de condition.",
        link: link('free-for-all', byAccess['free-for-all']),
      },
      {
        heading: "Financée pour les demandeurs d'emploi",
        text: "L'organisme le déclare dans son catalogue. Nous gardons ses mots et leur date. Ce n'est pas une aide accordée : confirmez-la auprès de lui.",
        link: link('funded-for-job-seekers', byAccess['funded-for-job-seekers']),
      },
      {
        heading: 'Contenu gratuit',
        text: "Le cours se suit sans payer. Le certificat ou l'examen est payant, ou son prix n'est pas communiqué : nous le disons sur chaque cours.",
        link: link('content-free', byAccess['content-free']),
      },
    ].map((one) => ({ ...one, text: french(one.text) })),
    tally: {
      caption: `Le catalogue ${date}`,
      rows: [
        { label: 'Gratuit pour tous', note: null, count: number(byAccess['free-for-all']) },
        {
          label: "Financée pour les demandeurs d'emploi",
          note: "selon l'organisme",
          count: number(byAccess['funded-for-job-seekers']),
        },
        {
          label: 'Contenu gratuit',
          note: 'certificat payant ou non communiqué',
          count: number(byAccess['content-free']),
        },
        { label: 'Payant', note: null, count: number(byAccess.paid) },
        { label: 'Prix non communiqué', note: 'jamais compté comme nul', count: number(byAccess.unknown) },
        { label: 'Tous les cours', note: null, count: number(summary.published) },
      ],
    },
    pathways: home.pathways,
    map: competenceMap(reference, counts),
    figures: [
      { value: number(summary.published), label: plural(summary.published, 'cours proposé', 'cours proposés'), date },
      { value: number(summary.providers), label: plural(summary.providers, 'organisme', 'organismes'), date },
      {
        value: number(byAccess['free-for-all']),
        label: plural(byAccess['free-for-all'], 'gratuit pour tous', 'gratuits pour tous'),
        date,
      },
      {
        value: `${number([...counts.values()].filter((courses) => courses > 0).length)} sur ${reference.competences.length}`,
        label: 'compétences avec au moins un cours',
        date,
      },
    ],
  };
}

function plural(value: number, one: string, many: string): string {
  return value < 2 ? one : many;
}

export interface CompetencesModel {
  readonly title: string;
  readonly description: string;
  readonly noindex: boolean;
  readonly section: string;
  readonly map: CompetenceMap;
}

export function competencesModel(reference: Reference, counts: ReadonlyMap<string, number>): CompetencesModel {
  return {
    title: 'La carte des compétences numériques',
    description: 'Les 21 compétences du cadre européen DigComp 3.0 et les cours qui les travaillent.',
    noindex: false,
    section: '/competences',
    map: competenceMap(reference, counts),
  };
}

export interface CompetenceModel {
  readonly title: string;
  readonly description: string;
  readonly noindex: boolean;
  readonly section: string;
  readonly code: string;
  readonly heading: string;
  readonly english: string;
  readonly translation: string | null;
  readonly area: string;
  readonly countText: string;
  readonly cards: readonly Card[];
  readonly all: { readonly text: string; readonly href: string } | null;
}

export function competenceModel(page: CompetencePage, reference: Reference, now: Date): CompetenceModel {
  const { competence, total, courses } = page;
  const area = reference.areas.find((one) => one.code === competence.area);
  return {
    title: `${competence.code} ${competence.fr}`,
    description: `Les cours qui travaillent la compétence ${competence.code} du cadre DigComp 3.0 : ${competence.fr}.`,
    noindex: false,
    section: '/competences',
    code: competence.code,
    heading: competence.fr,
    english: competence.en,
    translation: competence.frStatus === 'working-translation' ? 'traduction de travail' : null,
    area: area === undefined ? competence.area : `${area.code}. ${area.fr}`,
    countText:
      total === 0
        ? 'Aucun cours ne déclare cette compétence.'
        : `${count(total, 'cours travaille', 'cours travaillent')} cette compétence.`,
    cards: courses.map((course) => courseCard(course, { now, bands: reference.bands, failing: new Map() })),
    all:
      total > courses.length
        ? {
            text: `Voir les ${number(total)} cours, avec les filtres`,
            href: searchAddress({ ...emptyRequest, filters: { competence: [competence.code] } }),
          }
        : null,
  };
}

export interface ProviderModel {
  readonly title: string;
  readonly description: string;
  readonly noindex: boolean;
  readonly section: string;
  readonly heading: string;
  readonly identity: readonly { readonly label: string; readonly text: string }[];
  readonly source: string;
  readonly countText: string;
  readonly cards: readonly Card[];
  /** What the training account lacks, for those of these courses that it cannot pay yet. */
  readonly advice: readonly { readonly title: string; readonly href: string; readonly text: string }[];
  readonly all: { readonly text: string; readonly href: string } | null;
}

/** Those of the school, and of its first certifications: a page lists a page of things. */
const shownFacts = 45;

export function providerModel(page: ProviderPage, reference: Reference, now: Date): ProviderModel {
  const { courses, total, failing, id } = page;
  const schools = courses.map(({ draft }) => draft.provider);
  const name = schools[0]?.name ?? id;
  const siret = schools.find((school) => school.siret !== null)?.siret ?? null;
  const activity = schools.find((school) => school.activityNumber !== null)?.activityNumber ?? null;
  const sources = [...new Set(courses.map((course) => course.sourceTitle))];
  const rows = factRows(page.facts, isoDay(now));
  const newest = new Date(Math.max(0, ...courses.map(({ harvestedAt }) => harvestedAt.getTime())));
  return {
    title: name,
    description: `Les cours de ${name} sur École numérique au carré.`,
    noindex: courses.every((course) => course.demo),
    section: '/catalogue',
    heading: name,
    identity: [
      { label: 'SIRET', text: siret === null ? 'inconnu' : `${siret} (déclaré)` },
      ...rows.slice(0, shownFacts).map(({ key, label, text }) => ({
        label,
        // What its own catalogue says is a declaration.
        text: key === 'activityNumber' && text === 'inconnu' && activity !== null ? `${activity} (déclaré)` : text,
      })),
      ...(rows.length > shownFacts
        ? [{ label: 'Autres faits connus', text: `${number(rows.length - shownFacts)}, sur d'autres certifications` }]
        : []),
      { label: sources.length > 1 ? 'Catalogues lus' : 'Catalogue lu', text: sources.join(', ') },
    ],
    source: french(`Source : ${sources.map(catalogueOf).join(', ')}, relevé le ${shortDate(newest)}.`),
    countText: count(total, 'cours proposé', 'cours proposés'),
    advice: courses.flatMap((course) => {
      const text = page.advice.get(course.id);
      return text === undefined ? [] : [{ title: course.draft.title, href: courseAddress(course.slug), text }];
    }),
    cards: courses.map((course) => courseCard(course, { now, bands: reference.bands, failing })),
    all:
      total > courses.length
        ? {
            text: `Voir les ${number(total)} cours, avec les filtres`,
            href: searchAddress({ ...emptyRequest, filters: { provider: [id] } }),
          }
        : null,
  };
}
