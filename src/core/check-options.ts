/** Options that do not exist: a typo in plain JavaScript must not pass in silence. */
import { ValueError } from './errors.js'

/** Every option of `O`, by name. The type makes a forgotten one a compile error. */
export type OptionNames<O> = { readonly [K in keyof Required<O>]: true }

/** Throws a ValueError that names the known options unless `options` is an object with no others. */
export function checkOptions<O extends object>(operation: string, options: O, known: OptionNames<O>): void {
  if (typeof options !== 'object' || options === null || Array.isArray(options)) {
    throw new ValueError(
      `${operation}: expected an object of options, such as { ${Object.keys(known)[0]}: … }, got ${String(options)}.`,
    )
  }
  for (const name in options) {
    if (Object.hasOwn(known, name)) continue
    throw new ValueError(
      `${operation}: expected options among ${Object.keys(known).join(', ')}; got '${name}', which does not exist.`,
    )
  }
}
