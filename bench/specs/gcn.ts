// A two-layer graph convolutional network (Kipf and Welling, 2017) on a random graph of Cora's size: 2708 nodes,
// 5278 undirected edges and self-loops, 1433 sparse binary features, 16 hidden units, 7 classes.
import { labels, linear, type NamedArrays } from '../data/named-array.js'
import type { Random } from '../data/random.js'
import type { ModelSpec } from './spec.js'

const nodes = 2708
const undirectedEdges = 5278
const features = 1433
/** The share of ones in Cora's bag-of-words features. */
const density = 0.0127

/**
 * `source` and `target` [13264], sorted by target, and `weight` = 1/√(degree(source)·degree(target)): the non-zeros
 * of the normalised adjacency D^-½(A+I)D^-½, which is symmetric.
 */
function graph(random: Random): NamedArrays {
  const keys = new Set<number>()
  for (let node = 0; node < nodes; node++) keys.add(node * nodes + node)
  while (keys.size < nodes + 2 * undirectedEdges) {
    const a = random.below(nodes)
    const b = random.below(nodes)
    keys.add(a * nodes + b)
    keys.add(b * nodes + a)
  }
  const sorted = [...keys].sort((a, b) => a - b)
  const target = Int32Array.from(sorted, (key) => Math.floor(key / nodes))
  const source = Int32Array.from(sorted, (key) => key % nodes)
  const degree = new Float32Array(nodes)
  for (const node of target) degree[node]++
  const weight = Float32Array.from(source, (from, edge) => 1 / Math.sqrt(degree[from] * degree[target[edge]]))
  const shape = [sorted.length]
  return {
    source: { shape, data: source },
    target: { shape, data: target },
    weight: { shape, data: weight },
  }
}

export const gcn: ModelSpec = {
  name: 'gcn',
  description: 'GCN of 2 layers, Cora-sized: 2708 nodes, 1433 features, 16 hidden, 7 classes',
  learningRate: 1,
  arrays: (random) => ({
    parameters: { ...linear(random, 'conv1', features, 16), ...linear(random, 'conv2', 16, 7) },
    inputs: {
      x: {
        shape: [nodes, features],
        data: Float32Array.from({ length: nodes * features }, () => (random.uniform() < density ? 1 : 0)),
      },
      ...graph(random),
      y: labels(random, nodes, 7),
    },
  }),
}
