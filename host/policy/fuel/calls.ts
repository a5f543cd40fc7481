import type { FunctionCode } from './functions.ts';

/** So many calls at most happen between two counts: calls that double, sixty deep, would else go on for years without a loop. */
const CALLS_MAX = 1000;

/**
 * The functions whose calls are counted, by number: those that may come to call themselves, those that call by table (it may be any), and those that
 * would lead to too many calls with each of their instructions done once.
 */
export function countedFunctions(functions: readonly FunctionCode[]): Set<number> {
  const everywhere = functions.map((_, index) => index);
  const callees = functions.map(({ calls, callsByTable }) => (callsByTable ? everywhere : calls));
  const counted = new Set<number>();
  const weights = new Array<number>(functions.length).fill(1);
  // Callees come before their callers.
  for (const members of components(callees)) {
    const [only] = members as [number];
    const { calls, callsByTable } = functions[only] as FunctionCode;
    const weight = calls.reduce((sum, callee) => sum + (weights[callee] as number), 1);
    const isOrdinary = members.length === 1 && !calls.includes(only) && !callsByTable;
    if (isOrdinary && weight <= CALLS_MAX) weights[only] = weight;
    else for (const member of members) counted.add(member);
  }
  return counted;
}

interface Visit {
  readonly node: number;
  next: number;
}

/** Strongly connected components of a graph (Tarjan 1972), with a list instead of recursion: call graphs may be deep. */
function components(edges: readonly (readonly number[])[]): number[][] {
  const found: number[][] = [];
  const order = new Array<number>(edges.length).fill(-1);
  const low = new Array<number>(edges.length).fill(0);
  const onStack = new Array<boolean>(edges.length).fill(false);
  const stack: number[] = [];
  let count = 0;

  function enter(node: number): Visit {
    order[node] = low[node] = count;
    count += 1;
    stack.push(node);
    onStack[node] = true;
    return { node, next: 0 };
  }

  function leave(node: number): void {
    if (low[node] !== order[node]) return;
    const at = stack.indexOf(node);
    const members = stack.splice(at);
    for (const member of members) onStack[member] = false;
    found.push(members);
  }

  for (let root = 0; root < edges.length; root += 1) {
    if (order[root] !== -1) continue;
    const visits = [enter(root)];
    for (let visit = visits.at(-1); visit; visit = visits.at(-1)) {
      const { node } = visit;
      const target = edges[node]?.[visit.next];
      visit.next += 1;
      if (target === undefined) {
        leave(node);
        visits.pop();
        const above = visits.at(-1)?.node;
        if (above !== undefined) low[above] = Math.min(low[above] as number, low[node] as number);
      } else if (order[target] === -1) visits.push(enter(target));
      else if (onStack[target]) low[node] = Math.min(low[node] as number, order[target] as number);
    }
  }
  return found;
}
