/** A place in code under assembly, bound to its position at any time before the code is finished. */
export interface Label {
  readonly id: number
}
