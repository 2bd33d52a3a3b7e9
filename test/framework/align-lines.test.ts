import { expect } from 'chai';
import { AppError } from '../../src/errors.ts';
import { loadFramework } from '../../src/framework/data.ts';
import { alignLine, alignLines } from '../../src/framework/use-cases.ts';

const framework = loadFramework();

async function* given(lines: readonly string[]): AsyncIterable<string> {
  yield* lines;
}

async function answers(lines: readonly string[]): Promise<unknown[]> {
  const result: unknown[] = [];
  for await (const line of alignLines(given(lines), framework)) result.push(JSON.parse(line));
  return result;
}

describe('framework align', () => {
  it('a title is enough, and the answer has exactly the documented fields', () => {
    const answer = alignLine({ id: 'a', title: 'Programmer en Python' }, framework);
    expect(Object.keys(answer)).to.deep.equal(['id', 'digital', 'competences', 'level', 'threshold']);
    expect(answer).to.deep.include({ id: 'a', digital: true, level: 'intermediate', threshold: 0.5 });
    expect(Object.keys(answer.competences[0] ?? {})).to.deep.equal(['code', 'score', 'evidence']);
  });

  it('ignores unknown fields, labels included', () => {
    const line = { id: 'a', title: 'Naturopathie' };
    expect(
      alignLine(
        { ...line, digital: true, competences: [{ code: '3.4', strength: 'primary' }], level: 'advanced' },
        framework,
      ),
    ).to.deep.equal(alignLine(line, framework));
  });

  for (const language of ['fr', 'FR', 'fr-FR', 'French', 'français', 'en_GB', 'English', '', null]) {
    it(`judges a course whose language is written ${JSON.stringify(language)}`, () => {
      expect(alignLine({ id: 1, title: 'Python', language }, framework).digital).to.equal(true);
    });
  }

  for (const language of ['es', 'Deutsch', 'pt-BR']) {
    it(`does not judge a course in ${language}`, () => {
      expect(alignLine({ id: 1, title: 'Python', language }, framework)).to.deep.include({
        digital: null,
        level: null,
        competences: [],
      });
    });
  }

  it('refuses what is not a course, and says which field', () => {
    for (const input of [null, [], {}, { id: 'a' }, { id: 'a', title: '  ' }, { id: 'a', title: 3 }, { title: 'x' }]) {
      expect(() => alignLine(input, framework))
        .to.throw(AppError)
        .that.has.property('kind', 'invalid');
    }
    expect(() => alignLine({ id: 'a' }, framework)).to.throw('title');
  });

  it('writes one line per line, in order, and a malformed one stops nothing', async () => {
    const lines = ['{"id":1,"title":"Excel"}', '{"id":2,', '', '{"id":4}', '{"id":5,"title":"Yoga"}'];
    const [one, two, three, four, five] = await answers(lines);
    expect(one).to.deep.include({ id: 1, digital: true });
    expect(two).to.have.all.keys('error', 'line').and.include({ line: 2 });
    expect(three).to.have.all.keys('error', 'line').and.include({ line: 3 });
    expect(four).to.have.all.keys('error', 'line').and.include({ line: 4 });
    expect(five).to.deep.include({ id: 5, digital: false });
  });

  it('reads a first line that starts with a byte order mark', async () => {
    expect((await answers(['\uFEFF{"id":1,"title":"Excel"}']))[0]).to.deep.include({ id: 1, digital: true });
  });

  it('answers each line before it reads the next: a file of any size needs the memory of a line', async () => {
    let read = 0;
    async function* endless(): AsyncIterable<string> {
      for (;;) {
        read += 1;
        yield `{"id":${read},"title":"Excel"}`;
      }
    }
    for await (const line of alignLines(endless(), framework)) {
      expect(JSON.parse(line)).to.include({ id: read });
      if (read === 5) break;
    }
    expect(read).to.equal(5);
  });

  it('aligns at least 2,000 courses of 1 kB a second on one core', function () {
    this.timeout(20_000);
    const description = 'Apprendre à programmer, gérer des données et protéger ses comptes en ligne avec méthode. '
      .repeat(12)
      .slice(0, 1_000);
    const courses = Array.from({ length: 4_000 }, (_, id) => ({ id, title: `Cours ${id} de Python`, description }));
    for (const course of courses.slice(0, 500)) alignLine(course, framework);
    const before = process.cpuUsage();
    for (const course of courses) alignLine(course, framework);
    const { user, system } = process.cpuUsage(before);
    const perSecond = courses.length / ((user + system) / 1e6);
    console.log(`      ${Math.round(perSecond)} courses a second of processor time`);
    expect(perSecond).to.be.at.least(2_000);
  });
});
