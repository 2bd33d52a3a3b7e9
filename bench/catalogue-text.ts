/**
 * Catalogues of N courses in each format that the harvest bench reads, seeded: the same N always gives the same bytes.
 * LHEO 2.3 and MOOChub v3, each one document, and rows of CSV for the reader alone.
 */
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';

export const formats = ['lheo', 'moochub', 'csv'] as const;
export type Format = (typeof formats)[number];

type Random = () => number;

function randomOf(seed: number): Random {
  let state = seed;
  return () => {
    state = (state * 1_664_525 + 1_013_904_223) % 4_294_967_296;
    return state / 4_294_967_296;
  };
}

const subjects = [
  'développement web',
  'tableur et calcul',
  'base de données SQL',
  'cybersécurité',
  'réseaux sociaux',
  'photo numérique',
  'protection des données personnelles',
  'intelligence artificielle',
  'accessibilité numérique',
  'messagerie et agenda',
  'administration de systèmes',
  'montage vidéo',
  'comptabilité générale',
  'anglais professionnel',
  'soudure',
  'cuisine',
];
const verbs = [
  'Comprendre',
  'Pratiquer',
  'Maîtriser',
  'Découvrir',
  'Approfondir',
  'Réussir',
  'Organiser',
  'Construire',
];
const sentence =
  'Vous apprenez à partir d’exercices réels, corrigés un par un, et vous repartez avec un projet terminé que vous pouvez montrer. ';

/** What the three formats tell of a course. */
function courseOf(n: number, random: Random) {
  const pick = <T>(list: readonly T[]) => list[Math.floor(random() * list.length)] as T;
  const subject = pick(subjects);
  const title = `${pick(verbs)} : ${subject}, module ${n}`;
  const text = (times: number) => `${subject} : ${sentence.repeat(times)}`;
  const month = String(1 + Math.floor(random() * 12)).padStart(2, '0');
  return { title, text, month };
}

function formation(n: number, random: Random): string {
  const { title, text, month } = courseOf(n, random);
  return `<formation numero="F${n}"><domaine-formation><code-FORMACODE ref="V14">31067</code-FORMACODE><code-NSF>326</code-NSF><code-ROME>M1805</code-ROME></domaine-formation>
<intitule-formation>${title}</intitule-formation>
<objectif-formation>${text(5)}</objectif-formation>
<resultats-attendus>${text(3)}</resultats-attendus>
<contenu-formation>&lt;p&gt;${text(7)}&lt;/p&gt;&lt;ul&gt;&lt;li&gt;${text(1)}&lt;/li&gt;&lt;li&gt;${text(1)}&lt;/li&gt;&lt;/ul&gt;</contenu-formation>
<certifiante>1</certifiante><contact-formation><coordonnees/></contact-formation><parcours-de-formation>1</parcours-de-formation><code-niveau-entree>13</code-niveau-entree>
<certification><code-RNCP>RNCP37674</code-RNCP></certification><code-niveau-sortie>15</code-niveau-sortie>
<url-formation><urlweb>https://formation.example/f/${n}</urlweb></url-formation>
<action numero="A1"><rythme-formation>Temps plein</rythme-formation><code-public-vise>80056</code-public-vise><niveau-entree-obligatoire>0</niveau-entree-obligatoire><modalites-alternance>Non</modalites-alternance><modalites-enseignement>${Math.floor(random() * 3)}</modalites-enseignement><conditions-specifiques>Aucune</conditions-specifiques><prise-en-charge-frais-possible>1</prise-en-charge-frais-possible><modalites-entrees-sorties>0</modalites-entrees-sorties>
<session numero="S1"><periode><debut>2027${month}01</debut><fin>2027${month}28</fin></periode><adresse-inscription><adresse><codepostal>44000</codepostal><ville>Nantes</ville></adresse></adresse-inscription><etat-recrutement>1</etat-recrutement></session>
<langue-formation>fr</langue-formation><prix-total-TTC>${200 + Math.floor(random() * 3_000)},00</prix-total-TTC><nombre-heures-total>${7 + Math.floor(random() * 300)}</nombre-heures-total></action>
<organisme-formation-responsable><numero-activite>11755555555</numero-activite><SIRET-organisme-formation><SIRET>73282932000074</SIRET></SIRET-organisme-formation><nom-organisme>Organisme ${Math.floor(random() * 60)}</nom-organisme><raison-sociale>Organisme</raison-sociale><coordonnees-organisme><coordonnees/></coordonnees-organisme><contact-organisme><coordonnees/></contact-organisme></organisme-formation-responsable></formation>
`;
}

function resource(n: number, random: Random): string {
  const { title, text, month } = courseOf(n, random);
  const provider = {
    name: `Organisme ${Math.floor(random() * 60)}`,
    type: 'Organization',
    identifier: 'https://ecole.example/',
  };
  const framework = (shortCode: string) => ({
    name: [{ inLanguage: 'fr', name: text(0) }],
    shortCode,
    educationalFramework: 'DigComp 2.2',
    educationalLevel: { shortCode: '4', educationalFramework: 'DigComp' },
  });
  return JSON.stringify({
    id: `C${n}`,
    type: 'Course',
    attributes: {
      name: title,
      courseMode: ['online', 'asynchronous'],
      abstract: text(3),
      description: `<p>${text(12)}</p><ul><li>${text(1)}</li><li>${text(1)}</li></ul>`,
      inLanguage: ['fr'],
      startDate: [`2027-${month}-01T08:00:00Z`],
      endDate: [`2027-${month}-28T20:00:00Z`],
      duration: 'P4W',
      workload: { timeValue: 1 + Math.floor(random() * 9), timeUnit: 'h/week' },
      contributor: [provider],
      publisher: provider,
      teaches: [framework('4.2'), framework('3.4')],
      educationalAlignment: [{ educationalFramework: 'ISCED-F', shortCode: '0611', type: 'EducationalAlignment' }],
      keywords: ['numérique', 'métiers', 'gestes'],
      offer: [
        { price: Math.floor(random() * 300), priceCurrency: 'EUR', paymentFrequency: 'one-time', category: 'complete' },
      ],
      access: ['paid'],
      educationalCredentialsAwarded: ['certificate'],
      license: [{ identifier: 'CC-BY-4.0', url: 'https://spdx.org/licenses/CC-BY-4.0.html' }],
      accessMode: ['textual', 'auditory'],
      dateModified: '2026-08-30T14:15:00Z',
      url: `https://campus.example/courses/${n}`,
    },
  });
}

const columns = [
  'id',
  'titre',
  'objectif',
  'contenu',
  'prix',
  'heures',
  'debut',
  'fin',
  'organisme',
  'siret',
  'ville',
  'url',
];

function row(n: number, random: Random): string {
  const { title, text, month } = courseOf(n, random);
  const price = `${200 + Math.floor(random() * 3_000)},00`;
  const dates = `2027-${month}-01;2027-${month}-28`;
  const place = `Organisme ${Math.floor(random() * 60)};73282932000074;Nantes`;
  return `F${n};"${title}";"${text(3)}";"${text(7)}\nÀ ""refaire"" chez soi.";${price};35;${dates};${place};https://formation.example/f/${n}\r\n`;
}

interface Shape {
  readonly start: string;
  readonly between: string;
  readonly end: string;
  readonly course: (n: number, random: Random) => string;
}

const shapes: Readonly<Record<Format, Shape>> = {
  lheo: {
    start: '<?xml version="1.0" encoding="UTF-8"?>\n<lheo xmlns="http://lheo.gouv.fr/2.3"><offres>\n',
    between: '',
    end: '</offres></lheo>\n',
    course: formation,
  },
  moochub: { start: '{"jsonapi":{"version":"1.0"},"data":[', between: ',\n', end: '],"links":{}}\n', course: resource },
  csv: { start: `${columns.join(';')}\r\n`, between: '', end: '', course: row },
};

/** The whole text in pieces, one for each course. */
export function* catalogueText(format: Format, count: number, seed = 20_261_122): Generator<string> {
  const random = randomOf(seed);
  const { start, between, end, course } = shapes[format];
  yield start;
  for (let n = 1; n <= count; n += 1) yield `${n === 1 ? '' : between}${course(n, random)}`;
  yield end;
}

/** @returns bytes written. */
export async function writeCatalogue(path: string, format: Format, count: number): Promise<number> {
  const out = createWriteStream(path, { highWaterMark: 1 << 20 });
  for (const piece of catalogueText(format, count)) if (!out.write(piece)) await once(out, 'drain');
  out.end();
  await once(out, 'finish');
  return out.bytesWritten;
}

/** The same bytes made while they are read, in pieces such as a network gives: however long, nothing of them is kept. */
export async function* catalogueBytes(format: Format, count: number): AsyncGenerator<Uint8Array> {
  let text = '';
  for (const piece of catalogueText(format, count)) {
    text += piece;
    if (text.length < 60_000) continue;
    yield Buffer.from(text);
    text = '';
  }
  yield Buffer.from(text);
}
