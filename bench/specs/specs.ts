// The table of benchmark models, in the order in which they are printed.
import { gcn } from './gcn.js'
import { gpt } from './gpt.js'
import { lenet5 } from './lenet5.js'
import { lstm } from './lstm.js'
import { mlp } from './mlp.js'
import { mobilenetv2Cifar } from './mobilenetv2-cifar.js'
import { resnet18Cifar } from './resnet18-cifar.js'
import { resnet18Inference } from './resnet18-inference.js'
import type { ModelSpec } from './spec.js'
import { transformerEncoder } from './transformer-encoder.js'

export const specs: readonly ModelSpec[] = [
  mlp,
  lenet5,
  resnet18Cifar,
  mobilenetv2Cifar,
  lstm,
  transformerEncoder,
  gpt,
  gcn,
  resnet18Inference,
]
