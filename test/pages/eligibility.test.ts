import { expect } from 'chai';
import type { Express } from 'express';
import request from 'supertest';
import { type Answers, readAnswers, writeAnswers } from '../../src/eligibility/model/answers.ts';
import { aimsFor } from '../builders/aims.ts';
import { employee } from '../builders/answers.ts';
import { specific } from '../builders/dossier.ts';
import { aSite } from '../builders/site.ts';

const plain = (html: string) => html.replaceAll('\u00a0', ' ').replaceAll('&#x27;', "'").replaceAll('&quot;', '"');
const textOf = (html: string) => plain(html.replace(/<[^>]+>/g, ' ')).replace(/\s+/g, ' ');

const jobSeeker: Answers = { ...employee, statut: 'demandeur_emploi', inscription: 'avis' };

const addressOf = (ref: string, answers: Answers, path = '/eligibilite/resultat') =>
  `${path}?but=${ref}&r=${writeAnswers(answers)}`;

describe('what it costs, one question per page', () => {
  let site: Express;

  before(async () => {
    site = await aSite({
      receipts: true,
      facts: { contact: { email: 'aide@exemple.fr', url: null } },
      findAim: aimsFor({
        bon: {},
        fini: { 'action.certification.finEnregistrement': '2026-11-20' },
        muet: { 'organisme.habilitation': null },
        plafonne: { 'action.certification': specific, 'action.prix': 1650 },
        gratuit: { 'action.prix': 0 },
        bilan: { 'action.type': 'bilan', 'action.certification': null },
      }),
    });
  });

  /** Every answer of the pages: no cookie, nothing for the next page, nothing kept. */
  function isQuiet({ headers }: { headers: Record<string, string> }): void {
    expect(headers).to.not.have.property('set-cookie');
    expect(headers['referrer-policy']).to.equal('no-referrer');
    expect(headers['cache-control']).to.equal('private, no-store');
  }

  const open = async (path: string, status = 200) => {
    const answer = await request(site).get(path).expect(status);
    isQuiet(answer);
    return answer.text;
  };
  /** Follows the answer of a form to the page it leads to. */
  const follow = async (path: string): Promise<{ readonly path: string; readonly html: string }> => {
    const answer = await request(site).get(path);
    isQuiet(answer);
    return answer.status === 303 ? follow(String(answer.headers.location)) : { path, html: answer.text };
  };
  const send = (path: string, fields: Record<string, string>) => request(site).post(path).type('form').send(fields);
  const heading = (html: string) => textOf(/<h1>(.*?)<\/h1>/s.exec(html)?.[1] ?? '').trim();
  const answersIn = (path: string) => readAnswers(new URLSearchParams(path.split('?')[1]).get('r') ?? '');

  it('asks from the situation to the balance, and shows the result; each address holds the answers so far', async () => {
    let at = await follow('/eligibilite?but=cours:bon');
    const typed: readonly (readonly [question: string, fields: string])[] = [
      ["Quelle est votre situation aujourd'hui ?", 'q=statut&reponse=salarie'],
      ['Quel âge avez-vous ?', 'q=age&reponse=38'],
      ['Touchez-vous une retraite à taux plein ?', 'q=retraiteTauxPlein&reponse=non'],
      ['Avez-vous une inscription à France Travail ?', 'q=inscription&reponse=non'],
      [
        'Utilisez-vous des points C2P, ou un abondement après un accident du travail ou une maladie professionnelle ?',
        'q=exonerationAutre&reponse=non',
      ],
      ['Une aide est-elle déjà accordée ?', 'q=aides&reponse=non'],
    ];
    for (const [position, [question, fields]] of typed.entries()) {
      expect(heading(at.html)).to.equal(question);
      const left = Number(/au plus (\d+) question/.exec(textOf(at.html))?.[1]);
      expect(left, 'questions left').to.be.at.least(typed.length + 1 - position);
      expect(textOf(at.html)).to.include('Pourquoi cette question ?');
      const r = new URLSearchParams(at.path.split('?')[1]).get('r');
      at = await follow(`/eligibilite?but=cours:bon${r === null ? '' : `&r=${r}`}&${fields}`);
    }
    expect(heading(at.html)).to.equal('Combien y a-t-il sur votre compte formation (CPF) ?');
    expect(answersIn(at.path)).to.deep.equal({ ok: true, answers: employee });
    const action = plain(/<form class="[^"]*en-question" action="([^"]*)" method="post"/.exec(at.html)?.[1] ?? '');
    const result = await send(action.replaceAll('&amp;', '&').replaceAll('&#x3D;', '='), {
      q: 'solde',
      reponse: '1 500,50 €',
    });
    expect(result.status).to.equal(200);
    isQuiet(result);
    expect(textOf(result.text)).to.include(
      'Prix 2 000 €. Vos droits CPF paient 1 500,50 €. Il vous reste 499,50 € à payer, pour une inscription validée le 22 novembre 2026.',
    );
  });

  it('the balance is in no address of the result, only in the hidden fields of its forms', async () => {
    const result = await send(addressOf('cours:bon', employee), { q: 'solde', reponse: '1777' });
    const addresses = [...result.text.matchAll(/(?:href|action|value)="([^"]*)"/g)].map(([, value = '']) => value);
    const holding = addresses.filter((value) => value.includes('1777'));
    expect(new Set(holding)).to.deep.equal(new Set(['1777']));
    for (const address of addresses.filter((value) => /[?&;]r(=|&#x3D;)/.test(value))) {
      const r = /r(?:=|&#x3D;)([\w-]*)/.exec(address)?.[1] ?? '';
      expect(Buffer.from(r, 'base64url').toString()).to.not.include('1777');
    }
    // « changer » takes it along, in the body.
    expect(result.text).to.match(
      /<form class="en-mouvement" method="post"[^>]*><input type="hidden" name="solde" value="1777">/,
    );
    const changed = await send(addressOf('cours:bon', { ...employee, age: undefined } as Answers, '/eligibilite'), {
      solde: '1777',
    });
    expect(heading(changed.text)).to.equal('Quel âge avez-vous ?');
    const again = await send(addressOf('cours:bon', { ...employee, age: undefined } as Answers, '/eligibilite'), {
      solde: '1777',
      q: 'age',
      reponse: '40',
    });
    expect(heading(again.text)).to.equal('Vous êtes a priori éligible');
    expect(textOf(again.text)).to.include('Vos droits CPF paient 1 777 €');
  });

  it('the balance is in the link and the file once its owner ticked it, and in what they lead to (T20)', async () => {
    const result = await send(addressOf('cours:bon', employee), { q: 'solde', reponse: '1777' });
    expect(textOf(result.text)).to.include('Inclure le solde de mon compte dans le lien et le fichier');
    expect(result.text).to.match(
      /<input type="checkbox" id="soldeDansLien" name="soldeDansLien" value="oui" required>/,
    );
    const told = writeAnswers({ ...employee, solde: 1777 });
    const address = `/eligibilite/resultat?but=cours%3Abon&r=${told}`;
    const { headers } = await request(site)
      .post(addressOf('cours:bon', employee).replace('/eligibilite?', '/eligibilite/resultat?'))
      .type('form')
      .send({ solde: '1777', soldeDansLien: 'oui' })
      .expect(303);
    expect(headers.location).to.equal(address);
    const html = await open(address);
    const text = textOf(html);
    expect(text).to.include('et le solde de votre compte : ne le donnez qu’à qui peut le connaître.');
    expect(text).to.match(/1 777 € \(dans le lien\)/);
    expect(text).to.not.include('Refaire le lien');
    expect(text, 'a receipt asks again').to.include('Inclure le solde de mon compte dans le reçu');
    const { body } = await request(site).get(`/eligibilite/reponses.json?but=cours:bon&r=${told}`).expect(200);
    expect(body.reponses.solde).to.equal(1777);
    // Without the tick, sending it again changes no address.
    const kept = await send(addressOf('cours:bon', employee).replace('/eligibilite?', '/eligibilite/resultat?'), {
      solde: '1777',
    });
    expect(kept.text).to.not.include(told);
  });

  it('a GET with a balance in it is not believed: no page ever makes one', async () => {
    const html = await open(`${addressOf('cours:bon', employee)}&solde=3000`);
    expect(textOf(html)).to.include('Il nous manque : le montant de votre compte formation.');
  });

  it('« je ne sais pas » is an answer everywhere, and is not asked again', async () => {
    let at = await follow('/eligibilite?but=cours:bon');
    const asked: string[] = [];
    while (at.path.startsWith('/eligibilite?') && asked.length < 12) {
      const name = /name="q" value="(\w+)"/.exec(at.html)?.[1] ?? '';
      asked.push(name);
      const r = new URLSearchParams(at.path.split('?')[1]).get('r') ?? '';
      if (name === 'solde') {
        const { headers } = await send(`/eligibilite/resultat?but=cours:bon&r=${r}`, {
          q: 'solde',
          inconnu: '1',
        }).expect(303);
        at = await follow(String(headers.location));
      } else at = await follow(`/eligibilite?but=cours:bon&r=${r}&q=${name}&inconnu=1`);
    }
    expect(new Set(asked).size).to.equal(asked.length);
    expect(heading(at.html)).to.equal('Vous êtes peut-être éligible');
  });

  it('a certain refusal stops the questions, and names its five items', async () => {
    const at = await follow(
      `/eligibilite?but=cours:bon&r=${writeAnswers({ v: 1, statut: 'salarie' })}&q=age&reponse=12`,
    );
    expect(at.path).to.match(/^\/eligibilite\/resultat\?/);
    expect(heading(at.html)).to.equal("Vous n'êtes pas éligible à ce financement");
    expect(textOf(at.html)).to.include('Votre réponse : 12 ans. Il faut : 16 ans au moins');
    expect(textOf(at.html)).to.include('Ce qui changerait la réponse :');
    expect(textOf(at.html)).to.not.include('Répondre à cette question');
  });

  it('a course that is refused for everybody asks nothing at all', async () => {
    const at = await follow('/eligibilite?but=cours:fini');
    expect(heading(at.html)).to.equal('Ce financement ne concerne pas ce cours');
    expect(textOf(at.html)).to.include("La certification n'est plus active depuis le 21/11/2026.");
    expect(textOf(at.html)).to.include('Notre registre date du 16 novembre 2026, avant cette fin');
  });

  it('a public servant is told at once whom to ask', async () => {
    const at = await follow('/eligibilite?but=cours:bon&q=statut&reponse=agent_public');
    expect(heading(at.html)).to.equal('Ce simulateur ne traite pas votre situation');
    expect(textOf(at.html)).to.include('À qui demander :');
  });

  it('what the course does not tell is not asked of the person', async () => {
    const at = await follow('/eligibilite?but=cours:muet');
    expect(heading(at.html)).to.equal('Nous ne pouvons pas répondre');
  });

  it('a registration that is only told is no proof; the page says what a proof would change', async () => {
    const result = await send(addressOf('cours:bon', jobSeeker), { q: 'solde', reponse: '5000' });
    expect(heading(result.text)).to.equal("Ce cours est finançable. Votre reste à payer n'est pas encore connu.");
    const text = textOf(result.text);
    expect(text).to.include("Il nous manque : une preuve récente d'inscription à France Travail.");
    expect(text).to.include(
      'Avec une preuve de 30 jours au plus, il vous resterait 0 € à payer, pour une inscription le 22 novembre 2026.',
    );
    expect(text, 'T8').to.not.match(/gratuit demandeur/i);
  });

  it('no choice is offered that leads nowhere: signing in with France Travail proves nothing yet', async () => {
    const html = await open(
      addressOf('cours:bon', { v: 1, statut: 'salarie', age: 38, retraiteTauxPlein: false }, '/eligibilite'),
    );
    expect(heading(html)).to.equal('Avez-vous une inscription à France Travail ?');
    expect(html).to.not.include('je me connecte avec France Travail');
    expect(textOf(html)).to.include('avec la preuve');
  });

  it('without an aim, the account in general: never « éligible » alone, and where to choose a course', async () => {
    const html = await open('/eligibilite');
    expect(textOf(html)).to.include('Choisissez un cours pour connaître le montant.');
    const result = await follow(`/eligibilite?r=${writeAnswers(employee)}`);
    expect(heading(result.html)).to.equal('Vous êtes peut-être éligible');
    expect(textOf(result.html)).to.include('Choisissez un cours pour connaître le montant.');
    const child = await follow(`/eligibilite?r=${writeAnswers({ v: 1, statut: 'salarie' })}&q=age&reponse=14`);
    expect(heading(child.html)).to.equal("Vous n'êtes pas éligible à ce financement");
  });

  it('an aid is told with who and how much, and counts when it is granted only', async () => {
    const before: Answers = { ...employee, aides: undefined } as Answers;
    const { aides: _none, ...asked } = before;
    const base = addressOf('cours:bon', asked, '/eligibilite');
    const refused = await request(site).get(`${base}&q=aides&reponse=accordee`).expect(422);
    expect(refused.text).to.include('Choisissez qui donne cette aide.');
    expect(textOf(refused.text)).to.include('Écrivez le montant en euros');
    expect(refused.text).to.match(/id="reponse-1"[^>]*value="accordee" checked/);
    const at = await follow(`${base}&q=aides&reponse=accordee&par=employeur&montant=1 000`);
    expect(answersIn(at.path)).to.deep.include({ ok: true });
    const result = await send(at.path.replace('/eligibilite?', '/eligibilite/resultat?'), {
      q: 'solde',
      reponse: '3000',
    });
    expect(textOf(result.text)).to.match(/Aides accordées Par votre employeur, au 22\/11\/2026 − 1 000 €/);
    expect(textOf(result.text)).to.match(/Pour vous Calculé pour une inscription le 22\/11\/2026 0 €/);
    const pending = await follow(`${base}&q=aides&reponse=demandee&par=region&montant=`);
    expect(textOf(pending.html)).to.not.include('Une aide est-elle déjà accordée ?');
  });

  it('a skills assessment asks when the last one was, and refuses a day to come', async () => {
    const base = addressOf(
      'cours:bilan',
      { v: 1, statut: 'salarie', age: 38, retraiteTauxPlein: false },
      '/eligibilite',
    );
    expect(heading(await open(base))).to.equal('Quand votre dernier bilan de compétences a-t-il été financé ?');
    for (const day of ['30/02/2024', '01/01/2027', 'hier', ''])
      expect((await request(site).get(`${base}&q=dernierBilan&reponse=le&jour=${day}`).expect(422)).text).to.include(
        'Écrivez une date passée',
      );
    const at = await follow(`${base}&q=dernierBilan&reponse=le&jour=14/03/2024`);
    expect(heading(at.html)).to.equal("Vous n'êtes pas éligible à ce financement");
  });

  for (const [typed, sentence] of [
    ['', 'Écrivez un montant en euros'],
    ['-5', 'Écrivez un montant en euros'],
    ['1e9', 'Écrivez un montant en euros'],
    ['12,345', 'Écrivez un montant en euros'],
    ['99999999', 'Écrivez un montant en euros'],
  ] as const) {
    it(`a balance of « ${typed} » is refused under its field, and kept as typed`, async () => {
      const { text, status } = await send(addressOf('cours:bon', employee), { q: 'solde', reponse: typed });
      expect(status).to.equal(422);
      expect(text).to.include(sentence);
      expect(text).to.match(/aria-invalid="true"[^>]*aria-describedby="reponse-aide reponse-erreur"/);
      expect(text).to.include(`name="reponse" type="text" inputmode="decimal" value="${typed}"`);
    });
  }

  it('an answer that is none of the choices is refused in words', async () => {
    const { text } = await request(site).get('/eligibilite?but=cours:bon&q=statut&reponse=roi').expect(422);
    expect(textOf(text)).to.include('Choisissez une réponse. « Je ne sais pas » en est une.');
    const { text: age } = await request(site)
      .get(`${addressOf('cours:bon', { v: 1, statut: 'salarie' }, '/eligibilite')}&q=age&reponse=abc`)
      .expect(422);
    expect(textOf(age)).to.include('Écrivez votre âge en chiffres, par exemple 38.');
  });

  it('an altered link says so and keeps nothing', async () => {
    const whole = writeAnswers(employee);
    for (const r of [
      whole.slice(0, -3),
      `${whole}x`,
      'é',
      '{"v":1}',
      'A'.repeat(5_000),
      writeAnswers({ ...employee, solde: -3000 }),
    ])
      for (const path of ['/eligibilite', '/eligibilite/resultat', '/eligibilite/reponses.json']) {
        const html = await open(`${path}?but=cours:bon&r=${encodeURIComponent(r)}`, 400);
        expect(heading(html)).to.equal('Ce lien est incomplet. Recommencez, ou demandez-le de nouveau.');
      }
    for (const date of ['2018-12-31', '2026-02-30', '2040-01-01', 'demain'])
      await open(`${addressOf('cours:bon', employee)}&date=${date}`, 400);
  });

  it('an aim that does not exist, or no longer, is a page that does not exist', async () => {
    for (const ref of ['cours:perdu', 'cours:', 'autre:bon', '../etc', '<script>'])
      await request(site)
        .get(`/eligibilite?but=${encodeURIComponent(ref)}`)
        .expect(404);
  });

  it('a body that is too large is refused before it is read', async () => {
    const { text } = await send(addressOf('cours:bon', employee), { solde: '9'.repeat(10_000_000) }).expect(413);
    expect(textOf(text)).to.include('Cette demande est trop grande.');
  });

  it('the answers are kept as a file, without a balance, and come back by file, by paste and by link', async () => {
    const { headers, text } = await request(site)
      .get(`/eligibilite/reponses.json?but=cours:bon&r=${writeAnswers(employee)}&date=2026-11-20`)
      .expect(200);
    expect(headers['content-disposition']).to.match(/^attachment; filename="mes-reponses-2026-11-20\.json"/);
    expect(JSON.parse(text)).to.deep.equal({
      format: 'ecole-numerique-au-carre/reponses',
      but: 'cours:bon',
      date: '2026-11-20',
      reponses: employee,
    });
    const expected = `/eligibilite/resultat?but=cours%3Abon&r=${writeAnswers(employee)}&date=2026-11-20`;
    const resume = () => request(site).post('/eligibilite/reprendre');
    const sent = await resume()
      .field('texte', '')
      .attach('fichier', Buffer.from(text), 'mes-reponses.json')
      .expect(303);
    expect(sent.headers.location).to.equal(expected);
    const pasted = await resume().field('texte', text).expect(303);
    expect(pasted.headers.location).to.equal(expected);
    const linked = await resume().field('texte', `https://ailleurs.example${expected}`).expect(303);
    expect(linked.headers.location).to.equal(expected);
    expect((await follow(expected)).html).to.include('Cette réponse est calculée pour une inscription le');
  });

  it('a file that was changed into something else is refused in words', async () => {
    const file = {
      format: 'ecole-numerique-au-carre/reponses',
      but: 'cours:bon',
      date: '2026-11-20',
      reponses: employee,
    };
    const changed = [
      '{',
      '[]',
      'bonjour',
      JSON.stringify({ ...file, solde: 3000 }),
      JSON.stringify({ ...file, reponses: { ...employee, solde: 30.001 } }),
      JSON.stringify({ ...file, format: 'autre' }),
      JSON.stringify({ ...file, date: '2026-02-30' }),
      'https://ailleurs.example/catalogue?r=',
    ];
    for (const text of changed) {
      const { text: html } = await request(site).post('/eligibilite/reprendre').field('texte', text).expect(400);
      expect(heading(html), text).to.equal('Ce lien est incomplet. Recommencez, ou demandez-le de nouveau.');
    }
    await request(site)
      .post('/eligibilite/reprendre')
      .field('texte', '')
      .attach('fichier', Buffer.alloc(1_000_000, 'x'), 'gros.json')
      .expect(400);
  });

  it('the copied link holds the day, so that an adviser sees the same answer later', async () => {
    const html = await open(addressOf('cours:bon', employee));
    const link = plain(/id="lien" type="text" readonly value="([^"]*)"/.exec(html)?.[1] ?? '')
      .replaceAll('&amp;', '&')
      .replaceAll('&#x3D;', '=');
    expect(link).to.match(
      /^http:\/\/127\.0\.0\.1:\d+\/eligibilite\/resultat\?but=cours%3Abon&r=[\w-]+&date=2026-11-22$/,
    );
    const later = await aSite({ findAim: aimsFor({ bon: {} }), now: () => new Date('2027-01-05T09:00:00Z') });
    const { text } = await request(later)
      .get(link.replace(/^http:\/\/[^/]+/, ''))
      .expect(200);
    expect(textOf(text)).to.include(
      "Cette réponse est calculée pour une inscription le 22 novembre 2026. La refaire pour aujourd'hui",
    );
    expect(heading(text)).to.equal(heading(html));
  });

  it('a receipt is asked for with the aim, the day and the answers; the balance only when it was typed, its box off', async () => {
    const result = await send(addressOf('cours:bon', employee), { q: 'solde', reponse: '1777' });
    const form = /<form action="\/verdicts" method="post">(.*?)<\/form>/s.exec(result.text)?.[1] ?? '';
    const hidden = [...form.matchAll(/type="hidden" name="(\w+)" value="([^"]*)"/g)].map(([, name, value]) => [
      name,
      value,
    ]);
    expect(hidden).to.deep.equal([
      ['but', 'cours:bon'],
      ['date', '2026-11-22'],
      ['r', writeAnswers(employee)],
      ['solde', '1777'],
    ]);
    expect(form).to.include('name="inclureSolde" value="oui">');
    const without = await open(addressOf('cours:bon', employee));
    expect(without).to.include('action="/verdicts"');
    expect(without).to.not.include('inclureSolde');
    const noReceipts = await aSite({ findAim: aimsFor({ bon: {} }) });
    const { text } = await request(noReceipts).get(addressOf('cours:bon', employee)).expect(200);
    expect(text).to.not.include('/verdicts');
  });

  it('« Version facile à lire » works without script and stays from page to page', async () => {
    const html = await open('/eligibilite?but=cours:bon&facile=1');
    expect(textOf(html)).to.include('Dites-nous ce que vous faites en ce moment.');
    expect(html).to.include('name="facile" value="1"');
    const refused = await open(`${addressOf('cours:fini', employee)}&facile=1`);
    expect(textOf(refused)).to.include('Le CPF ne paie pas ce cours.');
    expect(textOf(refused)).to.include("Ce diplôme n'est plus reconnu à cette date.");
    expect(await open('/eligibilite?but=cours:bon')).to.not.include('en-facile');
  });

  it('is kept out of search engines and weighs less than 100 KB', async () => {
    for (const path of ['/eligibilite?but=cours:bon', addressOf('cours:plafonne', employee)]) {
      const html = await open(path);
      expect(html).to.include('<meta name="robots" content="noindex">');
      expect(Buffer.byteLength(html)).to.be.below(100_000);
    }
  });

  it('free for all is nothing to pay, whatever the account answers', async () => {
    const html = await open(addressOf('cours:gratuit', employee));
    expect(textOf(html)).to.match(/Il vous reste 0 € à payer/);
    expect(html).to.include('<span class="en-marqueur">0\u00a0€</span>');
  });
});
