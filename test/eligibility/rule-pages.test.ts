import { createHash } from 'node:crypto';
import { expect } from 'chai';
import type { Express } from 'express';
import request from 'supertest';
import { loadRules, readCases } from '../../src/eligibility/data.ts';
import { parameterFields } from '../../src/eligibility/model/parameters.ts';
import { evaluatedRules, parameterSchemas } from '../../src/eligibility/model/rule-set.ts';
import { aSite } from '../builders/site.ts';

const rules = loadRules();
const plain = (html: string) => html.replaceAll('\u00a0', ' ').replaceAll('&#x27;', "'").replaceAll('&quot;', '"');
const rowOf = (page: string, id: string) => page.split('<tr>').find((row) => row.includes(`>${id}</a>`)) ?? '';

describe('the rules as pages', () => {
  let site: Express;
  before(async () => {
    site = await aSite();
  });
  const read = async (path: string, status = 200) => plain((await request(site).get(path).expect(status)).text);

  it('F1, F6: every rule stands on /regles with its condition, reference, certainty and day of check', async () => {
    const page = await read('/regles?date=2026-12-01');
    for (const { id, versions } of rules.rules) {
      const row = rowOf(page, id);
      expect(row, id).to.match(/condition|Condition/);
      if (versions.some(({ from, to }) => from <= '2026-12-01' && (to === null || to >= '2026-12-01')))
        expect(row, id)
          .to.match(/certitude (élevée|moyenne|faible)|droit général/)
          .and.contain('Vérifié le 22/11/2026');
    }
    expect(page.match(/<th scope="row"><a href="\/regles\//g)).to.have.length(rules.rules.length);
  });

  it('F5: ?date= shows the values of that day, the day before, of and after', async () => {
    const on = async (date: string) => rowOf(await read(`/regles?date=${date}`), 'F-03');
    expect(await on('2024-05-01')).to.contain('Pas encore en vigueur ce jour-là : depuis le 02/05/2024.');
    expect(await on('2024-05-02')).to.contain('100 €');
    expect(await on('2026-04-01')).to.contain('103,20 €');
    expect(await on('2026-04-02')).to.contain('150 €');
    expect(await on('2026-12-31')).to.contain('150 €');
    expect(await on('2027-01-01'))
      .to.contain('Valeur inconnue depuis le 01/01/2027')
      .and.not.contain('150 €');
  });

  it('a day that does not exist is said under its field, and today is shown', async () => {
    const page = await read('/regles?date=2026-02-30', 422);
    expect(page).to.contain('value="2026-02-30"').and.contain('Écrivez une date qui existe');
    await request(site).get('/regles?date=a&date=b').expect(422);
  });

  it('Z11: no address is shown while nobody opened it, and the sources are named', async () => {
    const page = await read('/regles/F-02');
    expect(page).to.contain('Texte officiel non consulté directement ; sources : certi-cpf.fr (10/02/2026)');
    expect(page).not.to.match(/href="https?:/);
    expect(await read('/regles/T-10')).not.to.contain('Texte officiel non consulté');
    expect(await read('/regles/T-02')).to.contain('sources : pages et fichiers publics qui citent ce texte.');
  });

  it('F2: the cases of a rule are run on its page, and agree', async () => {
    for (const id of ['F-03', 'A-08', 'P-05', 'T-01']) {
      const shown = readCases().filter(({ illustre }) => illustre.includes(id));
      const page = await read(`/regles/${id}`);
      expect(page, id).to.contain(`${shown.length} cas sur ${shown.length} : la réponse calculée maintenant est`);
      for (const { id: caseId } of shown) expect(page).to.contain(`<summary>${caseId} : `);
      expect(page).not.to.contain('(différent)');
    }
    // How an answer that takes a computation is derived.
    expect(await read('/regles/A-08')).to.contain('<p>Dès le 26/02/2026 il faut 100');
  });

  it('F7: the page has the history, and names nobody', async () => {
    const page = await read('/regles/F-03');
    expect(page).to.contain('Historique').and.contain('Équipe du site : fichier de départ').and.contain('4 versions');
    expect(page).to.contain("Après le 31 décembre 2026, la valeur n'est pas connue");
    expect(await read('/regles/D-11')).to.contain('Aucun cas');
  });

  it('an unknown rule is not found', async () => {
    await request(site).get('/regles/F-99').expect(404);
    await request(site).get('/regles/__proto__').expect(404);
  });

  it('N19: the open file holds every version, reference, certainty and case, with its licence', async () => {
    const { body, headers, text } = await request(site).get('/donnees/regles.json').expect(200);
    expect(body.regles).to.have.length(rules.rules.length);
    expect(body.licence.nom).to.equal('MIT');
    const participation = body.regles.find(({ id }: { id: string }) => id === 'F-03');
    expect(participation.versions.at(-1)).to.deep.include({ debut: '2026-04-02', fin: '2026-12-31', certitude: 'H' });
    expect(participation.versions.at(-1).valeurs).to.deep.equal({ montant: 150 });
    expect(body.cas).to.deep.equal(JSON.parse(JSON.stringify(readCases())));
    const digest = createHash('sha256').update(text).digest('hex');
    expect(headers.etag).to.equal(`"${digest}"`);
    expect(await read('/donnees'))
      .to.contain(digest)
      .and.contain(`${rules.rules.length} règles`);
    await request(site).get('/donnees/regles.json').set('If-None-Match', `"${digest}"`).expect(304);
  });

  it('each value of a rule has its field, and each field its value', () => {
    for (const id of evaluatedRules) {
      const names = Object.keys(parameterSchemas[id].shape);
      expect(
        parameterFields(id).map(({ name }) => name),
        id,
      ).to.have.members(names);
      for (const version of rules.byId.get(id)?.versions ?? [])
        for (const { name, options, kind } of parameterFields(id))
          if (kind === 'choice' || kind === 'choices')
            expect(
              [version.parameters[name]].flat().every((code) => Object.hasOwn(options, String(code))),
              name,
            ).to.equal(true);
    }
    expect(parameterFields('T-02')).to.deep.equal([]);
    expect(parameterFields('constructor')).to.deep.equal([]);
  });
});
