import { expect } from 'chai';
import fc from 'fast-check';
import { loadFramework } from '../../src/framework/data.ts';
import { align } from '../../src/framework/model/alignment.ts';
import type { Alignable } from '../../src/framework/model.ts';

const framework = loadFramework();

const blank: Alignable = {
  title: '',
  description: '',
  objectives: [],
  languages: ['fr'],
  provider: null,
  level: { label: null, eqf: null },
  competences: [],
  subjects: [],
  certifications: [],
};
const aligned = (course: Partial<Alignable>) => align({ ...blank, ...course }, framework);
const mainOf = (course: Partial<Alignable>) => aligned(course).competences[0]?.code;
const declaring = (scheme: string, code: string | null, label: string | null = null, level: number | null = null) => ({
  scheme,
  code,
  label,
  level,
});

describe('which competence a course teaches', () => {
  const cases: readonly (readonly [string, string])[] = [
    ['Bien chercher avec un moteur de recherche', '1.1'],
    ['Démêler le vrai du faux : repérer les infox', '1.2'],
    ['Excel : les tableaux croisés dynamiques', '1.3'],
    ['Bases de données et SQL', '1.3'],
    ['Gérer sa messagerie électronique', '2.1'],
    ['Marketing digital et réseaux sociaux', '2.2'],
    ['Faire ses démarches administratives en ligne', '2.3'],
    ['Écrire à plusieurs : les documents partagés', '2.4'],
    ['Nétiquette : discuter en ligne avec respect', '2.5'],
    ['Soigner sa e-réputation', '2.6'],
    ['Créer un site avec WordPress', '3.1'],
    ['Remixer et réutiliser des contenus', '3.2'],
    ['Choisir une licence Creative Commons', '3.3'],
    ['Programmer en Python', '3.4'],
    ['Automatiser Excel avec VBA', '3.4'],
    ['Se protéger du hameçonnage', '4.1'],
    ['Le RGPD pas à pas', '4.2'],
    ['Écrans et cyberharcèlement', '4.3'],
    ['Vers la sobriété numérique', '4.4'],
    ['Dépanner son ordinateur', '5.1'],
    ['Comprendre le cloud computing', '5.2'],
    ["Comprendre l'intelligence artificielle", '5.2'],
    ['ChatGPT : écrire de bons prompts', '5.3'],
    ['Enseigner avec le numérique', '5.3'],
    ['Évaluer ses compétences numériques', '5.4'],
  ];
  for (const [title, code] of cases) {
    it(`« ${title} » is ${code}`, () => {
      expect(mainOf({ title })).to.equal(code);
    });
  }

  it('gives the words of the course as evidence, and a score between 0 and 1', () => {
    const [main] = aligned({ title: 'Initiation au TABLEUR' }).competences;
    expect(main).to.include({ code: '1.3', origin: 'inferred' });
    expect(main?.evidence).to.deep.equal(['tableur']);
    expect(main?.score).to.be.within(0.5, 1);
  });

  it('reads decomposed accents, capitals and plurals as the same words', () => {
    const plain = aligned({ title: 'Réseaux sociaux' });
    expect(aligned({ title: 'Réseaux sociaux'.normalize('NFD') }).competences[0]?.code).to.equal(
      plain.competences[0]?.code,
    );
    expect(mainOf({ title: 'RÉSEAU SOCIAL' })).to.equal('2.2');
  });

  it('reads a short word that is also an everyday word only when it is written as an acronym', () => {
    expect(aligned({ title: "Ce que j'ai appris" }).digital).to.equal(false);
    expect(mainOf({ title: 'AI for everyone', languages: ['en'] })).to.equal('5.2');
    expect(mainOf({ title: "Découvrir l'IA" })).to.equal('5.2');
  });

  it('reads « Word » as the software in French only', () => {
    expect(mainOf({ title: 'Word pour débuter' })).to.equal('3.1');
    expect(aligned({ title: 'The Word and the World', languages: ['en'] }).digital).to.equal(false);
  });

  it('the verb decides, not the tool: macros are programming, pivot tables are data', () => {
    expect(mainOf({ title: 'Excel : programmer des macros en VBA' })).to.equal('3.4');
    expect(mainOf({ title: 'Excel : tableaux et graphiques' })).to.equal('1.3');
  });
});

describe('whether a course is digital', () => {
  it('the medium of a course does not make it digital', () => {
    expect(
      aligned({
        title: 'La grossesse',
        description: 'Cours en ligne en visioconférence, ressources sur notre site internet.',
      }).digital,
    ).to.equal(false);
  });

  it('a passing mention does not make it digital', () => {
    const description =
      "Recruter sans discriminer : la loi, l'annonce, l'entretien, y compris sur les réseaux sociaux.";
    expect(aligned({ title: 'Conduire un entretien de recrutement', description }).digital).to.equal(false);
  });

  it('another field of engineering is not digital', () => {
    const description = 'Batteries, moteurs et électronique de puissance des véhicules électriques.';
    expect(aligned({ title: 'La technologie des véhicules électriques', description }).digital).to.equal(false);
  });

  it('a course that is not digital carries no competence and no level', () => {
    expect(aligned({ title: 'Naturopathie' })).to.deep.include({ digital: false, competences: [], level: null });
  });

  it('a course in neither French nor English is not judged', () => {
    const spanish = aligned({ title: 'Programación en Python', languages: ['es'] });
    expect(spanish).to.deep.include({ digital: null, competences: [], level: null });
  });

  it('a course in several languages is judged when one is French or English', () => {
    expect(aligned({ title: 'Python', languages: ['es', 'en'] }).digital).to.equal(true);
  });

  it('a course without a language is judged as French', () => {
    expect(aligned({ title: 'Word pour débuter', languages: [] }).digital).to.equal(true);
  });

  it('a digital subject code counts when the words say nothing', () => {
    const title = 'Module 4';
    expect(aligned({ title }).digital).to.equal(false);
    const subjects = [
      { scheme: 'FORMACODE', code: '31090', label: null },
      { scheme: 'NSF', code: '326t', label: null },
    ];
    const answer = aligned({ title, subjects });
    expect(answer.digital).to.equal(true);
    expect(answer.competences[0]).to.deep.include({ code: '3.4', evidence: ['formacode 31090'] });
  });
});

describe('what a source declares', () => {
  it('wins over what words say, with score 1', () => {
    const answer = aligned({ title: 'Programmer en Python', competences: [declaring('DigComp', '4.2')] });
    expect(answer.competences[0]).to.deep.equal({
      code: '4.2',
      score: 1,
      evidence: ['DigComp 4.2'],
      origin: 'declared',
    });
    expect(answer.competences[1]).to.include({ code: '3.4', origin: 'inferred' });
  });

  it('replaces an inferred competence of the same code', () => {
    const answer = aligned({ title: 'Programmer en Python', competences: [declaring('DigComp', '3.4')] });
    expect(answer.competences.filter(({ code }) => code === '3.4')).to.have.length(1);
    expect(answer.competences[0]).to.include({ code: '3.4', score: 1, origin: 'declared' });
  });

  it('makes the course digital, whatever its words', () => {
    expect(aligned({ title: 'Module 4', competences: [declaring('DigComp', '1.1')] }).digital).to.equal(true);
  });

  it('is kept, alone, for a course in another language', () => {
    const answer = aligned({ title: 'Python', languages: ['es'], competences: [declaring('DigComp', '3.4', null, 3)] });
    expect(answer).to.deep.include({ digital: null, level: null });
    expect(answer.competences.map(({ code, origin }) => ({ code, origin }))).to.deep.equal([
      { code: '3.4', origin: 'declared' },
    ]);
  });

  const titles: readonly (readonly [string, string])[] = [
    ['Netiquette', '2.5'],
    ['Digital behaviour', '2.5'],
    ['Comportement numérique', '2.5'],
    ['Managing data, information and digital content', '1.3'],
    ['3.4 Programming', '3.4'],
    ['DigComp 2.2: 3.4 Programming', '3.4'],
  ];
  for (const [label, code] of titles) {
    it(`« ${label} » of DigComp is ${code}`, () => {
      const answer = aligned({ title: 'Module 4', competences: [declaring('DigComp', null, label)] });
      expect(answer.competences.map((one) => one.code)).to.deep.equal([code]);
    });
  }

  it('a version of DigComp is not a competence', () => {
    const answer = aligned({ title: 'Module 4', competences: [declaring('DigComp 2.2', null, 'DigComp 2.2')] });
    expect(answer.competences).to.deep.equal([]);
  });

  it('Pix is read through our correspondence, by code and by title', () => {
    const byCode = aligned({ title: 'Module 4', competences: [declaring('Pix', '1.1')] });
    expect(byCode.competences.map(({ code }) => code)).to.deep.equal(['1.1', '1.2']);
    const byTitle = aligned({
      title: 'Module 4',
      competences: [declaring('PIX', null, 'Évoluer dans un environnement numérique')],
    });
    expect(byTitle.competences.map(({ code }) => code)).to.deep.equal(['5.2']);
  });

  it('a word of another framework is not a DigComp title', () => {
    expect(
      aligned({ title: 'Module 4', competences: [declaring('ESCO', 'x', 'Programming')] }).competences,
    ).to.deep.equal([]);
    const whole = declaring('ESCO', 'x', 'Protecting personal data and privacy');
    expect(aligned({ title: 'Module 4', competences: [whole] }).competences[0]?.code).to.equal('4.2');
  });

  it('gives the level, from the most demanding declared level', () => {
    const competences = [declaring('DigComp', '3.4', null, 6), declaring('DigComp', '1.1', null, 2)];
    expect(aligned({ title: 'Premiers pas', competences }).level).to.equal('advanced');
  });

  it('certifications are the declared ones, each known or not to the register', () => {
    const certifications = [
      { kind: 'RNCP', code: '37674' },
      { kind: 'RNCP', code: 'RNCP37674' },
      { kind: 'RS', code: 'rs 5875' },
      { kind: 'RS', code: 'à venir' },
      { kind: 'CPF', code: '237674' },
    ];
    expect(aligned({ title: 'Développeur web', certifications }).certifications).to.deep.equal([
      { code: 'RNCP37674', known: true },
      { code: 'RS5875', known: false },
    ]);
  });

  it('no certification is ever invented from words', () => {
    const description = 'Prépare au titre RNCP37674.';
    expect(aligned({ title: 'Développeur web', description }).certifications).to.deep.equal([]);
  });
});

describe('the level of a course', () => {
  it('is that of its subject, moved by words', () => {
    expect(aligned({ title: 'Excel pour débutants' }).level).to.equal('foundation');
    expect(aligned({ title: 'Bases de données SQL' }).level).to.equal('intermediate');
    expect(aligned({ title: 'Développer avec React et Node.js' }).level).to.equal('advanced');
    expect(aligned({ title: 'Kubernetes administration expert', languages: ['en'] }).level).to.equal(
      'highly-specialised',
    );
  });

  it("a provider's label settles a tie between neighbours and no more", () => {
    const near = { title: 'Introduction à Excel', description: 'Comprendre les formules.' };
    expect(aligned(near).level).to.equal('intermediate');
    expect(aligned({ ...near, level: { label: 'Débutant', eqf: null } }).level).to.equal('foundation');
    expect(aligned({ ...near, level: { label: 'Expert', eqf: null } }).level).to.equal('intermediate');
    const title = 'Kubernetes';
    expect(aligned({ title, level: { label: 'Débutant', eqf: null } }).level).to.equal('advanced');
  });
});

describe('alignment as a function', () => {
  const words = [
    'Python',
    'naturopathie',
    'Excel',
    'débutant',
    'en ligne',
    'réseaux sociaux',
    'IA',
    'droit',
    'cloud',
    'le',
    'X',
  ];
  const text = fc.array(fc.constantFrom(...words), { maxLength: 30 }).map((list) => list.join(' '));

  it('gives the same answer for the same course, whatever was aligned before', () => {
    fc.assert(
      fc.property(text, text, text, (title, description, other) => {
        const first = aligned({ title, description });
        aligned({ title: other, description: other });
        expect(aligned({ title, description })).to.deep.equal(first);
      }),
    );
  });

  it('never gives a score outside 0 to 1, a competence twice, or a competence to a course that is not digital', () => {
    fc.assert(
      fc.property(text, fc.string({ maxLength: 200 }), (title, description) => {
        const { digital, competences } = aligned({ title, description });
        for (const { score } of competences) expect(score).to.be.within(0, 1);
        expect(new Set(competences.map(({ code }) => code)).size).to.equal(competences.length);
        if (digital === false) expect(competences).to.deep.equal([]);
        const scores = competences.map(({ score }) => score);
        expect(scores).to.deep.equal([...scores].sort((one, other) => other - one));
      }),
    );
  });

  it('a very long description is read in bounded time', () => {
    const started = performance.now();
    aligned({ title: 'Python', description: 'programmation orientée '.repeat(1_000_000) });
    expect(performance.now() - started).to.be.below(1_000);
  });
});
