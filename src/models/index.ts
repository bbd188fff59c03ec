/** Complete models. */
export { LeNet5, type LeNet5Options } from './lenet5.js'
