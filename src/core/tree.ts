/**
 * Trees: nested arrays and plain objects with values of one kind at the leaves. One vocabulary serves arguments and
 * results of compiled steps, gradients, checkpoints and optimizer state.
 */

/** `T` itself, or arrays and plain objects of trees of `T`. */
export type Tree<T> = T | readonly Tree<T>[] | { readonly [key: string]: Tree<T> }

/** An object literal, or what `Object.create(null)` makes: instances of classes are leaves. */
export const isPlainObject = (value: unknown): value is Record<string, unknown> => {
  if (typeof value !== 'object' || value === null) return false
  const prototype = Object.getPrototypeOf(value)
  return prototype === Object.prototype || prototype === null
}

/** Maps every leaf; arrays and plain objects keep their structure, anything else counts as a leaf. */
export function mapTree(tree: unknown, fn: (leaf: unknown, path: string) => unknown, path = ''): unknown {
  if (Array.isArray(tree)) return tree.map((item, i) => mapTree(item, fn, path ? `${path}.${i}` : `${i}`))
  if (isPlainObject(tree)) {
    const out: Record<string, unknown> = {}
    for (const key of Object.keys(tree)) out[key] = mapTree(tree[key], fn, path ? `${path}.${key}` : key)
    return out
  }
  return fn(tree, path)
}

/** The leaves in order, with their dotted paths. */
export function flattenTree(tree: unknown): { path: string; leaf: unknown }[] {
  const leaves: { path: string; leaf: unknown }[] = []
  mapTree(tree, (leaf, path) => {
    leaves.push({ path, leaf })
    return leaf
  })
  return leaves
}
