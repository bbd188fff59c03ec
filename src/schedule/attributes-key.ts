/** Attributes of a node as text, to find nodes and kernels that are the same. */

const identities = new WeakMap<object, number>()
let nextIdentity = 0

function identityOf(value: object): number {
  let id = identities.get(value)
  if (id === undefined) {
    id = nextIdentity++
    identities.set(value, id)
  }
  return id
}

/** Equal texts mean equal values. Bodies of loops and host kernels count by identity. */
export function attributesKey(value: unknown): string {
  if (typeof value === 'number') return Object.is(value, -0) ? '-0' : String(value)
  if (typeof value === 'string') return JSON.stringify(value)
  if (typeof value !== 'object' || value === null) return `${typeof value} ${String(value)}`
  if (Array.isArray(value)) return `[${value.map(attributesKey).join()}]`
  if ('params' in value || 'run' in value) return `#${identityOf(value)}`
  return `{${Object.entries(value)
    .map(([name, part]) => `${name}:${attributesKey(part)}`)
    .join()}}`
}
