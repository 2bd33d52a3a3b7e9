/**
 * Quality of alignment on labelled courses that lie beside the project, when they are there. They are read and never
 * copied. Floors are modest on purpose: they catch a broken lexicon, not a bad day.
 */
import { existsSync, readFileSync } from 'node:fs';
import { expect } from 'chai';
import { z } from 'zod';
import { loadFramework } from '../../src/framework/data.ts';
import { alignLine } from '../../src/framework/use-cases.ts';

const file = new URL('../../../shared/data/mapping-sample.jsonl', import.meta.url);

const labelled = z.object({
  digital: z.boolean(),
  level: z.string().nullable(),
  competences: z.array(z.object({ code: z.string(), strength: z.enum(['primary', 'secondary']) })),
});

const share = (part: number, whole: number): number => (whole === 0 ? 0 : part / whole);

describe('alignment of labelled courses', () => {
  const title = 'finds what is digital, the main competence and its level often enough';
  if (!existsSync(file)) {
    it(`${title} (not run: the labelled sample is not beside the project)`);
    return;
  }

  it(title, () => {
    const framework = loadFramework();
    const count = { truePositive: 0, falsePositive: 0, falseNegative: 0, digital: 0, first: 0, three: 0, level: 0 };
    const codes = { hit: 0, extra: 0, missed: 0 };
    for (const line of readFileSync(file, 'utf8').trim().split('\n')) {
      const gold = labelled.parse(JSON.parse(line));
      const answer = alignLine(JSON.parse(line), framework);
      if (answer.digital === true && gold.digital) count.truePositive += 1;
      if (answer.digital === true && !gold.digital) count.falsePositive += 1;
      if (answer.digital !== true && gold.digital) count.falseNegative += 1;
      const kept = answer.competences.filter(({ score }) => score >= answer.threshold).map(({ code }) => code);
      const wanted = gold.competences.map(({ code }) => code);
      codes.hit += kept.filter((code) => wanted.includes(code)).length;
      codes.extra += kept.filter((code) => !wanted.includes(code)).length;
      codes.missed += wanted.filter((code) => !kept.includes(code)).length;
      if (!gold.digital) continue;
      const main = gold.competences.filter(({ strength }) => strength === 'primary').map(({ code }) => code);
      const ranked = answer.competences.map(({ code }) => code);
      count.digital += 1;
      if (main.includes(ranked[0] ?? '')) count.first += 1;
      if (ranked.slice(0, 3).some((code) => main.includes(code))) count.three += 1;
      if (answer.level === gold.level) count.level += 1;
    }
    const f1 = share(2 * count.truePositive, 2 * count.truePositive + count.falsePositive + count.falseNegative);
    const figures = {
      digitalF1: f1,
      top1: share(count.first, count.digital),
      top3: share(count.three, count.digital),
      level: share(count.level, count.digital),
      microF1: share(2 * codes.hit, 2 * codes.hit + codes.extra + codes.missed),
    };
    const printed = Object.entries(figures).map(([name, value]) => `${name} ${value.toFixed(3)}`);
    console.log(`      labelled sample: ${printed.join(', ')} (${count.digital} digital courses)`);
    expect(figures.digitalF1).to.be.at.least(0.85);
    expect(figures.top3).to.be.at.least(0.7);
  });
});
