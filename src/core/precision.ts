/** How products of f32 are computed (`compile`'s option): as they are, or with operands rounded to bf16. */
export type Precision = 'f32' | 'bf16'

export const precisions: readonly Precision[] = ['f32', 'bf16']
