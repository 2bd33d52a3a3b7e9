/** Descriptions written by partners: never trusted, printed only after this. */
import sanitizeHtml from 'sanitize-html';

export interface CleanText {
  /** Safe to print as it is: no script, no style, no image, no form; links to http(s) and mail only. */
  readonly html: string;
  /** The same words, blocks on their own lines, entities decoded. */
  readonly text: string;
}

const leadsOut = /^(?:https?|mailto):/i;
const rel = 'nofollow noopener noreferrer';

/** Page headings belong to us: theirs all become a third level. */
const headings = Object.fromEntries(['h1', 'h2', 'h4', 'h5', 'h6'].map((name) => [name, 'h3']));

const allowed: sanitizeHtml.IOptions = {
  // Images are left out altogether: each one would tell its host who reads the page.
  allowedTags: [
    ...[
      'p',
      'br',
      'ul',
      'ol',
      'li',
      'strong',
      'b',
      'em',
      'i',
      'u',
      'sub',
      'sup',
      'h3',
      'blockquote',
      'code',
      'pre',
      'a',
    ],
    ...['table', 'thead', 'tbody', 'tr', 'th', 'td', 'dl', 'dt', 'dd'],
  ],
  allowedAttributes: { a: ['href', 'rel'] },
  allowedSchemes: ['http', 'https', 'mailto'],
  nonTextTags: ['script', 'style', 'textarea', 'option', 'noscript', 'title', 'svg', 'math', 'template', 'iframe'],
  nestingLimit: 50,
  transformTags: {
    ...headings,
    div: 'p',
    a: (tagName, { href = '' }) => ({ tagName, attribs: leadsOut.test(href) ? { href, rel } : {} }),
  },
  // A link without a good address (javascript:, or relative, which would lead into our own site) is not a link.
  exclusiveFilter: (frame) => (frame.tag === 'a' && frame.attribs.href === undefined ? 'excludeTag' : false),
};

/**
 * Paragraphs, headings and lists without attribute, entity or nesting: the markup of most descriptions. The sanitizer gives
 * such a text back letter for letter, and is much slower than this look.
 */
const alreadyClean =
  /^(?:(?:<p>[^<>&]*<\/p>|<h3>[^<>&]*<\/h3>|<ul>(?:\s*<li>[^<>&]*<\/li>)*\s*<\/ul>|<ol>(?:\s*<li>[^<>&]*<\/li>)*\s*<\/ol>)\s*)+$/;

/** Deep nesting costs the square of its length to clean; no field of a course holds more than 60,000 characters. */
const maxCleaned = 100_000;

/** Control characters, but for tabs and line ends. */
const controls = /[^\P{Cc}\t\n\r]/gu;
const hasTag = /<\/?[a-z][a-z0-9]*(?:\s[^<>]*)?\/?>/i;
const hasEscapedTag = /&lt;\/?(?:p|br|b|i|em|strong|ul|ol|li|div|span|a|h[1-6])(?:\s[^<>&]*)?\/?&gt;/i;

/**
 * Cleans a description. A text without tag but with escaped ones (`&lt;p&gt;`: escaped twice, once too often) is
 * unescaped once, and once only. Plain text comes back as it was. Over 100,000 characters nothing is interpreted: it comes back
 * escaped, as long as it was, for the caller to refuse by its length.
 */
export function cleanHtml(source: unknown): CleanText {
  if (typeof source !== 'string') return { html: '', text: '' };
  const trimmed = source.replace(controls, '').trim();
  if (trimmed.length > maxCleaned) return { html: escaped(trimmed), text: trimmed };
  if (!/[<&]/.test(trimmed)) return { html: withBreaks(trimmed.replaceAll('>', '&gt;')), text: trimmed };
  if (alreadyClean.test(trimmed)) return { html: trimmed, text: textOf(trimmed) };
  const unescaped = !hasTag.test(trimmed) && hasEscapedTag.test(trimmed) ? unescapeOnce(trimmed) : trimmed;
  const html = sanitizeHtml(unescaped, allowed).trim();
  if (hasTag.test(unescaped)) return { html, text: textOf(html) };
  return { html: withBreaks(html), text: unescapeOnce(html) };
}

/** Words of one space between them: most titles and names. */
const alreadyPlain = /^[^<&\s\p{Cc}]+(?: [^<&\s\p{Cc}]+)*$/u;

/** A title or a name on one line: no tag, entities decoded, spaces collapsed; '' when it is no text. */
export function plainText(source: unknown): string {
  if (typeof source !== 'string') return '';
  if (alreadyPlain.test(source)) return source;
  const text = /[<&]/.test(source) ? cleanHtml(source).text : source;
  return text.replace(controls, '').replace(/\s+/g, ' ').trim();
}

/** The lines of a plain text stay lines. */
function withBreaks(html: string): string {
  return html.replace(/\r?\n/g, '<br />');
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

function unescapeOnce(text: string): string {
  return text
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&quot;', '"')
    .replaceAll('&#39;', "'")
    .replaceAll('&amp;', '&');
}

/** Works on cleaned HTML only: its tags are known, and it holds no other entity than these four. */
function textOf(html: string): string {
  // In one pass, and a lone space stays as it is: finding each one to put it back takes most of the time.
  const lines = html.replace(tagOrSpaces, (found) => (found.startsWith('<') ? breakOf(found) : ' '));
  return (lines.includes('&') ? unescapeOnce(lines) : lines)
    .replace(/ *\n */g, '\n')
    .replace(/\n{3,}/g, '\n\n')
    .trim();
}

const tagOrSpaces = /<[^>]*>|[ \t\r\n]{2,}|[\t\r\n]/g;
const block = /^<(?:br \/|\/?(?:p|ul|ol|h3|blockquote|pre|table|tr|dl|dt|dd))>$/;

function breakOf(tag: string): string {
  if (tag === '<li>') return '\n- ';
  return block.test(tag) ? '\n' : '';
}
