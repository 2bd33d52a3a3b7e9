/** Small exports of the register, written for the tests. */
import { zipOf } from './zip.ts';

export interface Fiche {
  readonly code: string;
  readonly title?: string;
  readonly active?: string;
  readonly end?: string;
  readonly level?: string;
  readonly replacedBy?: readonly string[];
  /** `SIRET role state`, one per partner. */
  readonly partners?: readonly string[];
  readonly certifiers?: readonly string[];
  readonly registration?: string;
  readonly existence?: string;
  readonly nsf?: string;
  /** Elements of one's own, put first. */
  readonly extra?: string;
}

const element = (name: string, text: string | undefined) => (text === undefined ? '' : `<${name}>${text}</${name}>`);

/** As version 4.1 writes it; ACTIF stands after the ones of the juries. */
function ficheXml(fiche: Fiche): string {
  const partners = (fiche.partners ?? []).map((partner) => {
    const [siret = '', role = '', state = ''] = partner.split(' ');
    return `<PARTENAIRE><NOM_PARTENAIRE>P ${siret}</NOM_PARTENAIRE><SIRET_PARTENAIRE>${siret}</SIRET_PARTENAIRE><HABILITATION_PARTENAIRE>HABILITATION_${role}</HABILITATION_PARTENAIRE><ETAT_HABILITATION>${state}</ETAT_HABILITATION></PARTENAIRE>`;
  });
  const certifiers = (fiche.certifiers ?? []).map((certifier) => {
    const [siret = '', state = ''] = certifier.split(' ');
    return `<CERTIFICATEUR><SIRET_CERTIFICATEUR>${siret}</SIRET_CERTIFICATEUR><NOM_CERTIFICATEUR>C ${siret}</NOM_CERTIFICATEUR>${element('ETAT_CERTIFICATEUR', state)}</CERTIFICATEUR>`;
  });
  const successors = (fiche.replacedBy ?? []).map(
    (code) =>
      `<NOUVELLE_CERTIFICATION><ID_FICHE_NOUVELLE_CERTIFICATION>${code}</ID_FICHE_NOUVELLE_CERTIFICATION></NOUVELLE_CERTIFICATION>`,
  );
  return `<FICHE>${fiche.extra ?? ''}<NUMERO_FICHE>${fiche.code}</NUMERO_FICHE>${element('INTITULE', fiche.title ?? `Titre de ${fiche.code}`)}<ETAT_FICHE>Publiée</ETAT_FICHE>${fiche.level === undefined ? '' : `<NOMENCLATURE_EUROPE><NIVEAU>${fiche.level}</NIVEAU></NOMENCLATURE_EUROPE>`}${fiche.nsf === undefined ? '' : `<CODES_NSF><NSF><CODE>${fiche.nsf}</CODE><LIBELLE>Sujet</LIBELLE></NSF></CODES_NSF>`}<CERTIFICATEURS>${certifiers.join('')}</CERTIFICATEURS>${element('EXISTENCE_PARTENAIRES', fiche.existence)}<PARTENAIRES>${partners.join('')}</PARTENAIRES><SI_JURY_FC><ACTIF>Non</ACTIF></SI_JURY_FC><NOUVELLES_CERTIFICATIONS>${successors.join('')}</NOUVELLES_CERTIFICATIONS>${element('DATE_FIN_ENREGISTREMENT', fiche.end)}${element('TYPE_ENREGISTREMENT', fiche.registration)}${element('ACTIF', fiche.active ?? 'Oui')}</FICHE>`;
}

export const exportXml = (fiches: readonly Fiche[], version = '4.1') =>
  `<?xml version="1.0" encoding="UTF-8"?>\n<FICHES><VERSION_FLUX>${version}</VERSION_FLUX>\n${fiches.map(ficheXml).join('\n')}\n</FICHES>`;

/** The ten files, by the middle of their name; what is given replaces the header alone. */
export function exportCsv(given: Readonly<Record<string, string>>, date = '2024_02_22'): Buffer {
  const headers: Readonly<Record<string, string>> = {
    Standard:
      'Id_Fiche;Numero_Fiche;Intitule;Abrege_Libelle;Abrege_Intitule;Nomenclature_Europe_Niveau;Nomenclature_Europe_Intitule;Accessible_Nouvelle_Caledonie;Accessible_Polynesie_Francaise;Date_dernier_jo;Date_Decision;Date_Fin_Enregistrement;Date_Effet;Type_Enregistrement;Validation_Partielle;Actif',
    Blocs_De_Compétences: 'Numero_Fiche;Bloc_Competences_Code;Bloc_Competences_Libelle',
    CCN: 'Numero_Fiche;Ccn_1_Numero',
    Certificateurs: 'Numero_Fiche;Siret_Certificateur;Nom_Certificateur',
    Formacode: 'Numero_Fiche;Formacode_Code;Formacode_Libelle',
    Nsf: 'Numero_Fiche;Nsf_Code;Nsf_Intitule',
    Partenaires: 'Numero_Fiche;Nom_Partenaire;Siret_Partenaire;Habilitation_Partenaire',
    Rome: 'Numero_Fiche;Codes_Rome_Code;Codes_Rome_Libelle',
    VoixdAccès: 'Numero_Fiche;Si_Jury',
    Ancienne_Nouvelle_Certification: 'Numero_Fiche;Ancienne_Certification;Nouvelle_Certification',
  };
  return zipOf(
    Object.entries(headers).map(([name, header]) => ({
      name: `export_fiches_CSV_${name}_${date}.csv`,
      content: `\uFEFF${header}\r\n${given[name] ?? ''}`,
    })),
  );
}
