/** Anonymous memory of this process: the database maps its file, so that RSS grows with the data whatever the code does. */
import { readFileSync } from 'node:fs';

const megabyte = 1_048_576;

/** RssAnon of /proc/self/status; RSS on systems that do not have it. */
export function anonymousMb(): number {
  try {
    const found = /^RssAnon:\s+(\d+) kB/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1];
    if (found !== undefined) return Number(found) / 1_024;
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw error;
  }
  return process.memoryUsage.rss() / megabyte;
}

export interface MemoryWatch {
  /** Looks now, beside the regular looks: a busy thread is late for those. */
  look(): void;
  /** @returns the highest value seen, MiB. */
  end(): number;
}

export function watchMemory(everyMs = 50): MemoryWatch {
  let peak = 0;
  const look = () => {
    peak = Math.max(peak, anonymousMb());
  };
  const timer = setInterval(look, everyMs);
  return {
    look,
    end() {
      clearInterval(timer);
      look();
      return Math.round(peak);
    },
  };
}
