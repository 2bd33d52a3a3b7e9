/** `npm run bench:registry`: how fast and in how much memory a whole register is imported, as JSON on stdout. */
import { once } from 'node:events';
import { createReadStream, createWriteStream } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs, TextDecoder } from 'node:util';
import mongoose from 'mongoose';
import sax from 'sax';
import { startEmbeddedDatabase } from '../src/embedded-db/start.ts';
import { makeRegistryStore } from '../src/framework/registry/store.ts';
import { importExport } from '../src/framework/registry/use-cases/import.ts';
import { takeLock } from '../src/platform/lock.ts';
import { watchMemory } from './memory.ts';

const help = `Usage: npm run bench:registry -- [--records N]

Generates an XML export of N certifications (30500 by default: about 570 MB, the size of the RNCP in 2026), always the same
for the same N, with hundreds of partners on some. Then measures, in this process:
  bare      a pass of the XML tokenizer alone (the peer)
  first     the import into an empty embedded database
  next      the export of the next day, of which one record in a hundred differs

Prints one JSON object; progress goes to stderr. Needs 2 GB of temporary space. Ends with 1 when a target is missed.
`;

const targets = { importSeconds: 240, peakMb: 400 } as const;
const say = (text: string) => console.error(text);

const { values } = parseArgs({
  options: { records: { type: 'string', default: '30500' }, help: { type: 'boolean', default: false } },
});
const records = Number(values.records);
if (values.help || !Number.isInteger(records) || records < 1) {
  process.stdout.write(help);
  process.exit(values.help ? 0 : 2);
}

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

/** @returns bytes written */
async function writeExport(path: string, day: number): Promise<number> {
  const out = createWriteStream(path, { highWaterMark: 1 << 20 });
  out.write('<?xml version="1.0" encoding="UTF-8"?>\n<FICHES><VERSION_FLUX>4.1</VERSION_FLUX>\n');
  for (let n = 1; n <= records; n += 1) if (!out.write(fiche(n, day))) await once(out, 'drain');
  out.end('</FICHES>\n');
  await once(out, 'finish');
  return out.bytesWritten;
}

async function barePass(path: string): Promise<void> {
  const parser = sax.parser(true, { position: false });
  const decoder = new TextDecoder();
  for await (const chunk of createReadStream(path)) parser.write(decoder.decode(chunk as Buffer, { stream: true }));
  parser.close();
}

async function seconds(work: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await work();
  return Number(((performance.now() - start) / 1_000).toFixed(1));
}

const folder = await mkdtemp(join(tmpdir(), 'en2-bench-registry-'));
let ok = false;
try {
  const files = [1, 2].map((day) => join(folder, `export-fiches-rncp-v4-1-2026-11-2${day}.xml`));
  const [first = '', next = ''] = files;
  say(`writing two exports of ${records} records`);
  const bytes = await writeExport(first, 0);
  await writeExport(next, 1);
  const database = await startEmbeddedDatabase({ dataDir: join(folder, 'data') });
  const connection = await mongoose.createConnection(database.uri('bench')).asPromise();
  try {
    const store = makeRegistryStore(connection);
    await store.ensureIndexes();
    const now = () => new Date();
    const parts = { store, takeLock: () => takeLock(connection, 'registry', 60, now), digitalOf: () => null, now };
    say('bare pass');
    const bare = await seconds(() => barePass(first));
    const watch = watchMemory();
    say('first import');
    const importSeconds = await seconds(() => importExport(parts, first, {}));
    say('next import');
    const nextSeconds = await seconds(() => importExport(parts, next, {}));
    const peakMb = watch.end();
    const partners = await connection.collection('registry_partners').countDocuments();
    ok = importSeconds <= targets.importSeconds && nextSeconds <= targets.importSeconds && peakMb <= targets.peakMb;
    const report = {
      records,
      megabytes: Math.round(bytes / 1_000_000),
      partners,
      bareSeconds: bare,
      importSeconds,
      nextSeconds,
      ratio: Number((importSeconds / bare).toFixed(2)),
      peakMb,
      targets,
      ok,
    };
    process.stdout.write(`${JSON.stringify(report, null, 2)}\n`);
  } finally {
    await connection.close();
    await database.close();
  }
} finally {
  await rm(folder, { recursive: true, force: true });
}
process.exitCode = ok ? 0 : 1;
