/** The `Sunset` header (RFC 8594): a source says until when what it answers with will be there. */
import type { SourceHttp } from '../connector.ts';

/** Null for what is no date, or none that anybody means. */
export function sunsetOf(header: string | undefined): Date | null {
  if (header === undefined || !/\d{4}/.test(header)) return null;
  const at = new Date(header);
  const year = at.getUTCFullYear();
  return year >= 2000 && year < 2100 ? at : null;
}

/** The same way out; `onSunset` hears of each answer that announces its end. */
export function notingSunset(http: SourceHttp, onSunset: (at: Date) => void): SourceHttp {
  return {
    async open(url, options) {
      const answer = await http.open(url, options);
      const at = answer.status === 'ok' ? sunsetOf(answer.headers.sunset) : null;
      if (at !== null) onSunset(at);
      return answer;
    },
  };
}
