/** JSON lines of ids, counts and durations: no names, no e-mail addresses, no raw records, no secrets. */
import pino from 'pino';

export type Log = pino.Logger;

/** Logs go to stderr, so that stdout stays free for what a command prints. */
export function makeLog(level: string): Log {
  return pino(
    {
      level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      serializers: { err: pino.stdSerializers.err },
      redact: { paths: ['*.password', '*.token', '*.client_secret', 'uri', '*.uri'], censor: '[masqué]' },
    },
    pino.destination({ dest: 2, sync: true }),
  );
}
