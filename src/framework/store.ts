/** The framework in MongoDB, for what joins it there: competences, certifications and jobs, as the data files hold them. */
import { type Connection, type Model, Schema } from 'mongoose';
import type { Certification, DigcompCompetence, Occupation } from './model/reference.ts';
import type { Framework } from './model.ts';

export interface FrameworkStore {
  /** Writes the three collections; does nothing when this version is stored already. Safe to repeat after a crash. */
  load(framework: Framework): Promise<{ readonly written: boolean }>;
  /** By register code (`RNCP37674`); null when the register does not hold it: « état inconnu ». */
  certification(code: string): Promise<Certification | null>;
  /** In the order of their codes. */
  certifications(): Promise<Certification[]>;
  competences(): Promise<DigcompCompetence[]>;
  occupations(): Promise<Occupation[]>;
}

/** A value of the data files under its code, with the version of the framework that wrote it. */
interface Stored {
  _id: string;
  frameworkVersion: string;
  value: unknown;
}

/** One small collection, read and written as a whole. */
function makeShelf<Value extends { readonly code: string }>(connection: Connection, name: string, collection: string) {
  // Values are validated when the data files are read.
  const schema = new Schema<Stored>(
    { _id: String, frameworkVersion: String, value: Schema.Types.Mixed },
    { collection, versionKey: false },
  );
  const model: Model<Stored> = connection.model<Stored>(name, schema);
  return {
    async byCode(code: string): Promise<Value | null> {
      const found = await model.findById(code).lean<Stored | null>();
      return found === null ? null : (found.value as Value);
    },
    async all(): Promise<Value[]> {
      const found = await model.find().sort({ _id: 1 }).lean<Stored[]>();
      return found.map(({ value }) => value as Value);
    },
    async isAt(version: string): Promise<boolean> {
      const [ours, others] = await Promise.all([
        model.countDocuments({ frameworkVersion: version }),
        model.countDocuments({ frameworkVersion: { $ne: version } }),
      ]);
      return ours > 0 && others === 0;
    },
    async write(values: readonly Value[], version: string): Promise<void> {
      await model.bulkWrite(
        values.map((value) => ({
          replaceOne: {
            filter: { _id: value.code },
            replacement: { _id: value.code, frameworkVersion: version, value },
            upsert: true,
          },
        })),
      );
      await model.deleteMany({ frameworkVersion: { $ne: version } });
    },
  };
}

export function makeFrameworkStore(connection: Connection): FrameworkStore {
  const certifications = makeShelf<Certification>(connection, 'Certification', 'certifications');
  const occupations = makeShelf<Occupation>(connection, 'Occupation', 'occupations');
  const competences = makeShelf<DigcompCompetence>(connection, 'Competence', 'competences');
  return {
    async load(framework) {
      // Competences are written last: when they carry the version, everything does.
      if (await competences.isAt(framework.version)) return { written: false };
      await certifications.write([...framework.certifications.values()], framework.version);
      await occupations.write(framework.occupations, framework.version);
      await competences.write(framework.competences, framework.version);
      return { written: true };
    },
    certification: (code) => certifications.byCode(code),
    certifications: () => certifications.all(),
    competences: () => competences.all(),
    occupations: () => occupations.all(),
  };
}
