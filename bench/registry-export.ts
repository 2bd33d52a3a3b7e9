/** An XML export of a register as France compétences publishes it, generated: always the same for the same numbers. */
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';

const sentence =
  'Analyser le besoin exprimé par le commanditaire, proposer une solution adaptée, la mettre en œuvre et en rendre compte. ';
const digits = (value: number, length: number) => String(value).padStart(length, '0');

function partner(n: number, at: number): string {
  const siret = digits((n * 7_919 + at * 104_729) % 99_999_999_999_999, 14);
  return `<PARTENAIRE><NOM_PARTENAIRE>ORGANISME DE FORMATION ${at}</NOM_PARTENAIRE><SIRET_PARTENAIRE>${siret}</SIRET_PARTENAIRE><HABILITATION_PARTENAIRE>HABILITATION_ORGA_FORM</HABILITATION_PARTENAIRE><ETAT_HABILITATION>Actif</ETAT_HABILITATION><DATE_ACTIF>25/01/2023</DATE_ACTIF><DATE_DERNIERE_MODIFICATION_ETAT>09/03/2023</DATE_DERNIERE_MODIFICATION_ETAT></PARTENAIRE>`;
}

/** Mostly long texts, as in the real one; 471 partners on one record in 200, a few on the others. */
function fiche(n: number, day: number): string {
  const active = n % 5 === 0 ? 'Oui' : 'Non';
  const partners = n % 200 === 0 ? 471 : n % 4 === 0 ? n % 12 : 0;
  const title = `Certification ${n} ${day > 0 && n % 100 === 0 ? 'modifiée' : ''}`;
  const blocks = Array.from(
    { length: n % 6 },
    (_, at) =>
      `<BLOC_COMPETENCES><CODE>RNCP${n}BC0${at + 1}</CODE><LIBELLE>Bloc ${at + 1}</LIBELLE><LISTE_COMPETENCES>${sentence.repeat(8)}</LISTE_COMPETENCES><MODALITES_EVALUATION>${sentence.repeat(4)}</MODALITES_EVALUATION></BLOC_COMPETENCES>`,
  );
  const jury = ['FI', 'CA', 'FC', 'CQ', 'CL', 'VAE'].map(
    (way) => `<SI_JURY_${way}><ACTIF>Oui</ACTIF><COMPOSITION>${sentence}</COMPOSITION></SI_JURY_${way}>`,
  );
  return `<FICHE><ID_FICHE>${n}</ID_FICHE><NUMERO_FICHE>RNCP${n}</NUMERO_FICHE><INTITULE>${title}</INTITULE><ABREGE><CODE>TP</CODE><LIBELLE>Titre professionnel</LIBELLE></ABREGE><ETAT_FICHE>Publiée</ETAT_FICHE><NOMENCLATURE_EUROPE><NIVEAU>NIV${3 + (n % 6)}</NIVEAU><INTITULE>Niveau</INTITULE></NOMENCLATURE_EUROPE><CODES_NSF><NSF><CODE>${n % 10 === 0 ? '326t' : '312'}</CODE><LIBELLE>Sujet</LIBELLE></NSF></CODES_NSF><CODES_ROME><ROME><CODE>M1805</CODE><LIBELLE>Études et développement informatique</LIBELLE></ROME></CODES_ROME><CERTIFICATEURS><CERTIFICATEUR><SIRET_CERTIFICATEUR>${digits(n, 14)}</SIRET_CERTIFICATEUR><NOM_CERTIFICATEUR>CERTIFICATEUR ${n % 900}</NOM_CERTIFICATEUR><ETAT_CERTIFICATEUR>Actif</ETAT_CERTIFICATEUR></CERTIFICATEUR></CERTIFICATEURS><EXISTENCE_PARTENAIRES>${partners > 0 ? 'Oui' : 'Non'}</EXISTENCE_PARTENAIRES><PARTENAIRES>${Array.from({ length: partners }, (_, at) => partner(n, at)).join('')}</PARTENAIRES><ACTIVITES_VISEES>${sentence.repeat(36)}</ACTIVITES_VISEES><CAPACITES_ATTESTEES>${sentence.repeat(40)}</CAPACITES_ATTESTEES><SECTEURS_ACTIVITE>${sentence.repeat(6)}</SECTEURS_ACTIVITE><BLOCS_COMPETENCES>${blocks.join('')}</BLOCS_COMPETENCES>${jury.join('')}<OBJECTIFS_CONTEXTE>${sentence.repeat(16)}</OBJECTIFS_CONTEXTE><DATE_FIN_ENREGISTREMENT>01/09/${n % 5 === 0 ? 2028 : 2020}</DATE_FIN_ENREGISTREMENT><TYPE_ENREGISTREMENT>Enregistrement sur demande</TYPE_ENREGISTREMENT><ACTIF>${active}</ACTIF></FICHE>\n`;
}

/** `RNCP1` to `RNCP<records>`; on a later day one record in a hundred differs. @returns bytes written */
export async function writeExport(
  path: string,
  { records, day }: { readonly records: number; readonly day: number },
): Promise<number> {
  const out = createWriteStream(path, { highWaterMark: 1 << 20 });
  out.write('<?xml version="1.0" encoding="UTF-8"?>\n<FICHES><VERSION_FLUX>4.1</VERSION_FLUX>\n');
  for (let n = 1; n <= records; n += 1) if (!out.write(fiche(n, day))) await once(out, 'drain');
  out.end('</FICHES>\n');
  await once(out, 'finish');
  return out.bytesWritten;
}
