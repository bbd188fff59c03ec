/** The table of operators: what each one means, as graph. */
import type { Rules } from './context.js'
import { activation } from './operators/activation.js'
import { attentions } from './operators/attention.js'
import { control } from './operators/control.js'
import { convolutions } from './operators/convolution.js'
import { creation } from './operators/creation.js'
import { detection } from './operators/detection.js'
import { elementwise } from './operators/elementwise.js'
import { indexing } from './operators/indexing.js'
import { linearAlgebra } from './operators/linear-algebra.js'
import { movement } from './operators/movement.js'
import { normalization } from './operators/normalization.js'
import { pooling } from './operators/pooling.js'
import { quantization } from './operators/quantization.js'
import { recurrences } from './operators/recurrent.js'
import { reductions } from './operators/reduction.js'
import { resizing } from './operators/resize.js'
import { sequences } from './operators/sequence.js'
import { signal } from './operators/signal.js'
import { training } from './operators/training.js'

export const rules: Rules = {
  ...elementwise,
  ...activation,
  ...movement,
  ...creation,
  ...indexing,
  ...reductions,
  ...linearAlgebra,
  ...convolutions,
  ...pooling,
  ...normalization,
  ...attentions,
  ...recurrences,
  ...resizing,
  ...detection,
  ...signal,
  ...quantization,
  ...sequences,
  ...control,
  ...training,
}
