import { MongoError } from './mongo-error.ts';

const POSIX: Readonly<Record<string, string>> = {
  alnum: 'A-Za-z0-9',
  alpha: 'A-Za-z',
  ascii: '\\x00-\\x7f',
  blank: ' \\t',
  cntrl: '\\x00-\\x1f\\x7f',
  digit: '0-9',
  graph: '\\x21-\\x7e',
  lower: 'a-z',
  print: '\\x20-\\x7e',
  punct: '!-\\/:-@\\[-`\\{-~',
  space: '\\t-\\r ',
  upper: 'A-Z',
  word: 'A-Za-z0-9_',
  xdigit: 'A-Fa-f0-9',
};

/** Escapes that mean the same to JavaScript (with the `u` flag) as to PCRE. */
const SAME_ESCAPES = new Set('dDwWbBtnrfvpP'.split(''));
const SYNTAX = new Set('^$\\.*+?()[]{}|/'.split(''));

function invalid(reason: string): MongoError {
  return new MongoError(51091, `Regular expression is invalid: ${reason}`);
}

interface Options {
  ignoreCase: boolean;
  multiline: boolean;
  dotAll: boolean;
  extended: boolean;
}

/** Rewrites PCRE, MongoDB's dialect, as JavaScript without the `m` and `s` flags; what has no equivalent makes the RegExp constructor refuse. */
function translate(pattern: string, options: Options): string {
  let out = '';
  let at = 0;
  const end = pattern.length;
  const readEscape = (inClass: boolean): void => {
    const next = pattern[at + 1];
    if (next === undefined) throw invalid('\\ at end of pattern');
    at += 2;
    if (next === 'Q' && !inClass) {
      const close = pattern.indexOf('\\E', at);
      const literal = pattern.slice(at, close < 0 ? end : close);
      for (const char of literal) out += SYNTAX.has(char) ? `\\${char}` : char;
      at = close < 0 ? end : close + 2;
    } else if (next === 's') out += inClass ? '\\t-\\r ' : '[\\t-\\r ]';
    else if (next === 'S' && !inClass) out += '[^\\t-\\r ]';
    else if (next === 'h') out += inClass ? '\\t \\xa0' : '[\\t \\xa0]';
    else if (next === 'R' && !inClass) out += '(?:\\r\\n|[\\n-\\r\\x85\\u2028\\u2029])';
    else if (next === 'e') out += '\\x1b';
    else if (next === 'a') out += '\\x07';
    else if (next === 'A' && !inClass) out += '^';
    else if (next === 'z' && !inClass) out += '$';
    else if (next === 'Z' && !inClass) out += '(?=\\n?$)';
    else if (next === 'x') {
      const braced = /^\{([0-9a-fA-F]+)\}/.exec(pattern.slice(at, at + 12));
      const plain = /^[0-9a-fA-F]{1,2}/.exec(pattern.slice(at, at + 2));
      out += `\\u{${braced?.[1] ?? plain?.[0] ?? '0'}}`;
      at += braced?.[0].length ?? plain?.[0].length ?? 0;
    } else if (next === 'k' && !inClass) out += '\\k';
    else if (/[1-9]/.test(next) && !inClass) out += `\\${next}`;
    else if (next === '0') out += '\\0';
    else if (SAME_ESCAPES.has(next) && !(inClass && next === 'B')) out += `\\${next}`;
    else if (/[A-Za-z0-9]/.test(next)) throw invalid(`unrecognized character follows \\ (${next})`);
    else if (SYNTAX.has(next) || (inClass && next === '-')) out += `\\${next}`;
    else out += next;
  };
  const readClass = (): void => {
    out += '[';
    at++;
    if (pattern[at] === '^') {
      out += '^';
      at++;
    }
    // A bracket right after the opening one is a literal for PCRE, and an empty class for JavaScript.
    if (pattern[at] === ']') {
      out += '\\]';
      at++;
    }
    while (at < end && pattern[at] !== ']') {
      const posix = /^\[:(\w+):\]/.exec(pattern.slice(at, at + 12));
      if (posix) {
        const set = POSIX[posix[1] ?? ''];
        if (set === undefined) throw invalid('unknown POSIX class name');
        out += set;
        at += posix[0].length;
      } else if (pattern[at] === '\\') readEscape(true);
      else if (pattern[at] === '[') {
        out += '\\[';
        at++;
      } else out += pattern[at++];
    }
    if (at >= end) throw invalid('missing terminating ] for character class');
    out += ']';
    at++;
  };
  while (at < end) {
    const char = pattern[at] as string;
    if (char === '\\') readEscape(false);
    else if (char === '[') readClass();
    else if (char === '.') {
      out += options.dotAll ? '[^]' : '[^\\n]';
      at++;
    } else if (char === '^') {
      out += options.multiline ? '(?<![^\\n])' : '^';
      at++;
    } else if (char === '$') {
      out += options.multiline ? '(?=\\n|$)' : '(?=\\n?$)';
      at++;
    } else if (options.extended && /\s/.test(char)) at++;
    else if (options.extended && char === '#') {
      const newline = pattern.indexOf('\n', at);
      at = newline < 0 ? end : newline + 1;
    } else if (pattern.startsWith('(?#', at)) {
      const close = pattern.indexOf(')', at);
      if (close < 0) throw invalid('missing ) after (?# comment');
      at = close + 1;
    } else if (pattern.startsWith('(?P<', at)) {
      out += '(?<';
      at += 4;
    } else if (char === '{' && !/^\{\d+(?:,\d*)?\}/.test(pattern.slice(at, at + 16))) {
      out += '\\{';
      at++;
    } else if (char === '{') {
      const close = pattern.indexOf('}', at) + 1;
      out += pattern.slice(at, close);
      at = close;
    } else if (char === '}' || char === ']') {
      out += `\\${char}`;
      at++;
    } else {
      out += char;
      at++;
    }
  }
  return out;
}

const compiled = new Map<string, RegExp>();

/**
 * A regular expression of MongoDB (PCRE with the options i, m, s, x, u) as a JavaScript one, with PCRE's meanings of
 * `.`, `^`, `$` and `\s`. 51108 for an unknown option, 51091 for a pattern that cannot be read or translated.
 * `flags` adds JavaScript flags (`g`).
 */
export function compileRegex(pattern: string, options: string, flags = ''): RegExp {
  const key = `${flags}/${options}/${pattern}`;
  const known = compiled.get(key);
  if (known) return known;
  for (const option of options) {
    if (!'imsxu'.includes(option)) {
      throw new MongoError(51108, `invalid flag in regex options: ${option}`);
    }
  }
  if (pattern.includes('\0')) throw new MongoError(51109, 'Regular expression cannot contain an embedded null byte');
  const inline = /^\(\?([imsx]+)\)/.exec(pattern);
  const all = options + (inline?.[1] ?? '');
  const chosen = {
    ignoreCase: all.includes('i'),
    multiline: all.includes('m'),
    dotAll: all.includes('s'),
    extended: all.includes('x'),
  };
  const source = translate(inline ? pattern.slice(inline[0].length) : pattern, chosen);
  let regex: RegExp;
  try {
    regex = new RegExp(source, `u${chosen.ignoreCase ? 'i' : ''}${flags}`);
  } catch (error) {
    if (error instanceof SyntaxError) throw invalid(error.message);
    throw error;
  }
  if (compiled.size > 500) compiled.clear();
  compiled.set(key, regex);
  return regex;
}
