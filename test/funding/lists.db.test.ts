import { expect } from 'chai';
import type { Express } from 'express';
import request from 'supertest';
import { type FundingWorld, formToken, funder, openFundingWorld } from '../builders/funding-world.ts';

const bytesOf = async function* (text: string) {
  yield new TextEncoder().encode(text);
};

describe('lists that a funder checks', function () {
  this.timeout(60_000);
  let world: FundingWorld;
  let site: Express;
  before(async () => {
    world = await openFundingWorld();
    site = await world.site();
  });
  beforeEach(async () => {
    await world.clear();
    world.actor = funder;
  });
  after(() => world?.close());

  const submit = (text: string, receipts = false, pasted = true) =>
    world.verdicts.lists.submit(funder, { bytes: bytesOf(text), pasted, date: '2026-11-22', receipts });
  async function answersOf(id: string) {
    await world.verdicts.lists.work();
    const found = [];
    for await (const answer of await world.verdicts.lists.everyAnswer(funder, id)) found.push(answer);
    return found;
  }
  const refusal = (text: string, pasted = true) =>
    submit(text, false, pasted).then(
      () => 'kept',
      (error: unknown) => String((error as { publicMessage?: string }).publicMessage),
    );
  const kept = () => world.database.connection.collection('checked_list_pieces').countDocuments({});

  it('each line has its answer or its reason; one that cannot be read stops no other', async () => {
    const id = await submit(
      'code;siret;date;prix\nRNCP37674;999 000 011 00018;22/11/2026;4 800,00 €\nrs 6604;;;\n37674;;;\n/cours/x-fwndab1e;;;\nRNCP37674;7,95E+13;;\nRNCP37674;;31/02/2026;\nRNCP37674;;;-3\nRNCP99999;;;',
    );
    const found = await answersOf(id);
    expect(found.map(({ line, verdict, reason }) => [line, verdict, reason.code])).to.deep.equal([
      [2, 'oui', 'A-01'],
      [3, 'indecidable', 'P-08'],
      [4, null, 'E_CERTIFICATION_AMBIGUE'],
      [5, 'oui', 'A-01'],
      [6, null, 'E_SIRET_INVALIDE'],
      [7, null, 'E_DATE_ILLISIBLE'],
      [8, null, 'E_PRIX_ILLISIBLE'],
      [9, 'indecidable', 'E_CERTIFICATION_INCONNUE'],
    ]);
  });

  it('a column or a value of a person is refused, and nothing of it is stored (T21)', async () => {
    expect(await refusal('code;nom\nRNCP37674;Dupont')).to.contain('La colonne « nom » est refusée.');
    expect(await refusal('code;Adresse e-mail\nRNCP37674;x')).to.contain('est refusée');
    expect(await refusal('code;divers\nRNCP37674;jean@exemple.fr')).to.contain('est refusée');
    expect(await kept()).to.equal(0);
    const id = await submit(
      'code;reference\n1850578006084;1\nRNCP37674;jean@exemple.fr\nJean Dupont;2\nRNCP37674;DUPONT Jean',
    );
    expect((await answersOf(id)).map(({ typed, reference, reason }) => [typed, reference, reason.code])).to.deep.equal([
      ['', '', 'E_DONNEE_PERSONNELLE'],
      ['', '', 'E_DONNEE_PERSONNELLE'],
      ['', '2', 'E_FORMAT_CHAMP'],
      ['RNCP37674', '', 'E_DONNEE_PERSONNELLE'],
    ]);
    const stored = JSON.stringify(await world.database.connection.collection('checked_list_pieces').find({}).toArray());
    expect(stored).not.to.match(/1850578006084|jean@|Dupont/i);
  });

  it('pasted past 2,000 lines asks for a file; a file passes', async () => {
    const many = Array.from({ length: 2_001 }, () => 'RNCP37674').join('\n');
    expect(await refusal(many)).to.equal('Au-delà de 2 000 lignes, envoyez un fichier.');
    expect(await refusal(many, false)).to.equal('kept');
  });

  it('two processes at once answer each line once, and receipts are made once', async () => {
    const id = await submit(Array.from({ length: 1_200 }, () => 'RNCP37674').join('\n'), false, false);
    const other = world.again();
    await Promise.all([world.verdicts.lists.work(), other.lists.work()]);
    const found = await answersOf(id);
    expect(found.map(({ line }) => line)).to.deep.equal(Array.from({ length: 1_200 }, (_, at) => at + 1));
    const small = await submit('RNCP37674\nRS6604', true);
    const codes = (await answersOf(small)).map(({ receipt }) => receipt);
    expect(new Set(codes).size).to.equal(2);
    expect(await world.database.connection.collection('receipts').countDocuments({})).to.equal(2);
  });

  it('is gone after 24 hours, for the page and in the database', async () => {
    const id = await submit('RNCP37674');
    world.clock = new Date(world.clock.getTime() + 24 * 3_600_000 + 1);
    await request(site).get(`/financeur/verifier/${id}`).expect(404);
    expect(await world.verdicts.lists.eraseExpired()).to.equal(1);
    expect(await kept()).to.equal(0);
  });

  it('belongs to who sent it', async () => {
    const id = await submit('RNCP37674');
    world.actor = { ...funder, accountId: 'funder-2' };
    await request(site).get(`/financeur/verifier/${id}`).expect(404);
  });

  it('by a form: sent, answered, read as a page and as CSV with both sentences under it', async () => {
    const sent = await request(site)
      .post('/financeur/verifier/liste')
      .field('_csrf', formToken)
      .attach('fichier', Buffer.from('code,prix\nRNCP37674,12\nRS6604,9'), 'liste.csv')
      .expect(303);
    const address = String(sent.headers.location);
    expect((await request(site).get(address).expect(200)).text).to.contain('Vérification en cours');
    await world.verdicts.lists.work();
    expect((await request(site).get(address).expect(200)).text).to.contain('seront effacées le');
    const csv = await request(site).get(`${address}.csv`).expect(200);
    const rows = csv.text.replace('\uFEFF', '').trim().split('\r\n');
    expect(rows[0]).to.equal(
      'ligne;code_saisi;code_retenu;siret;date;verdict;regles;raison;manquants;registre_du;regles_du;recu',
    );
    expect(rows).to.have.length(5);
    expect(rows[3]).to.contain('Information indicative : seul Mon Compte Formation fait foi.');
  });
});
