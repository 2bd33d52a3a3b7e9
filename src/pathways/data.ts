/** Reads the curated pathways and checks them against the framework: a wrong code stops the start, not a visitor. */
import { readFileSync } from 'node:fs';
import { z } from 'zod';
import type { Framework } from '../framework/model.ts';
import { definitionProblems, definitionSchema, type PathwayDefinition } from './model.ts';

const fileSchema = z.object({
  _meta: z.object({ checkedOn: z.iso.date() }),
  pathways: z.array(definitionSchema).min(1),
});

/** Throws on wrong data: a code unknown to the framework, a slug used twice, a certification ended when it was written. */
export function loadPathways(framework: Framework): readonly PathwayDefinition[] {
  const file = new URL('./pathways.data.json', import.meta.url);
  const { _meta, pathways } = fileSchema.parse(JSON.parse(readFileSync(file, 'utf8')));
  const problems = pathways.flatMap((pathway) =>
    definitionProblems(pathway, framework, new Date(_meta.checkedOn)).map((problem) => `${pathway.slug}: ${problem}`),
  );
  const slugs = pathways.map(({ slug }) => slug);
  problems.push(...slugs.filter((slug, index) => slugs.indexOf(slug) !== index).map((slug) => `${slug}: used twice`));
  if (problems.length > 0) throw new Error(`pathways.data.json: ${problems.join('; ')}`);
  return pathways;
}
