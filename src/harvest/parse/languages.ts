/** Languages as partners write them, to lower-case primary tags of BCP 47. */

/** ISO 639-2 bibliographic codes (fre, ger…) and three-letter codes become the two-letter one, where there is one. */
function canonical(tag: string): string | null {
  try {
    return new Intl.Locale(tag).language;
  } catch {
    return null;
  }
}

/** Every two-letter language by its name in French, in English and in itself, without accents. */
function namesOfLanguages(): ReadonlyMap<string, string> {
  const letters = [...'abcdefghijklmnopqrstuvwxyz'];
  const tags = letters.flatMap((first) => letters.map((second) => first + second));
  const names = new Map<string, string>();
  const inFrench = new Intl.DisplayNames('fr', { type: 'language', fallback: 'none' });
  const inEnglish = new Intl.DisplayNames('en', { type: 'language', fallback: 'none' });
  for (const tag of tags) {
    if (canonical(tag) !== tag) continue;
    const english = inEnglish.of(tag);
    if (english === undefined) continue;
    const inItself = new Intl.DisplayNames(tag, { type: 'language', fallback: 'none' }).of(tag);
    for (const name of [english, inFrench.of(tag), inItself]) if (name !== undefined) names.set(folded(name), tag);
  }
  return names;
}

function folded(name: string): string {
  return name.normalize('NFD').replace(/\p{M}/gu, '').toLowerCase();
}

let names: ReadonlyMap<string, string> | undefined;
const known = new Map<string, string | null>();

/** `fr` from `fr`, `FR`, `fre`, `fra`, `fr-FR`, `en_us`, `Français`, `English`; null when it is no language we know. */
export function languageTag(value: unknown): string | null {
  if (typeof value !== 'string') return null;
  const text = value.trim();
  if (text.length > 60) return null;
  const seen = known.get(text);
  if (seen !== undefined) return seen;
  const tag = lookUp(text);
  // Bounded: a hostile feed cannot fill the memory with spellings.
  if (known.size < 1_000) known.set(text, tag);
  return tag;
}

function lookUp(text: string): string | null {
  names ??= namesOfLanguages();
  const named = names.get(folded(text));
  if (named !== undefined) return named;
  if (!/^[a-z]{2,3}(?:[-_][a-z0-9]{2,8})*$/i.test(text)) return null;
  const tag = canonical(text.replace(/_/g, '-'));
  if (tag === null || !/^[a-z]{2,3}$/.test(tag)) return null;
  const isKnown = new Intl.DisplayNames('en', { type: 'language', fallback: 'none' }).of(tag) !== undefined;
  return isKnown && tag !== 'und' && tag !== 'mul' && tag !== 'zxx' ? tag : null;
}

/** The tags of a value or a list of values, each once, and the values that are no language we know. */
export function languageTags(values: unknown): { readonly tags: string[]; readonly unknown: unknown[] } {
  const list = (Array.isArray(values) ? values : [values]).filter(
    (value) => value !== null && value !== undefined && value !== '' && value !== '-',
  );
  const tags = new Set<string>();
  const unknown: unknown[] = [];
  for (const value of list) {
    const tag = languageTag(value);
    if (tag === null) unknown.push(value);
    else tags.add(tag);
  }
  return { tags: [...tags], unknown };
}
