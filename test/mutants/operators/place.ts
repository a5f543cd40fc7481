import ts from 'typescript';

/** Where a fault is, by names and texts that stay when lines move. */
export interface Place {
  /** Function, `Class.method`, or class of a field; empty at the top of a file. */
  within: string;
  /** The statement, or the head of it, as it is. */
  from: string;
  /** The same with the fault. */
  to: string;
}

/** Describes what becomes of `node` when `text` takes its place. */
export function placeOf(node: ts.Node, text: string): Place {
  const source = node.getSourceFile();
  const { start, end } = sentenceOf(node);
  const at = node.getStart(source);
  const from = source.text.slice(start, end);
  const to = source.text.slice(start, at) + text + source.text.slice(node.getEnd(), end);
  return { within: nameOf(node), from: oneLine(from), to: oneLine(to) };
}

/** The statement around a node; of those with a body only what stands before it. */
function sentenceOf(node: ts.Node): { start: number; end: number } {
  let at = node;
  while (!ts.isStatement(at) && !ts.isPropertyDeclaration(at) && !ts.isParameter(at)) at = at.parent;
  const start = at.getStart();
  if (ts.isIfStatement(at)) return { start, end: at.thenStatement.getFullStart() };
  if (ts.isIterationStatement(at, false)) return { start, end: at.statement.getFullStart() };
  return { start, end: at.getEnd() };
}

function nameOf(node: ts.Node): string {
  const names: string[] = [];
  for (let at = node.parent; at; at = at.parent) {
    if (ts.isConstructorDeclaration(at)) names.unshift('constructor');
    else if ((ts.isFunctionLike(at) || ts.isClassDeclaration(at)) && at.name)
      names.unshift(at.name.getText());
  }
  return names.join('.');
}

function oneLine(text: string): string {
  return text.replace(/\s+/g, ' ').trim();
}
