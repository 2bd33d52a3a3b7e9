/** `node scripts/bench.mjs eligibility`: verdicts per second of the pure engine on one core, as JSON on stdout. */
import { parseArgs } from 'node:util';
import { loadRules, readCases } from '../src/eligibility/data.ts';
import { assess } from '../src/eligibility/model/assess.ts';
import { readDossier } from '../src/eligibility/model/dossier.ts';

const help = `Usage: node scripts/bench.mjs eligibility [--verdicts N]

Answers the worked cases of the repository again and again, N verdicts (200000 by default), each with its whole trace; then
the same with the reading of the dossier. Prints one JSON object. Ends with 1 when the target is missed.
`;

const target = 20_000;

const { values } = parseArgs({
  options: { verdicts: { type: 'string', default: '200000' }, help: { type: 'boolean', default: false } },
});
const verdicts = Number(values.verdicts);
if (values.help) {
  process.stdout.write(help);
} else if (!Number.isInteger(verdicts) || verdicts < 1) {
  console.error('--verdicts takes a whole number of at least 1');
  process.exitCode = 2;
} else {
  const rules = loadRules();
  const inputs = readCases().map(({ entree }) => entree);
  const dossiers = inputs.flatMap((input) => {
    const read = readDossier(input);
    return read.ok ? [read.dossier] : [];
  });

  const perSecond = <Given>(given: readonly Given[], work: (one: Given) => unknown): number => {
    for (const one of given) work(one);
    const rounds = Math.ceil(verdicts / given.length);
    const start = performance.now();
    for (let round = 0; round < rounds; round += 1) for (const one of given) work(one);
    return Math.round((rounds * given.length) / ((performance.now() - start) / 1_000));
  };

  const verdictsPerSecond = perSecond(dossiers, (dossier) => assess(dossier, dossier.date, rules));
  const readAndVerdictsPerSecond = perSecond(inputs, (input) => {
    const read = readDossier(input);
    return read.ok ? assess(read.dossier, read.dossier.date, rules) : null;
  });
  const ok = verdictsPerSecond >= target;
  const result = { verdicts, dossiers: dossiers.length, verdictsPerSecond, readAndVerdictsPerSecond, target, ok };
  console.log(JSON.stringify(result, null, 2));
  if (!ok) {
    console.error(`Target missed: ${verdictsPerSecond} verdicts per second, at least ${target}`);
    process.exitCode = 1;
  }
}
