export { lowerGraph as scheduleGraph } from '../codegen/lower.js'
