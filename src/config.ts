/**
 * The only reader of the environment. One schema; a wrong value stops the start with every problem at once.
 * Each setting is described in .env.example and docs/operations.md.
 */
import { resolve } from 'node:path';
import { z } from 'zod';
import { AppError } from './errors.ts';
import { type OidcProviderSettings, readOidcProviders } from './platform/oidc-settings.ts';

const flag = z
  .enum(['true', 'false', '1', '0', 'oui', 'non'])
  .transform((value) => ['true', '1', 'oui'].includes(value));
const count = (fallback: number, min: number, max: number) =>
  z.coerce.number().int().min(min).max(max).default(fallback);
const optional = <T extends z.ZodType>(schema: T) => schema.optional().transform((value) => value ?? null);

const environmentSchema = z.object({
  NODE_ENV: z.enum(['development', 'test', 'production']).default('development'),
  HOST: z.string().min(1).default('127.0.0.1'),
  PORT: count(3000, 0, 65_535),
  PUBLIC_URL: optional(z.url({ protocol: /^https?$/ })),
  TRUST_PROXY: count(0, 0, 10),
  DATA_DIR: z.string().min(1).default('./data'),
  MONGODB_URI: optional(z.string().regex(/^mongodb(\+srv)?:\/\//, 'une adresse mongodb:// ou mongodb+srv://')),
  LOG_LEVEL: z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent']).default('info'),
  DEMO: flag.optional(),
  ENABLED_CONNECTORS: z.string().default('*'),
  CONTACT_EMAIL: optional(z.email()),
  CONTACT_URL: optional(z.url({ protocol: /^https?$/ })),
  LEGAL_PUBLISHER: optional(z.string().min(1)),
  LEGAL_HOST: optional(z.string().min(1)),
  SECRET_KEY: optional(z.string().min(1)),
  OLD_SECRET_KEYS: optional(z.string().min(1)),
  SMTP_URL: optional(z.string().regex(/^smtps?:\/\//, 'une adresse smtp:// ou smtps://')),
  MAIL_FROM_NAME: z.string().min(1).max(100).default('École numérique au carré'),
  MAIL_FROM_ADDRESS: optional(z.email()),
  CLAMD_ADDRESS: optional(z.string().regex(/^[^\s:]+:\d{1,5}$/, 'hôte:port')),
  INSECURE_COOKIES: flag.default(false),
  HARVEST_CONCURRENCY: count(2, 1, 16),
  HARVEST_RUN_MINUTES: count(60, 1, 1_440),
  HARVEST_BATCH: count(500, 1, 10_000),
  HARVEST_GRACE_DAYS: count(7, 0, 365),
  HARVEST_MASS_LOSS_PERCENT: count(20, 1, 100),
  HARVEST_MASS_GAIN_FACTOR: count(2, 2, 1_000),
  HARVEST_WIRE_MEGABYTES: count(200, 1, 100_000),
  HARVEST_DECODED_MEGABYTES: count(2_048, 1, 1_000_000),
  REGISTRY_NIGHTLY: flag.optional(),
  LINKS_PER_NIGHT: count(5_000, 0, 100_000),
  RATE_LIMIT_PER_MINUTE: count(120, 1, 10_000_000),
  BATCH_LIMIT_PER_MINUTE: count(10, 1, 10_000_000),
});

export interface Config {
  readonly environment: 'development' | 'test' | 'production';
  readonly host: string;
  /** 0 lets the system choose a free port. */
  readonly port: number;
  readonly publicUrl: string | null;
  /** Number of reverse proxies in front, for the visitor's address. */
  readonly trustProxy: number;
  /** Absolute path. */
  readonly dataDir: string;
  readonly mongodbUri: string | null;
  readonly logLevel: string;
  readonly demo: boolean;
  /** Patterns such as `lheo` or `mooc*`. */
  readonly enabledConnectors: readonly string[];
  readonly contact: { readonly email: string | null; readonly url: string | null };
  readonly legal: { readonly publisher: string | null; readonly host: string | null };
  /** As given: read by platform/secrets.ts. */
  readonly secretKey: string | null;
  /** Earlier keys, so that what they sealed can be read and sealed again. */
  readonly oldSecretKeys: readonly string[];
  readonly mail: {
    /** Null: mails wait in the outbox. */
    readonly smtpUrl: string | null;
    readonly from: { readonly name: string; readonly address: string } | null;
  };
  /** `host:port` of a clamd that looks at uploads. */
  readonly clamd: string | null;
  /** Sign-in elsewhere: one per provider (docs/identity-providers.md). */
  readonly identityProviders: readonly OidcProviderSettings[];
  /** Told explicitly that cookies may travel without https in production. */
  readonly insecureCookies: boolean;
  readonly harvest: {
    readonly concurrency: number;
    readonly runMinutes: number;
    readonly batch: number;
    readonly graceDays: number;
    /** Between 0 and 1. */
    readonly massLoss: number;
    readonly massGain: number;
    readonly wireBytes: number;
    readonly decodedBytes: number;
  };
  /** Whether the register of certifications is fetched every night; by default in production only. */
  readonly registryNightly: boolean;
  /** Links of courses asked in one night, at most; 0 asks none. */
  readonly linksPerNight: number;
  readonly rateLimitPerMinute: number;
  /** Lists sent to the API by one address. */
  readonly batchLimitPerMinute: number;
}

const megabyte = 1_048_576;

/** @throws AppError `invalid` that names every wrong setting, never its value (it may hold a password). */
export function readConfig(environment: Readonly<Record<string, string | undefined>> = process.env): Config {
  const given = Object.fromEntries(
    Object.entries(environment).filter(([, value]) => value !== undefined && value !== ''),
  );
  const parsed = environmentSchema.safeParse(given);
  const oidc = readOidcProviders(given);
  // A secure cookie is only set on a request that came by https, which only a declared proxy can say.
  const behindNothing = parsed.data?.PUBLIC_URL?.startsWith('https:') === true && parsed.data.TRUST_PROXY === 0;
  const senderless = (parsed.data?.SMTP_URL ?? null) !== null && parsed.data?.MAIL_FROM_ADDRESS === null;
  if (!parsed.success || oidc.problems.length > 0 || behindNothing || senderless) {
    const problems = [
      ...(parsed.error?.issues ?? []).map((issue) => `${issue.path.join('.')} : ${issue.message}`),
      ...oidc.problems,
      ...(senderless ? ['MAIL_FROM_ADDRESS : va avec SMTP_URL, sinon aucun courriel ne part'] : []),
      ...(behindNothing
        ? ['TRUST_PROXY : 1 au moins quand PUBLIC_URL est en https, sinon personne ne peut se connecter']
        : []),
    ];
    const message = `Configuration refusée. ${problems.join(' ; ')}. Voir .env.example.`;
    throw new AppError('invalid', 'CONFIGURATION', message, { details: problems });
  }
  const env = parsed.data;
  return {
    environment: env.NODE_ENV,
    host: env.HOST,
    port: env.PORT,
    publicUrl: env.PUBLIC_URL,
    trustProxy: env.TRUST_PROXY,
    dataDir: resolve(env.DATA_DIR),
    mongodbUri: env.MONGODB_URI,
    logLevel: env.LOG_LEVEL,
    demo: env.DEMO ?? env.NODE_ENV !== 'production',
    enabledConnectors: env.ENABLED_CONNECTORS.split(',').map((pattern) => pattern.trim()),
    contact: { email: env.CONTACT_EMAIL, url: env.CONTACT_URL },
    legal: { publisher: env.LEGAL_PUBLISHER, host: env.LEGAL_HOST },
    secretKey: env.SECRET_KEY,
    oldSecretKeys: (env.OLD_SECRET_KEYS ?? '').split(',').filter((key) => key.trim() !== ''),
    mail: {
      smtpUrl: env.SMTP_URL,
      from: env.MAIL_FROM_ADDRESS === null ? null : { name: env.MAIL_FROM_NAME, address: env.MAIL_FROM_ADDRESS },
    },
    clamd: env.CLAMD_ADDRESS,
    identityProviders: oidc.providers,
    insecureCookies: env.INSECURE_COOKIES,
    harvest: {
      concurrency: env.HARVEST_CONCURRENCY,
      runMinutes: env.HARVEST_RUN_MINUTES,
      batch: env.HARVEST_BATCH,
      graceDays: env.HARVEST_GRACE_DAYS,
      massLoss: env.HARVEST_MASS_LOSS_PERCENT / 100,
      massGain: env.HARVEST_MASS_GAIN_FACTOR,
      wireBytes: env.HARVEST_WIRE_MEGABYTES * megabyte,
      decodedBytes: env.HARVEST_DECODED_MEGABYTES * megabyte,
    },
    registryNightly: env.REGISTRY_NIGHTLY ?? env.NODE_ENV === 'production',
    linksPerNight: env.LINKS_PER_NIGHT,
    rateLimitPerMinute: env.RATE_LIMIT_PER_MINUTE,
    batchLimitPerMinute: env.BATCH_LIMIT_PER_MINUTE,
  };
}

/** Where people reach the site, for what is read elsewhere than on it: mails, feeds. */
export function siteAddress({ publicUrl, host, port }: Pick<Config, 'publicUrl' | 'host' | 'port'>): string {
  return publicUrl ?? `http://${host}:${port}`;
}
