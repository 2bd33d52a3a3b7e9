/** Anonymous memory of a process, this one unless told: the database maps its file, so that RSS grows with the data whatever the code does. */
import { readFileSync } from 'node:fs';

const megabyte = 1_048_576;

/** RssAnon of /proc/<pid>/status; RSS of this process on systems that do not have it. */
export function anonymousMb(pid: number | 'self' = 'self'): number {
  try {
    const found = /^RssAnon:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
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

export function watchMemory({ everyMs = 50, pid = 'self' as number | 'self' } = {}): MemoryWatch {
  let peak = 0;
  const look = () => {
    peak = Math.max(peak, anonymousMb(pid));
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
