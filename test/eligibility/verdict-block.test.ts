import { existsSync, readFileSync } from 'node:fs';
import { expect } from 'chai';
import { loadRules, readCases } from '../../src/eligibility/data.ts';
import { assess } from '../../src/eligibility/model/assess.ts';
import { type Display, displays } from '../../src/eligibility/model/displays.ts';
import { assessCases } from '../../src/eligibility/use-cases.ts';
import { type VerdictBlock, type VerdictContext, verdictBlock } from '../../src/eligibility/view-models/verdict.ts';
import { type Changes, dossierOf, proof, specific, wireDossier } from '../builders/dossier.ts';

const rules = loadRules();
const dates = { register: '2026-06-01', provider: '2026-06-02', price: '2026-06-03' };
const context: VerdictContext = { about: 'Développeur web', rules, dates };

/** As printed, with plain spaces. */
const plain = (text: string) => text.replaceAll('\u00a0', ' ');

function block(changes: Changes = {}, more: Partial<VerdictContext> = {}): VerdictBlock {
  const dossier = dossierOf(wireDossier(changes));
  return verdictBlock(assess(dossier, dossier.date, rules), dossier, { ...context, ...more });
}

/** Every text of a block. */
const textsOf = (value: unknown): string[] =>
  typeof value === 'string'
    ? [plain(value)]
    : value !== null && typeof value === 'object'
      ? Object.values(value).flatMap(textsOf)
      : [];

const unproven = { inscrit: true, source: 'declaratif', dateVerification: null, categorie: null };

describe('the verdict block', () => {
  const table: readonly (readonly [Display, string, Changes, readonly string[]])[] = [
    [
      'oui',
      'Vous êtes a priori éligible',
      { 'personne.soldeCpf': 1500 },
      [
        'Prix 2 000 €. Vos droits CPF paient 1 500 €. Il vous reste 500 € à payer, pour une inscription validée le 10 juin 2026.',
      ],
    ],
    [
      'oui-incomplet',
      "Ce cours est finançable. Votre reste à payer n'est pas encore connu.",
      { 'personne.inscriptionFranceTravail': unproven },
      ["Il nous manque : une preuve récente d'inscription à France Travail."],
    ],
    ['non-personne', "Vous n'êtes pas éligible à ce financement", { 'personne.age': 12 }, []],
    ['non-cours', 'Ce financement ne concerne pas ce cours', { 'organisme.dereference': true }, []],
    ['hors-perimetre', 'Ce simulateur ne traite pas votre situation', { 'personne.statut': 'agent_public' }, []],
    ['peut-etre', 'Vous êtes peut-être éligible', { 'personne.age': null }, ['Il nous manque : votre âge.']],
    [
      'sans-reponse',
      'Nous ne pouvons pas répondre',
      { 'organisme.habilitation': null },
      ["L'information « l'habilitation de l'organisme par le certificateur » n'est pas connue (au 01/06/2026)."],
    ],
  ];

  for (const [display, heading, changes, lines] of table) {
    it(`${display}: « ${heading} »`, () => {
      const shown = block(changes);
      expect(shown).to.include({ display, heading });
      expect(shown.lines.map(plain)).to.deep.equal(lines);
    });
  }

  it('has no other display than those seven', () => {
    expect(table.map(([display]) => display)).to.deep.equal([...displays]);
  });

  it('a course or provider refusal gives the heading; all are listed, action, provider, person', () => {
    const shown = block({ 'personne.age': 12, 'organisme.dereference': true, 'action.type': 'creation_entreprise' });
    expect(shown.heading).to.equal('Ce financement ne concerne pas ce cours');
    expect(shown.refusals.map(({ ruleId }) => ruleId)).to.deep.equal(['A-09', 'P-07', 'T-01']);
    expect(shown.notYou, 'the person is refused too').to.equal(null);
    expect(block({ 'organisme.dereference': true }).notYou).to.match(/^Cela ne vient pas de vous/);
  });

  it('with a fact of the person and one of the course missing, the course gives the heading and is what is named', () => {
    const shown = block({ 'personne.age': null, 'organisme.habilitation': null });
    expect(shown.display).to.equal('sans-reponse');
    expect(shown.lines.join()).to.not.match(/âge/);
  });

  it('the two sentences stand under every verdict, in their order, then the receipt and the person', () => {
    for (const [, , changes] of table)
      expect(block(changes, { receipt: 'V-7K4MQ9TD2X', contact: 'aide@exemple.fr' }).foot.map(plain)).to.deep.equal([
        'Information indicative : seul Mon Compte Formation fait foi.',
        "Simulation non contractuelle, d'après vos réponses et les règles en vigueur au 10 juin 2026. Registre des certifications du 1er juin 2026. Elle n'engage ni le financeur ni l'organisme.",
        'Votre conseiller peut la vérifier avec le code V-7K4MQ9TD2X.',
        'Une personne peut revoir cette réponse : aide@exemple.fr.',
      ]);
    expect(block().foot).to.have.length(2);
  });

  it('three dates: of the verdict, of the rules, of the register', () => {
    for (const [, , changes] of table)
      expect(block(changes).days.map(({ text }) => text)).to.deep.equal(['10/06/2026', '22/11/2026', '01/06/2026']);
  });

  it('a refusal by an end later than our register says that it may have been prolonged, and only then', () => {
    const ended = { date: '2026-06-10', 'action.certification.finEnregistrement': '2026-06-05' };
    const [refusal] = block(ended).refusals;
    expect(plain(refusal?.reason ?? '')).to.equal("La certification n'est plus active depuis le 06/06/2026.");
    expect(plain(refusal?.doubt ?? '')).to.equal(
      'Notre registre date du 1er juin 2026, avant cette fin : une prolongation est possible. Vérifiez auprès de France compétences.',
    );
    const newer = { dates: { ...dates, register: '2026-06-09' } };
    expect(block(ended, newer).refusals[0]?.doubt).to.equal(null);
  });

  it('sessions that start after the end of registration, and the law of summer 2026, are told before paying only', () => {
    const changes = { date: '2026-07-01', 'action.certification.finEnregistrement': '2026-08-31' };
    const warned = block(changes, { sessionStart: '2026-09-14' }).warnings.map(({ text }) => plain(text));
    expect(warned).to.deep.equal([
      "Avez-vous déjà obtenu cette certification ? Depuis l'été 2026 le CPF ne la financerait plus.",
      "Vous vous engagez à vous présenter à l'épreuve.",
      "La session commence après la fin d'enregistrement : vérifiez auprès de l'organisme.",
    ]);
    expect(block({ ...changes, date: '2026-06-10' }).warnings).to.deep.equal([]);
    expect(block({ ...changes, 'organisme.dereference': true }, { sessionStart: '2026-09-14' }).warnings).to.deep.equal(
      [],
    );
  });

  it('the bill of 2027 is told to those who owe the participation, with its first day and without being added', () => {
    const [bill] = block({ date: '2026-10-02', 'personne.soldeCpf': 5000 }).warnings;
    expect(plain(bill?.text ?? '')).to.match(
      /jusqu'à 200 € pour les formations validées depuis le 02\/10\/2026\. Il n'est pas ajouté ici\.$/,
    );
  });

  it('on 1 January 2027 the participation is unknown, and so is the rest (T17)', () => {
    const shown = block({ date: '2027-01-01' });
    expect(shown.display).to.equal('oui-incomplet');
    expect(shown.lines.map(plain)).to.deep.equal(['Il nous manque : le montant de la participation à cette date.']);
    expect(shown.sum.filter(({ amount }) => amount === 'pas encore connu').map(({ label }) => label)).to.deep.equal([
      'Droits CPF utilisés',
      'Participation',
      'Pour vous',
    ]);
  });

  it('the sum is line by line, each with its day, and names the rules of the legal amounts', () => {
    const shown = block({
      date: '2026-05-04',
      'action.certification': { ...specific, clea: false },
      'action.prix': 1650,
      cofinancements: [],
    });
    expect(shown.sum.map(({ label, note, amount }) => [label, note, amount].map(plain))).to.deep.equal([
      ['Prix', 'Cours, certificat et examen, relevé le 03/06/2026', '1 650 €'],
      ['Plafond CPF', 'Règle F-02, depuis le 26/02/2026', '1 500 €'],
      ['Droits CPF utilisés', 'Règle F-06, calculé le 04/05/2026', '− 1 500 €'],
      ['Participation', 'Comprise dans ce que vous payez : règle F-03, du 02/04/2026 au 31/12/2026', '150 €'],
      ['Pour vous', 'Calculé pour une inscription le 04/05/2026', '150 €'],
    ]);
  });

  it('T46: the line of the price says what a person corrected of it', () => {
    const priceCorrection = "prix de l'examen corrigé par la plateforme le 04/06/2026";
    expect(plain(block({}, { dates: { ...dates, priceCorrection } }).sum[0]?.note ?? '')).to.equal(
      "Cours, certificat et examen, relevé le 03/06/2026, prix de l'examen corrigé par la plateforme le 04/06/2026",
    );
  });

  const forYou: readonly (readonly [string, Changes, string])[] = [
    ['gratuit_pour_tous', { 'action.prix': 0 }, '0 €, gratuit pour tous'],
    [
      'gratuit_demandeur_emploi',
      { 'personne.inscriptionFranceTravail': proof('2026-06-09') },
      "0 €, gratuit demandeur d'emploi : 2 000 € payés avec vos droits CPF",
    ],
    [
      'gratuit_demandeur_emploi with aid',
      {
        'personne.inscriptionFranceTravail': proof('2026-06-09'),
        cofinancements: [{ par: 'region', montant: 500, accorde: true }],
      },
      "0 €, gratuit demandeur d'emploi : 1 500 € payés avec vos droits CPF et 500 € par votre Région",
    ],
    [
      'sans_reste_a_charge',
      { cofinancements: [{ par: 'employeur', montant: 1000, accorde: true }] },
      '0 € à payer : 1 000 € de vos droits CPF et 1 000 € de votre employeur',
    ],
    [
      'contenu_gratuit_certificat_payant',
      { 'action.contenuGratuit': true, 'action.prix': 60 },
      'contenu gratuit, certificat payant : 60 €',
    ],
    ['payant', {}, '150 € à payer'],
    ['indecidable', { 'personne.soldeCpf': null }, 'pas encore connu : il manque le montant de votre compte formation'],
    [
      'indecidable, refused without a price',
      { 'organisme.dereference': true, 'action.prix': null },
      'pas encore connu : il manque le prix complet (cours, certificat, examen)',
    ],
    [
      'indecidable, outside',
      { 'personne.statut': 'agent_public' },
      'pas encore connu : ce simulateur ne traite pas votre situation',
    ],
  ];
  for (const [title, changes, text] of forYou) {
    it(`« Pour vous », ${title}`, () => {
      expect(plain(block(changes).forYou)).to.equal(`${text}, calculé le 10/06/2026`);
    });
  }

  it('nobody was asked: « à calculer », never « éligible », and what depends on the person is told in words', () => {
    const shown = block({ personne: null });
    expect(shown.forYou).to.equal('à calculer');
    expect(shown.display).to.equal('oui-incomplet');
    const licence = block({ personne: null, 'action.type': 'permis_leger', 'action.certification': null });
    expect(licence.conditions.map(plain)).to.deep.equal([
      "À condition d'être inscrit à France Travail, avec une preuve récente, ou d'avoir 100 € d'aide accordée au moins.",
    ]);
  });

  it('without a provider, never « éligible » alone, and no criterion of a provider is told', () => {
    const shown = block({}, { supposed: 'provider' });
    expect(shown.heading).to.equal('Vous êtes peut-être éligible');
    expect(shown.lines.map(plain)).to.deep.equal([
      'Il nous manque : le cours et son organisme. Choisissez un cours pour connaître le montant.',
    ]);
    expect(shown.criteria.filter(({ ruleId }) => ruleId.startsWith('P'))).to.deep.equal([]);
  });

  const reuse: readonly (readonly [string, Changes, string])[] = [
    [
      'the proof ends first',
      { 'personne.inscriptionFranceTravail': proof('2026-06-09') },
      "jusqu'au 9 juillet 2026. Après, votre preuve d'inscription à France Travail aura plus de 30 jours.",
    ],
    [
      'the certification ends first',
      { 'action.certification.finEnregistrement': '2026-06-20' },
      "jusqu'au 20 juin 2026. Après, la certification n'est plus enregistrée.",
    ],
    [
      'the certificate of the provider ends first',
      { 'organisme.qualiopi.au': '2026-06-30' },
      "jusqu'au 30 juin 2026. Après, le certificat Qualiopi de l'organisme prend fin.",
    ],
    ['a legal amount ends first', {}, "jusqu'au 31 décembre 2026. Après, la valeur de la règle F-03 change."],
  ];
  for (const [title, changes, text] of reuse) {
    it(`reusable until (F11): ${title}`, () => {
      expect(plain(block(changes).reuse)).to.equal(`Vous pouvez réutiliser cette réponse ${text}`);
    });
  }

  it('the proof of registration has a state, day 30 counts and day 31 does not', () => {
    const stateOn = (day: string) =>
      block({ 'personne.inscriptionFranceTravail': proof(day) }).criteria.find(({ ruleId }) =>
        ['D-01', 'F-03'].includes(ruleId),
      )?.proof;
    expect(plain(stateOn('2026-05-11') ?? '')).to.equal('vérifié le 11/05/2026');
    expect(plain(stateOn('2026-05-10') ?? '')).to.equal('expiré depuis le 10/06/2026');
    expect(plain(stateOn('2026-06-11') ?? '')).to.equal('impossible à vérifier');
    const declared = block({ 'personne.inscriptionFranceTravail': unproven });
    expect(declared.criteria.find(({ ruleId }) => ruleId === 'F-03')?.proof).to.equal('déclaré par vous');
  });

  describe('for every worked case', () => {
    const given = new URL('../../../shared/data/eligibility-cases.json', import.meta.url);
    const cases: { id: string; entree: unknown }[] = [...readCases()];
    if (existsSync(given)) cases.push(...(JSON.parse(readFileSync(given, 'utf8')) as { cas: typeof cases }).cas);
    else
      it('the twelve given cases were NOT rendered: ../shared/data/eligibility-cases.json is not beside the checkout');
    const refusing = new Set<string>();
    for (const one of assessCases({ cas: cases }, rules)) {
      if ('errors' in one) throw new Error(`case ${one.id} is refused`);
      const { id, dossier, verdict } = one;
      const shown = verdictBlock(verdict, dossier, context);
      it(`${id}: no empty text, no amount without a day, no score, « éligible » only when nothing is missing`, () => {
        for (const text of textsOf(shown)) {
          expect(text).to.not.equal('');
          expect(text, 'a value that nobody filled in').to.not.match(/undefined|null|NaN|\{\w+\}/);
        }
        const said = [
          shown.heading,
          shown.lines,
          shown.refusals.map(({ sentence }) => sentence),
          shown.sum,
          shown.forYou,
        ].flatMap(textsOf);
        for (const text of said) expect(text, 'no score').to.not.match(/\d ?%|score/i);
        for (const { note, amount } of shown.sum)
          if (/€/.test(amount)) expect(note, 'T4').to.match(/\d\d\/\d\d\/\d{4}/);
        for (const line of shown.lines) if (/€/.test(line)) expect(line, 'T4').to.match(/\d{4}/);
        if (verdict.manquants.length > 0) expect(shown.heading).to.not.equal('Vous êtes a priori éligible');
        if ((verdict.droitsMobilisables ?? 0) > 0)
          expect(textsOf([shown.lines, shown.sum]).join(), 'T9').to.match(/Droits CPF utilisés/);
      });
      it(`${id}: every refusal has its five items, and asks nothing more`, () => {
        expect(shown.refusals.map(({ ruleId }) => ruleId)).to.have.members([...verdict.regles]);
        for (const refusal of shown.refusals) {
          refusing.add(refusal.ruleId);
          expect(refusal.criterion).to.match(/\.$/);
          expect(plain(refusal.sentence)).to.match(
            /^(Votre réponse|Nous avons lu) : .+\. Il faut : .+\. Source : .+\.$/,
          );
          expect(plain(refusal.change)).to.match(
            /^(Ce qui changerait la réponse : .+|Rien ne changerait cette réponse pour ce cours\.)$/,
          );
        }
      });
    }
    it('together they show every rule that can refuse', () => {
      const able = rules.rules.filter(({ role }) => role === 'refusal' || role === 'outside').map(({ id }) => id);
      expect([...refusing].sort()).to.deep.equal(able.sort());
    });
  });
});
