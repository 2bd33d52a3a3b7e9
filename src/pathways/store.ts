/** Pathways in MongoDB, one document each under its slug. Nothing is ever deleted: an address stays. */
import { type Connection, type Model, Schema } from 'mongoose';
import { ensureIndexesOf } from '../platform/indexes.ts';
import { joinedFind, joinedRead } from '../platform/joined-reads.ts';
import { isSamePathway, type Pathway } from './model.ts';

export interface PathwayStore {
  ensureIndexes(): Promise<void>;
  /** Living and retired, in the order of their slugs. */
  all(): Promise<Pathway[]>;
  countLiving(): Promise<number>;
  bySlug(slug: string): Promise<Pathway | null>;
  /** Writes those whose content changed, whatever their date of computing; others, stored or not given, stay as they are. */
  replaceAll(pathways: readonly Pathway[]): Promise<{ readonly written: number; readonly unchanged: number }>;
}

interface PathwayDocument extends Omit<Pathway, 'slug'> {
  _id: string;
}

const pathwaySchema = new Schema<PathwayDocument>(
  {
    _id: String,
    title: String,
    aim: String,
    audience: String,
    target: Schema.Types.Mixed,
    steps: Schema.Types.Mixed,
    uncovered: [String],
    totals: Schema.Types.Mixed,
    access: String,
    zeroPossible: Schema.Types.Mixed,
    endOfLife: Schema.Types.Mixed,
    computedAt: Date,
    retired: Schema.Types.Mixed,
  },
  { collection: 'pathways', versionKey: false, minimize: false },
);

function toPathway({ _id, ...pathway }: PathwayDocument): Pathway {
  return { slug: _id, ...pathway };
}

export function makePathwayStore(connection: Connection): PathwayStore {
  const model: Model<PathwayDocument> = connection.model<PathwayDocument>('Pathway', pathwaySchema);

  // Read by every page that lists pathways.
  const listed = joinedRead(async ([everything = '']) => {
    const found = await model.find().sort({ _id: 1 }).lean<PathwayDocument[]>();
    return new Map([[everything, found]]);
  });

  const documentsOf = joinedFind('_id', (slugs) => model.find({ _id: { $in: slugs } }).lean<PathwayDocument[]>());

  async function all(): Promise<Pathway[]> {
    return ((await listed('')) ?? []).map(toPathway);
  }

  return {
    async ensureIndexes() {
      await ensureIndexesOf(model);
    },

    all,
    countLiving: async () => model.countDocuments({ retired: null }),

    async bySlug(slug) {
      const [found] = await documentsOf(slug);
      return found === undefined ? null : toPathway(found);
    },

    async replaceAll(pathways) {
      const stored = new Map((await all()).map((pathway) => [pathway.slug, pathway]));
      const changed = pathways.filter((pathway) => {
        const known = stored.get(pathway.slug);
        return known === undefined || !isSamePathway(known, pathway);
      });
      if (changed.length > 0) {
        await model.bulkWrite(
          changed.map(({ slug, ...pathway }) => ({
            replaceOne: { filter: { _id: slug }, replacement: { _id: slug, ...pathway }, upsert: true },
          })),
        );
      }
      return { written: changed.length, unchanged: pathways.length - changed.length };
    },
  };
}
