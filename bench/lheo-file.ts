/** Generates a LHEO 2.3 file of N formations of about 3.7 kB, seeded: the same N always gives the same bytes. */

import { once } from 'node:events';
import { createWriteStream } from 'node:fs';

function randomOf(seed: number): () => number {
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

function formation(n: number, random: () => number): string {
  const pick = <T>(list: readonly T[]) => list[Math.floor(random() * list.length)] as T;
  const subject = pick(subjects);
  const title = `${pick(verbs)} : ${subject}, module ${n}`;
  const text = (times: number) => `${subject} : ${sentence.repeat(times)}`;
  const month = String(1 + Math.floor(random() * 12)).padStart(2, '0');
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

/** @returns bytes written. */
export async function writeLheoFile(path: string, count: number, seed = 20_261_122): Promise<number> {
  const random = randomOf(seed);
  const out = createWriteStream(path, { highWaterMark: 1 << 20 });
  out.write('<?xml version="1.0" encoding="UTF-8"?>\n<lheo xmlns="http://lheo.gouv.fr/2.3"><offres>\n');
  for (let n = 1; n <= count; n += 1) {
    if (!out.write(formation(n, random))) await once(out, 'drain');
  }
  out.end('</offres></lheo>\n');
  await once(out, 'finish');
  return out.bytesWritten;
}
