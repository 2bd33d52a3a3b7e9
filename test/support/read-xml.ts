/** A whole small XML document as a tree, strictly: what is not well-formed throws. */
import sax from 'sax';

export interface XmlNode {
  readonly name: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly children: XmlNode[];
  text: string;
}

export function readXml(document: string): XmlNode {
  const parser = sax.parser(true, {});
  const root: XmlNode = { name: '', attributes: {}, children: [], text: '' };
  const open: XmlNode[] = [root];
  parser.onerror = (error) => {
    throw error;
  };
  parser.onopentag = ({ name, attributes }) => {
    const node: XmlNode = { name, attributes: attributes as Record<string, string>, children: [], text: '' };
    open.at(-1)?.children.push(node);
    open.push(node);
  };
  parser.ontext = (text) => {
    const node = open.at(-1);
    if (node !== undefined) node.text += text;
  };
  parser.onclosetag = () => {
    open.pop();
  };
  parser.write(document).close();
  const [first] = root.children;
  if (first === undefined) throw new Error('no element');
  return first;
}
