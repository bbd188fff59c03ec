/**
 * From a property's name to its part of a state-dict key: camelCase here, snake_case in PyTorch's checkpoints.
 */

/**
 * `runningMean` → `running_mean`, `inProjWeight` → `in_proj_weight`, `weightIhL0Reverse` → `weight_ih_l0_reverse`.
 * Names without an inner capital (`conv1`, `fc`) and names that begin with one (`LayerNorm`) stay as they are.
 */
export const stateName = (property: string): string =>
  /^[A-Z]/.test(property)
    ? property
    : property.replace(
        /([a-z0-9])([A-Z]+)/g,
        (_, before: string, capitals: string) => `${before}_${capitals.toLowerCase()}`,
      )
