import type { Doc } from './bson-codec.ts';
import type { ExpressionOptions } from './expressions/compile.ts';
import { MongoError } from './mongo-error.ts';
import { compileTransform, stageOf } from './stages.ts';

const ALLOWED = new Set(['$addFields', '$set', '$project', '$unset', '$replaceRoot', '$replaceWith']);

/** Compiles a pipeline-style update into a function of the document; 72 for a stage that updates do not have. */
export function compilePipelineUpdate(stages: readonly Doc[], options: ExpressionOptions): (doc: Doc) => Doc {
  const transforms = stages.map((stage) => {
    const [name, argument] = stageOf(stage);
    if (!ALLOWED.has(name)) throw new MongoError(72, `${name} is not allowed to be used within an update`);
    return compileTransform(name, argument, options).project;
  });
  return (doc) => transforms.reduce((current, transform) => transform(current), doc);
}
