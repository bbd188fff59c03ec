/**
 * In which order the operands of an einsum are contracted: the best one by dynamic programming over subsets for up to
 * eight operands, the cheapest next pair for more.
 */

/** Operands up to which every order is tried. */
const mostForBest = 8

/**
 * Pairs to join, in order: the operands are numbered from 0, what step k gives is number operands + k. `labels[i]` are
 * the axes of operand i, `output` those that stay.
 */
export function contractionOrder(
  labels: readonly (readonly string[])[],
  output: readonly string[],
  sizes: ReadonlyMap<string, number>,
): [number, number][] {
  return labels.length <= mostForBest ? bestOrder(labels, output, sizes) : greedyOrder(labels, output, sizes)
}

const volume = (labels: Iterable<string>, sizes: ReadonlyMap<string, number>): number => {
  let product = 1
  for (const l of labels) product *= sizes.get(l)!
  return product
}

/** Labels of the product of the operands in `group` that somebody outside still needs. */
function openLabels(
  labels: readonly (readonly string[])[],
  output: readonly string[],
  inGroup: (i: number) => boolean,
): Set<string> {
  const outside = new Set(output)
  labels.forEach((list, i) => {
    if (!inGroup(i)) for (const l of list) outside.add(l)
  })
  const open = new Set<string>()
  labels.forEach((list, i) => {
    if (inGroup(i)) for (const l of list) if (outside.has(l)) open.add(l)
  })
  return open
}

function bestOrder(
  labels: readonly (readonly string[])[],
  output: readonly string[],
  sizes: ReadonlyMap<string, number>,
): [number, number][] {
  const count = labels.length
  const all = 2 ** count - 1
  const open = Array.from({ length: all + 1 }, (_, set) =>
    openLabels(labels, output, (i) => (set & (1 << i)) !== 0),
  )
  const costs = new Float64Array(all + 1).fill(Number.POSITIVE_INFINITY)
  const parts = new Int32Array(all + 1)
  for (let i = 0; i < count; i++) costs[1 << i] = 0
  for (let set = 1; set <= all; set++) {
    if ((set & (set - 1)) === 0) continue
    // Every way to cut the set in two, once: the part with the lowest operand comes first.
    const lowest = set & -set
    for (let part = (set - 1) & set; part > 0; part = (part - 1) & set) {
      if ((part & lowest) === 0) continue
      const rest = set ^ part
      const below = costs[part] + costs[rest]
      if (below >= costs[set]) continue
      const cost = below + volume(new Set([...open[part], ...open[rest]]), sizes)
      if (cost < costs[set]) {
        costs[set] = cost
        parts[set] = part
      }
    }
    // Sizes beyond what a number holds: any cut will do.
    if (parts[set] === 0) parts[set] = lowest
  }
  const steps: [number, number][] = []
  const build = (set: number): number => {
    if ((set & (set - 1)) === 0) return 31 - Math.clz32(set)
    const pair: [number, number] = [build(parts[set]), build(set ^ parts[set])]
    steps.push(pair)
    return count + steps.length - 1
  }
  build(all)
  return steps
}

function greedyOrder(
  labels: readonly (readonly string[])[],
  output: readonly string[],
  sizes: ReadonlyMap<string, number>,
): [number, number][] {
  let parts = labels.map((list, number) => ({ number, list }))
  const steps: [number, number][] = []
  while (parts.length > 1) {
    let best: [number, number] = [0, 1]
    let least = Number.POSITIVE_INFINITY
    for (let i = 0; i < parts.length; i++) {
      for (let j = i + 1; j < parts.length; j++) {
        const cost = volume(new Set([...parts[i].list, ...parts[j].list]), sizes)
        if (cost < least) {
          least = cost
          best = [i, j]
        }
      }
    }
    const lists = parts.map(({ list }) => list)
    const joined = openLabels(lists, output, (k) => best.includes(k))
    steps.push([parts[best[0]].number, parts[best[1]].number])
    const number = labels.length + steps.length - 1
    parts = [...parts.filter((_, k) => !best.includes(k)), { number, list: [...joined] }]
  }
  return steps
}
