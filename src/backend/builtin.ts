/** Node's own modules without an import, so that no bundle for browsers contains them. */

/** The module of this name where there is one, else null. */
export function builtin<T>(name: string): T | null {
  if (typeof process === 'undefined' || typeof process.getBuiltinModule !== 'function') return null
  return (process.getBuiltinModule(name) as T | undefined) ?? null
}
