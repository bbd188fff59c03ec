/**
 * Guards properties that hold state against plain tensors.
 */
import { ValueError } from '../core/errors.js'
import { Buffer, Parameter } from '../tensor/parameter.js'
import { Tensor } from '../tensor/tensor.js'

/** Makes a property that holds a Parameter or a Buffer refuse everything but its kind and null. */
export function guardProperty(owner: object, key: string): void {
  const property = Object.getOwnPropertyDescriptor(owner, key)
  const first: unknown = property?.value
  if (!(first instanceof Parameter || first instanceof Buffer)) return
  const kind = first instanceof Parameter ? Parameter : Buffer
  let value: unknown = first
  Object.defineProperty(owner, key, {
    enumerable: property?.enumerable,
    configurable: true,
    get: () => value,
    set: (next: unknown) => {
      if (next !== null && next !== undefined && !(next instanceof kind)) {
        const got =
          next instanceof Tensor ? 'a plain tensor, which would be neither trained nor saved' : String(next)
        throw new ValueError(
          `${owner.constructor.name}.${key}: expected a ${kind.name} or null, got ${got}. Change the values with ` +
            `module.${key}.assign(tensor), or replace it with module.${key} = new ${kind.name}(tensor).`,
        )
      }
      value = next
    },
  })
}
