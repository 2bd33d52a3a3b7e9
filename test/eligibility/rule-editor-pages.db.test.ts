import { expect } from 'chai';
import request from 'supertest';
import {
  alix,
  anEditorSite,
  anEditorWorld,
  ange,
  aSubject,
  capsForm,
  type EditorSite,
  type EditorWorld,
  participationForm,
} from '../builders/rule-editor.ts';

const plain = (html: string) =>
  html.replaceAll('\u00a0', ' ').replaceAll('&#x27;', "'").replaceAll('&quot;', '"').replaceAll('&gt;', '>');
const specific = { 'action.certification': { code: 'RS6604', active: true, clea: false } };

describe('the pages of rule editors', function () {
  this.timeout(20_000);
  let world: EditorWorld;
  let pages: EditorSite;
  beforeEach(async () => {
    world = await anEditorWorld();
    pages = await anEditorSite(world);
  });
  afterEach(() => world.close());

  const read = async (path: string, status = 200) => plain((await request(pages.site).get(path).expect(status)).text);
  const send = (path: string, form: Readonly<Record<string, unknown>>) =>
    request(pages.site).post(path).type('form').send(form);
  async function prepared(form: Readonly<Record<string, unknown>> = participationForm, ruleId = 'F-03') {
    const { headers } = await send(`/admin/regles/${ruleId}`, form).expect(303);
    const address = String(headers.location).replace('?fait=prepare', '');
    await world.listed(address.split('/').at(-1) ?? '');
    return address;
  }

  it('the form starts with the values of today, and asks for the dates and the source', async () => {
    const page = await read('/admin/regles/F-03');
    expect(page).to.match(/name="v-montant" type="text" value="150"/);
    expect(page)
      .to.match(/name="debut" type="date" value=""/)
      .and.match(/name="reference" type="text" value=""/);
    expect(await read('/admin/regles/T-02')).not.to.contain('name="v-');
    expect(await read('/admin/regles/D-01')).to.match(
      /type="checkbox" name="v-sources" value="avis_situation" checked/,
    );
    await read('/admin/regles/F-99', 404);
  });

  it('the page says how far the courses are with the rules and the register of now', async () => {
    expect(await read('/admin/regles')).to.contain(
      'Tous les cours (385) suivent ces règles et le registre. Dernier recalcul complet : 28 novembre 2026 à',
    );
    world.following = { courses: 20_000, left: 4_500, finishedAt: null };
    expect(await read('/admin/regles')).to.contain(
      'Recalcul en cours : 15 500 cours sur 20 000 suivent ces règles et le registre.',
    );
  });

  it('errors stand under their field, and what was typed stays', async () => {
    const { text } = await send('/admin/regles/F-03', {
      ...participationForm,
      debut: '2027-01-15',
      'v-montant': 'beaucoup',
      pourquoi: '<b>parce que</b>',
    }).expect(422);
    const page = plain(text);
    expect(page).to.match(/id="v-montant"[^>]*value="beaucoup"[^>]*aria-invalid="true"/);
    expect(page).to.contain('id="v-montant-erreur">Écrivez un montant en euros');
    expect(page).to.contain('href="#v-montant"').and.contain('<title>Erreur : Nouvelle version de F-03');
    expect(page).not.to.contain('<b>parce que</b>');
    const hole = plain(
      (await send('/admin/regles/F-03', { ...participationForm, debut: '2027-01-15' }).expect(422)).text,
    );
    expect(hole).to.match(
      /id="debut-erreur">F-03 : les versions « 2026-04-02 → 2026-12-31 » et « 2027-01-15 .* laissent un vide/,
    );
    await send('/admin/regles/F-03', { ...participationForm, 'v-montant': ['1', '2'] }).expect(422);
    await send('/admin/regles/F-03', { ...participationForm, reference: 'x'.repeat(3_000) }).expect(400);
  });

  it('N5: from the form to the rules that everybody reads, by two persons', async () => {
    const draft = await prepared();
    let page = await read(`${draft}?fait=prepare`);
    expect(page).to.contain('Une autre personne le relit').and.contain('Aucune valeur connue pour ces jours.');
    expect(page).to.contain('Aucun verdict ne change sur 0 cours.');
    expect(page).to.contain("1 cas d'exemple sur 86 ne donne plus la réponse attendue.").and.contain('raison-F03-a');
    expect(page).not.to.contain('>Publier<');
    expect(plain((await send(`${draft}/cas`, { 'raison-F03-a': ' ' }).expect(422)).text)).to.contain(
      'id="raison-F03-a-erreur">Dites pourquoi',
    );
    await send(`${draft}/cas`, { 'raison-F03-a': 'Le montant de 2027 est connu.' }).expect(303);
    await world.listed(draft.split('/').at(-1) ?? '');
    page = await read(draft);
    expect(page).to.contain('Vous avez préparé cette version : une autre personne').and.not.contain('>Publier<');
    await send(`${draft}/publier`, { revision: '2' }).expect(403);
    pages.signIn(ange);
    page = await read(draft);
    expect(page).to.contain('>Publier<').and.contain('Tout est prêt : relisez, puis publiez.');
    expect(page).not.to.contain('>Changer ce brouillon<');
    await send(`${draft}/publier`, {}).expect(409);
    await send(`${draft}/publier`, { revision: '2' }).expect(303).expect('Location', `${draft}?fait=publie`);
    expect(await read(`${draft}?fait=publie`))
      .to.contain('Version publiée.')
      .and.contain('publié');
    const rule = await read('/regles/F-03?date=2027-01-01');
    expect(rule).to.contain('152,50 €').and.contain('Revalorisation annuelle.').and.contain('28/11/2026');
    expect(rule)
      .to.contain('préparée par une personne, publiée par une autre')
      .and.not.match(/alix|ange\b/i);
    expect(rule).to.contain('Réponse attendue changée le 28/11/2026 : Le montant de 2027 est connu.');
    const { body } = await request(pages.site).get('/donnees/regles.json').expect(200);
    expect(body.regles.find(({ id }: { id: string }) => id === 'F-03').historique[0].pourquoi).to.equal(
      'Revalorisation annuelle.',
    );
  });

  it('N5: the verdicts that change are listed by page, and whole in a CSV without formula', async () => {
    world.subjects = [
      { ...aSubject('=cmd()', specific), href: '/cours/a' },
      ...Array.from({ length: 60 }, (_, at) => ({ ...aSubject(`Cours ${at}`, specific), href: `/cours/${at}` })),
      aSubject('sans changement'),
    ];
    const draft = await prepared(capsForm, 'F-02');
    const page = await read(draft);
    expect(page).to.contain('61 verdicts changent sur 62 cours et 0 parcours, le 01/01/2027.');
    expect(page).to.contain('oui (plafond 1 500 €)').and.contain('oui (plafond 1 400 €)').and.contain('>Cours 48<');
    expect(page).not.to.contain('>Cours 49<');
    expect(await read(`${draft}?page=2`))
      .to.contain('>Cours 59<')
      .and.contain('Page précédente');
    const { text, headers } = await request(pages.site).get(`${draft}/verdicts.csv`).expect(200);
    expect(headers['content-disposition']).to.equal('attachment; filename=verdicts-F-02-2027-01-01.csv');
    const lines = text.replace('\uFEFF', '').trimEnd().split('\r\n');
    expect(lines).to.have.length(62);
    expect(lines[0]).to.equal('type;titre;organisme;adresse;verdict_avant;verdict_apres;detail_avant;detail_apres');
    expect(lines[1]).to.equal(
      "cours;'=cmd();Institut Marelle;/cours/a;oui;oui;oui (plafond 1 500 €);oui (plafond 1 400 €)",
    );
  });

  it('a draft is changed by its author, and withdrawn after a question', async () => {
    const draft = await prepared();
    expect(await read(`${draft}/changer`)).to.match(/name="v-montant" type="text" value="152,5"/);
    await send(`${draft}/changer`, { ...participationForm, 'v-montant': 'x' }).expect(422);
    await send(`${draft}/changer`, { ...participationForm, 'v-montant': '153' }).expect(303);
    await world.listed(draft.split('/').at(-1) ?? '');
    expect(await read(draft)).to.contain('153 €');
    pages.signIn(ange);
    await read(`${draft}/changer`, 403);
    expect(await read(`${draft}/retirer`)).to.contain('Retirer ce brouillon');
    await send(`${draft}/retirer`, {}).expect(303).expect('Location', '/admin/regles?fait=retire');
    expect(await read('/admin/regles?fait=retire'))
      .to.contain('Rien ne change dans les règles.')
      .and.contain("Aucun brouillon n'attend.");
    await send(`${draft}/liste`, {}).expect(409);
    await read('/admin/regles/brouillons/nulle-part', 404);
    pages.signIn(alix);
  });

  it('a published version that no longer fits is said to those who edit', async () => {
    await world.store.publish({
      sequence: 1,
      ruleId: 'F-99',
      version: {
        from: '2027-01-01',
        to: null,
        parameters: {},
        legalBasis: { reference: 'x', url: null, checkedOn: '2026-11-28', certainty: 'L' },
      },
      why: 'x',
      caseChanges: [],
      draftId: 'lost',
      publishedOn: '2026-11-28',
    });
    await world.rules.refresh();
    expect(await read('/admin/regles')).to.contain(
      "Version publiée n° 1, laissée de côté : F-99 : cette règle n'existe pas.",
    );
  });
});
