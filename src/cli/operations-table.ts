/**
 * What 'chainrule ops' prints, one operation a line: section, name, calls, PyTorch's and NumPy's name, sentence, with tabs
 * between. Written by scripts/docs/operations.ts; changes go into the docstrings or scripts/docs/operation-names.ts.
 */
export const operationsTable = `
Creation	arange	arange(end, options?)	torch.arange	numpy.arange	start, start + step, … up to but without \`end\`: \`arange(end)\`, \`arange(start, end)\`, \`arange(start, end, step)\`, and options after any of them. i64 when all are integers, else f32.
Creation	empty	empty(shape, options?)	torch.empty	numpy.empty	A tensor whose values do not matter; they are zeros.
Creation	emptyLike	emptyLike(x, options?)	torch.empty_like	numpy.empty_like	A tensor with the shape and dtype of \`x\` whose values do not matter; they are zeros.
Creation	eye	eye(n, options?)	torch.eye	numpy.eye	The n×m matrix with ones on its diagonal: \`eye(n)\`, \`eye(n, m)\`, options last.
Creation	full	full(shape, value, options?)	torch.full	numpy.full	\`value\` everywhere: f32 by default, bool for true and false.
Creation	fullLike	fullLike(x, value, options?)	torch.full_like	numpy.full_like	\`value\` everywhere with the shape and dtype of \`x\`.
Creation	linspace	linspace(start, end, steps, options?)	torch.linspace	numpy.linspace	\`steps\` values from \`start\` to \`end\`, both included.
Creation	logspace	logspace(start, end, steps, options?)	torch.logspace	numpy.logspace	base^start … base^end in \`steps\` equal steps of the exponent, both included.
Creation	ones	ones(shape, options?)	torch.ones	numpy.ones	Ones everywhere.
Creation	onesLike	onesLike(x, options?)	torch.ones_like	numpy.ones_like	Ones with the shape and dtype of \`x\`.
Creation	tensor	tensor(data, options?)	torch.tensor	numpy.array	A tensor of the given values, which are copied.
Creation	zeros	zeros(shape, options?)	torch.zeros	numpy.zeros	Zeros everywhere.
Creation	zerosLike	zerosLike(x, options?)	torch.zeros_like	numpy.zeros_like	Zeros with the shape and dtype of \`x\`.
Random numbers	bernoulli	bernoulli(p, options?)	torch.bernoulli	numpy.random.Generator.binomial	1 with probability p, else 0: a probability an element, or one number with a shape.
Random numbers	beta	beta(alpha, betaParameter, options?)	torch.distributions.Beta	numpy.random.Generator.beta	Beta numbers: X/(X + Y) of gamma numbers with concentrations α and β.
Random numbers	exponential	exponential(lambda?, shape?, options?)	torch.Tensor.exponential_	numpy.random.Generator.exponential	Exponential numbers of the rate λ, a number or a tensor: \`exponential(λ, shape)\`.
Random numbers	gamma	gamma(concentration, rate?, options?)	torch.distributions.Gamma	numpy.random.Generator.gamma	Gamma numbers of the concentration (shape) α and rate β of tensors that broadcast; mean α/β.
Random numbers	getRngState	getRngState()	torch.get_rng_state	numpy.random.get_state	The default generator's state, for \`setRngState\` later.
Random numbers	initialSeed	initialSeed()	torch.initial_seed		The seed that the default generator's present stream started from.
Random numbers	manualSeed	manualSeed(seed)	torch.manual_seed	numpy.random.seed	Seeds the default generator and returns it.
Random numbers	multinomial	multinomial(weights, numSamples, replacement?, options?)	torch.multinomial	numpy.random.Generator.choice	Indices (i64) drawn with the weights (K) or (M, K), which need not sum to 1: (n) or (M, n).
Random numbers	normal	normal(mean?, std?, shape?, options?)	torch.normal	numpy.random.Generator.normal	Normal numbers: \`normal(mean, std, shape)\` with numbers or tensors that broadcast to it; without a shape, that of the parameters.
Random numbers	poisson	poisson(rates, options?)	torch.poisson	numpy.random.Generator.poisson	Poisson numbers with the rates of \`x\`, in its shape and dtype.
Random numbers	rand	rand(shape, options?)	torch.rand	numpy.random.Generator.random	Uniform numbers from [0, 1).
Random numbers	randint	randint(high, shape, options?)	torch.randint	numpy.random.Generator.integers	Integers from \`low\` (default 0) to \`high\` - 1: \`randint(high, shape)\` or \`randint(low, high, shape)\`.
Random numbers	randintLike	randintLike(x, high, options?)	torch.randint_like		Integers with the shape and dtype of \`x\`: \`randintLike(x, high)\` or \`randintLike(x, low, high)\`.
Random numbers	randLike	randLike(x, options?)	torch.rand_like		Uniform numbers from [0, 1) with the shape and dtype of \`x\`.
Random numbers	randn	randn(shape, options?)	torch.randn	numpy.random.Generator.standard_normal	Numbers of the standard normal distribution.
Random numbers	randnLike	randnLike(x, options?)	torch.randn_like		Numbers of the standard normal distribution with the shape and dtype of \`x\`.
Random numbers	randperm	randperm(n, options?)	torch.randperm	numpy.random.Generator.permutation	The numbers 0…n-1 in random order.
Random numbers	seed	seed()	torch.seed		Seeds the default generator differently at each call and returns the seed.
Random numbers	setRngState	setRngState(state)	torch.set_rng_state	numpy.random.set_state	Sets the default generator back to a state of \`getRngState\`.
Random numbers	uniform	uniform(low?, high?, shape?, options?)	torch.Tensor.uniform_	numpy.random.Generator.uniform	Uniform numbers from [low, high), numbers or tensors: \`uniform(low, high, shape)\`.
Element-wise	abs	x.abs()	torch.abs	numpy.abs	|x|.
Element-wise	acos	x.acos()	torch.acos	numpy.arccos	Inverse cosine in [0, π]; NaN outside [-1, 1].
Element-wise	acosh	x.acosh()	torch.acosh	numpy.arccosh	Inverse hyperbolic cosine; NaN below 1.
Element-wise	add	x.add(other)	torch.add	numpy.add	this + other, broadcast.
Element-wise	addcdiv	x.addcdiv(x, y, value?)	torch.addcdiv		this + value · x / y, broadcast; floats only.
Element-wise	addcmul	x.addcmul(x, y, value?)	torch.addcmul		this + value · x · y, broadcast.
Element-wise	allClose	x.allClose(other, options?)	torch.allclose	numpy.allclose	Whether \`isClose\` holds everywhere.
Element-wise	allCloseSync	x.allCloseSync(other, options?)	torch.allclose	numpy.allclose	\`allClose()\` on the calling thread, on devices that can.
Element-wise	asin	x.asin()	torch.asin	numpy.arcsin	Inverse sine in [-π/2, π/2]; NaN outside [-1, 1].
Element-wise	asinh	x.asinh()	torch.asinh	numpy.arcsinh	Inverse hyperbolic sine.
Element-wise	atan	x.atan()	torch.atan	numpy.arctan	Inverse tangent.
Element-wise	atan2	x.atan2(other)	torch.atan2	numpy.arctan2	Angle of (other, this).
Element-wise	atanh	x.atanh()	torch.atanh	numpy.arctanh	Inverse hyperbolic tangent; ±∞ at ±1, NaN outside.
Element-wise	bitwiseAnd	x.bitwiseAnd(other)	torch.bitwise_and	numpy.bitwise_and	Bits set in both.
Element-wise	bitwiseLeftShift	x.bitwiseLeftShift(other)	torch.bitwise_left_shift	numpy.left_shift	this · 2^other on integers.
Element-wise	bitwiseNot	x.bitwiseNot()	torch.bitwise_not	numpy.bitwise_not	All bits flipped.
Element-wise	bitwiseOr	x.bitwiseOr(other)	torch.bitwise_or	numpy.bitwise_or	Bits set in one or both.
Element-wise	bitwiseRightShift	x.bitwiseRightShift(other)	torch.bitwise_right_shift	numpy.right_shift	⌊this / 2^other⌋ on integers; negative numbers stay negative.
Element-wise	bitwiseXor	x.bitwiseXor(other)	torch.bitwise_xor	numpy.bitwise_xor	Bits set in exactly one.
Element-wise	ceil	x.ceil()	torch.ceil	numpy.ceil	Smallest integer not below x.
Element-wise	clamp	x.clamp(min?, max?)	torch.clamp	numpy.clip	Values limited to [min, max]; either may be left out.
Element-wise	clampMax	x.clampMax(max)	torch.clamp_max	numpy.minimum	Values of at most \`max\`.
Element-wise	clampMin	x.clampMin(min)	torch.clamp_min	numpy.maximum	Values of at least \`min\`.
Element-wise	copysign	x.copysign(other)	torch.copysign	numpy.copysign	|this| with the sign of other (of -0, too).
Element-wise	cos	x.cos()	torch.cos	numpy.cos	Cosine.
Element-wise	cosh	x.cosh()	torch.cosh	numpy.cosh	Hyperbolic cosine.
Element-wise	deg2rad	x.deg2rad()	torch.deg2rad	numpy.deg2rad	Degrees to radians.
Element-wise	digamma	x.digamma()	torch.digamma	scipy.special.digamma	Derivative of \`lgamma\`.
Element-wise	div	x.div(other, options?)	torch.div	numpy.divide	this / other, broadcast.
Element-wise	eq	x.eq(other)	torch.eq	numpy.equal	True where equal.
Element-wise	equal	x.equal(other)	torch.equal	numpy.array_equal	Whether both have one shape and equal elements (NaN equals nothing).
Element-wise	equalSync	x.equalSync(other)	torch.equal	numpy.array_equal	\`equal()\` on the calling thread, on devices that can.
Element-wise	erf	x.erf()	torch.erf		Error function.
Element-wise	erfc	x.erfc()	torch.erfc	scipy.special.erfc	1 - erf(x), with all its digits where it is tiny.
Element-wise	erfinv	x.erfinv()	torch.erfinv		Inverse error function; ±∞ at ±1, NaN outside [-1, 1].
Element-wise	exp	x.exp()	torch.exp	numpy.exp	e^x.
Element-wise	exp2	x.exp2()	torch.exp2	numpy.exp2	2^x, exact for whole x.
Element-wise	expm1	x.expm1()	torch.expm1	numpy.expm1	e^x - 1, exact near 0.
Element-wise	floatPower	x.floatPower(other)	torch.float_power	numpy.float_power	this ^ other, computed in f64.
Element-wise	floor	x.floor()	torch.floor	numpy.floor	Largest integer not above x.
Element-wise	floorDivide	x.floorDivide(other)	torch.floor_divide	numpy.floor_divide	⌊this / other⌋ (Python's //); integers stay integers, no gradient.
Element-wise	fmax	x.fmax(other)	torch.fmax	numpy.fmax	The larger of both; a number where one is NaN.
Element-wise	fmin	x.fmin(other)	torch.fmin	numpy.fmin	The smaller of both; a number where one is NaN.
Element-wise	fmod	x.fmod(other)	torch.fmod	numpy.fmod	Remainder with the sign of the dividend.
Element-wise	frac	x.frac()	torch.frac	numpy.modf	The part behind the point, with the sign of x.
Element-wise	gcd	x.gcd(other)	torch.gcd	numpy.gcd	Greatest common divisor of integers.
Element-wise	ge	x.ge(other)	torch.ge	numpy.greater_equal	True where greater or equal.
Element-wise	gt	x.gt(other)	torch.gt	numpy.greater	True where greater.
Element-wise	heaviside	x.heaviside(values)	torch.heaviside	numpy.heaviside	0 below 0, \`values\` at 0, 1 above.
Element-wise	hypot	x.hypot(other)	torch.hypot	numpy.hypot	√(this² + other²) without overflow.
Element-wise	isClose	x.isClose(other, options?)	torch.isclose	numpy.isclose	True where |this - other| ≤ atol + rtol · |other|, or both are equal.
Element-wise	isfinite	x.isfinite()	torch.isfinite	numpy.isfinite	True where the value is neither NaN nor infinite.
Element-wise	isinf	x.isinf()	torch.isinf	numpy.isinf	True where the value is infinite.
Element-wise	isnan	x.isnan()	torch.isnan	numpy.isnan	True where the value is NaN.
Element-wise	isneginf	x.isneginf()	torch.isneginf	numpy.isneginf	True where the value is -∞.
Element-wise	isposinf	x.isposinf()	torch.isposinf	numpy.isposinf	True where the value is +∞.
Element-wise	lcm	x.lcm(other)	torch.lcm	numpy.lcm	Least common multiple of integers.
Element-wise	ldexp	x.ldexp(other)	torch.ldexp	numpy.ldexp	this · 2^other.
Element-wise	le	x.le(other)	torch.le	numpy.less_equal	True where less or equal.
Element-wise	lerp	x.lerp(end, weight)	torch.lerp		this + weight · (end - this).
Element-wise	lgamma	x.lgamma()	torch.lgamma	scipy.special.gammaln	ln |Γ(x)|.
Element-wise	log	x.log()	torch.log	numpy.log	ln x.
Element-wise	log10	x.log10()	torch.log10	numpy.log10	Logarithm to base 10, exact for powers of 10.
Element-wise	log1p	x.log1p()	torch.log1p	numpy.log1p	ln(1 + x), exact near 0.
Element-wise	log2	x.log2()	torch.log2	numpy.log2	Logarithm to base 2, exact for powers of 2.
Element-wise	logaddexp	x.logaddexp(other)	torch.logaddexp	numpy.logaddexp	ln(e^this + e^other) without overflow.
Element-wise	logaddexp2	x.logaddexp2(other)	torch.logaddexp2	numpy.logaddexp2	log2(2^this + 2^other) without overflow.
Element-wise	logicalAnd	x.logicalAnd(other)	torch.logical_and	numpy.logical_and	True where both are not 0.
Element-wise	logicalNot	x.logicalNot()	torch.logical_not	numpy.logical_not	True where the value is 0.
Element-wise	logicalOr	x.logicalOr(other)	torch.logical_or	numpy.logical_or	True where one is not 0.
Element-wise	logicalXor	x.logicalXor(other)	torch.logical_xor	numpy.logical_xor	True where exactly one is not 0.
Element-wise	logit	x.logit(eps?)	torch.logit		ln(x / (1 - x)); with \`eps\`, x is limited to [eps, 1 - eps] first.
Element-wise	lt	x.lt(other)	torch.lt	numpy.less	True where less.
Element-wise	maximum	x.maximum(other)	torch.maximum	numpy.maximum	The larger of both; the gradient of ties is split.
Element-wise	minimum	x.minimum(other)	torch.minimum	numpy.minimum	The smaller of both; the gradient of ties is split.
Element-wise	mul	x.mul(other)	torch.mul	numpy.multiply	this · other, element by element, broadcast.
Element-wise	nanToNum	x.nanToNum(nan?, posinf?, neginf?)	torch.nan_to_num	numpy.nan_to_num	NaN, +∞ and -∞ replaced: by 0, the largest and the lowest finite number unless others are given.
Element-wise	ne	x.ne(other)	torch.ne	numpy.not_equal	True where different.
Element-wise	neg	x.neg()	torch.neg	numpy.negative	-x.
Element-wise	polygamma	x.polygamma(n)	torch.polygamma	scipy.special.polygamma	The n-th derivative of \`digamma\`.
Element-wise	pow	x.pow(exponent)	torch.pow	numpy.power	this ^ exponent.
Element-wise	rad2deg	x.rad2deg()	torch.rad2deg	numpy.rad2deg	Radians to degrees.
Element-wise	reciprocal	x.reciprocal()	torch.reciprocal	numpy.reciprocal	1 / x.
Element-wise	remainder	x.remainder(other)	torch.remainder	numpy.remainder	Remainder with the sign of the divisor.
Element-wise	round	x.round(decimals?)	torch.round	numpy.round	Nearest number of \`decimals\` digits after the point (negative: before it), ties to even.
Element-wise	rsqrt	x.rsqrt()	torch.rsqrt		1 / √x.
Element-wise	sgn	x.sgn()	torch.sgn	numpy.sign	-1, 0 or 1: another name of \`sign\`.
Element-wise	sign	x.sign()	torch.sign	numpy.sign	-1, 0 or 1.
Element-wise	signbit	x.signbit()	torch.signbit	numpy.signbit	True where the sign bit is set (-0 included).
Element-wise	sin	x.sin()	torch.sin	numpy.sin	Sine.
Element-wise	sinc	x.sinc()	torch.sinc	numpy.sinc	sin(πx)/(πx), 1 at 0.
Element-wise	sinh	x.sinh()	torch.sinh	numpy.sinh	Hyperbolic sine.
Element-wise	sqrt	x.sqrt()	torch.sqrt	numpy.sqrt	√x.
Element-wise	square	x.square()	torch.square	numpy.square	x².
Element-wise	sub	x.sub(other)	torch.sub	numpy.subtract	this - other, broadcast.
Element-wise	tan	x.tan()	torch.tan	numpy.tan	Tangent.
Element-wise	tanh	x.tanh()	torch.tanh	numpy.tanh	Hyperbolic tangent.
Element-wise	to	x.to(dtype)	torch.Tensor.to	numpy.ndarray.astype	The same values in another dtype.
Element-wise	trueDivide	x.trueDivide(other)	torch.true_divide	numpy.true_divide	this / other: another name of \`div\`.
Element-wise	trunc	x.trunc()	torch.trunc	numpy.trunc	Integer part.
Element-wise	where	x.where(condition, other) ; where(condition, x, y)	torch.where	numpy.where	This where the condition is true, the other elsewhere; all broadcast.
Element-wise	xlog1py	x.xlog1py(other)	torch.special.xlog1py		this · ln(1 + other), 0 where this is 0.
Element-wise	xlogy	x.xlogy(other)	torch.xlogy	scipy.special.xlogy	this · ln(other), 0 where this is 0.
Activations	celu	x.celu(alpha?) ; functional.celu(x, …args)	torch.celu		max(0, x) + min(0, α(e^(x/α) - 1)).
Activations	elu	x.elu(alpha?) ; functional.elu(x, …args)	torch.nn.functional.elu		x where positive, α(e^x - 1) elsewhere.
Activations	gelu	x.gelu(approximate?) ; functional.gelu(x, …args)	torch.nn.functional.gelu		x · Φ(x), exactly or by tanh.
Activations	glu	x.glu(axis?) ; functional.glu(x, …args)	torch.nn.functional.glu		The first half of an axis times the sigmoid of the second half.
Activations	hardshrink	x.hardshrink(lambda?) ; functional.hardshrink(x, …args)	torch.hardshrink		0 within λ of 0, x elsewhere.
Activations	hardsigmoid	x.hardsigmoid() ; functional.hardsigmoid(x, …args)	torch.nn.functional.hardsigmoid		relu6(x + 3) / 6.
Activations	hardswish	x.hardswish() ; functional.hardswish(x, …args)	torch.nn.functional.hardswish		x · relu6(x + 3) / 6.
Activations	hardtanh	x.hardtanh(min?, max?) ; functional.hardtanh(x, …args)	torch.nn.functional.hardtanh		x limited to [min, max].
Activations	leakyRelu	x.leakyRelu(negativeSlope?) ; functional.leakyRelu(x, …args)	torch.nn.functional.leaky_relu		x where positive, negativeSlope · x elsewhere.
Activations	logSigmoid	x.logSigmoid() ; functional.logSigmoid(x, …args)	torch.nn.functional.logsigmoid		ln sigmoid(x).
Activations	logSoftmax	x.logSoftmax(axis?) ; functional.logSoftmax(x, …args) ; sparse.logSoftmax(x, axis?)	torch.log_softmax		ln softmax(x), computed without overflow; the last axis by default.
Activations	mish	x.mish() ; functional.mish(x, …args)	torch.nn.functional.mish		x · tanh(softplus(x)).
Activations	relu	x.relu() ; functional.relu(x, …args)	torch.relu		max(x, 0).
Activations	relu6	x.relu6() ; functional.relu6(x, …args)	torch.nn.functional.relu6		min(max(x, 0), 6).
Activations	selu	x.selu() ; functional.selu(x, …args)	torch.selu		Self-normalising exponential linear unit.
Activations	sigmoid	x.sigmoid() ; functional.sigmoid(x, …args)	torch.sigmoid		1 / (1 + e^-x).
Activations	silu	x.silu() ; functional.silu(x, …args)	torch.nn.functional.silu		x · sigmoid(x).
Activations	softmax	x.softmax(axis?) ; functional.softmax(x, …args) ; sparse.softmax(x, axis?)	torch.softmax		e^x / Σ e^x along an axis (the last by default).
Activations	softplus	x.softplus(beta?, threshold?) ; functional.softplus(x, …args)	torch.nn.functional.softplus		ln(1 + e^(βx)) / β.
Activations	softshrink	x.softshrink(lambda?) ; functional.softshrink(x, …args)	torch.nn.functional.softshrink		x moved toward 0 by λ, and 0 within λ of it.
Activations	softsign	x.softsign() ; functional.softsign(x, …args)	torch.nn.functional.softsign		x / (1 + |x|).
Activations	tanhshrink	x.tanhshrink() ; functional.tanhshrink(x, …args)	torch.nn.functional.tanhshrink		x - tanh x.
Reductions and scans	all	x.all(axis?, options?)	torch.all	numpy.all	Whether all elements are true.
Reductions and scans	amax	x.amax(axis?, options?)	torch.amax	numpy.amax	Largest element over the axes; the gradient of ties is split evenly.
Reductions and scans	amin	x.amin(axis?, options?)	torch.amin	numpy.amin	Smallest element over the axes; the gradient of ties is split evenly.
Reductions and scans	aminmax	x.aminmax(axis?, options?)	torch.aminmax		Smallest and largest element along an axis, or of all; the gradient of ties is split.
Reductions and scans	any	x.any(axis?, options?)	torch.any	numpy.any	Whether any element is true.
Reductions and scans	argmax	x.argmax(axis?, options?)	torch.argmax	numpy.argmax	Index (i64) of the first largest element along an axis, or of all elements in row-major order.
Reductions and scans	argmin	x.argmin(axis?, options?)	torch.argmin	numpy.argmin	Index (i64) of the first smallest element along an axis, or of all elements in row-major order.
Reductions and scans	bincount	x.bincount(options?)	torch.bincount	numpy.bincount	How often each of 0, 1, … occurs among non-negative integers, or the sums of their weights.
Reductions and scans	bincountStatic	x.bincountStatic(length, weights?)	torch.bincount	numpy.bincount	How often each of 0, 1, …, length - 1 occurs, or the sums of weights; larger values are an error.
Reductions and scans	bincountSync	x.bincountSync(options?)	torch.bincount	numpy.bincount	\`bincount()\` on the calling thread, on devices that can.
Reductions and scans	countNonzero	x.countNonzero(axis?)	torch.count_nonzero	numpy.count_nonzero	How many elements are not 0 (i64), over the axes (all by default).
Reductions and scans	cummax	x.cummax(axis)	torch.cummax	numpy.maximum.accumulate	Largest element so far along an axis, and where it is (the latest of equals).
Reductions and scans	cummin	x.cummin(axis)	torch.cummin	numpy.minimum.accumulate	Smallest element so far along an axis, and where it is (the latest of equals).
Reductions and scans	cumprod	x.cumprod(axis, options?)	torch.cumprod	numpy.cumprod	Running product along an axis; integers give i64 unless \`dtype\` says otherwise.
Reductions and scans	cumsum	x.cumsum(axis, options?)	torch.cumsum	numpy.cumsum	Running sum along an axis; integers give i64 unless \`dtype\` says otherwise.
Reductions and scans	cumulativeTrapezoid	x.cumulativeTrapezoid(x?, options?)	torch.cumulative_trapezoid		The running integral along an axis by the trapezoidal rule.
Reductions and scans	diff	x.diff(options?)	torch.diff	numpy.diff	Differences of neighbours along an axis, n times.
Reductions and scans	histc	x.histc(options?)	torch.histc	numpy.histogram	How many elements lie in each of \`bins\` (100) bins of equal width over [min, max], by default the data's range.
Reductions and scans	logcumsumexp	x.logcumsumexp(axis)	torch.logcumsumexp	numpy.logaddexp.accumulate	Running ln Σ e^x along an axis, without overflow.
Reductions and scans	logsumexp	x.logsumexp(axis?, options?)	torch.logsumexp	numpy.logaddexp.reduce	ln Σ e^x over the axes, without overflow.
Reductions and scans	max	x.max(axis?, options?)	torch.max	numpy.max	Largest element over the axes (all by default); along one axis the first of equals gets the gradient.
Reductions and scans	maxWithIndices	x.maxWithIndices(axis, options?)	torch.max		Largest elements along an axis and where they are (the first of equals).
Reductions and scans	mean	x.mean(axis?, options?)	torch.mean	numpy.mean	Mean over the axes (all by default).
Reductions and scans	median	x.median()	torch.median	numpy.median	The lower of the two middle elements of all; NaN if one is NaN.
Reductions and scans	medianWithIndices	x.medianWithIndices(axis, options?)	torch.median		The lower median along an axis and where it is.
Reductions and scans	min	x.min(axis?, options?)	torch.min	numpy.min	Smallest element over the axes (all by default); along one axis the first of equals gets the gradient.
Reductions and scans	minWithIndices	x.minWithIndices(axis, options?)	torch.min		Smallest elements along an axis and where they are (the first of equals).
Reductions and scans	mode	x.mode(axis?, options?)	torch.mode		The most frequent element along an axis (the smallest of equally frequent ones), and the index of its last occurrence.
Reductions and scans	nanmean	x.nanmean(axis?, options?)	torch.nanmean	numpy.nanmean	Mean of the elements that are not NaN, over the axes (all by default).
Reductions and scans	nanmedian	x.nanmedian()	torch.nanmedian	numpy.nanmedian	The lower of the two middle elements of those that are not NaN.
Reductions and scans	nanmedianWithIndices	x.nanmedianWithIndices(axis, options?)	torch.nanmedian		The lower median of what is not NaN along an axis, and where it is.
Reductions and scans	nanquantile	x.nanquantile(q, axis?, options?)	torch.nanquantile	numpy.nanquantile	\`quantile\` of the elements that are not NaN.
Reductions and scans	nansum	x.nansum(axis?, options?)	torch.nansum	numpy.nansum	Sum of the elements that are not NaN, over the axes (all by default).
Reductions and scans	prod	x.prod(axis?, options?)	torch.prod	numpy.prod	Product over the axes (all by default).
Reductions and scans	quantile	x.quantile(q, axis?, options?)	torch.quantile	numpy.quantile	The element below which a fraction q lies, along an axis or of all; a list of fractions gives a new first axis.
Reductions and scans	std	x.std(axis?, options?)	torch.std	numpy.std	Standard deviation over the axes.
Reductions and scans	stdMean	x.stdMean(axis?, options?)	torch.std_mean		Standard deviation and mean over the axes (all by default).
Reductions and scans	sum	x.sum(axis?, options?) ; sparse.sum(x, axis?)	torch.sum	numpy.sum	Sum over the axes (all by default).
Reductions and scans	trapezoid	x.trapezoid(x?, options?)	torch.trapezoid	numpy.trapz	The integral along an axis by the trapezoidal rule, at places x or \`dx\` apart.
Reductions and scans	var	x.var(axis?, options?)	torch.var	numpy.var	Variance over the axes.
Reductions and scans	varMean	x.varMean(axis?, options?)	torch.var_mean		Variance and mean over the axes (all by default).
Shape	atleast1d	atleast1d(x)	torch.atleast_1d	numpy.atleast_1d	x with at least 1 axis: 0-d becomes [1].
Shape	atleast2d	atleast2d(x)	torch.atleast_2d	numpy.atleast_2d	x with at least 2 axes: 0-d becomes [1, 1], [n] becomes [1, n].
Shape	atleast3d	atleast3d(x)	torch.atleast_3d	numpy.atleast_3d	x with at least 3 axes: 0-d becomes [1, 1, 1], [n] becomes [1, n, 1], [m, n] becomes [m, n, 1].
Shape	blockDiag	blockDiag(…tensors)	torch.block_diag		A matrix with the given ones on its diagonal, one after the other, and 0 elsewhere; vectors are rows.
Shape	broadcastShapes	broadcastShapes(…list)	torch.broadcast_shapes	numpy.broadcast_shapes	The shape to which shapes broadcast.
Shape	broadcastTensors	broadcastTensors(…tensors)	torch.broadcast_tensors	numpy.broadcast_arrays	The tensors stretched to their common shape.
Shape	broadcastTo	x.broadcastTo(shape)	torch.broadcast_to	numpy.broadcast_to	Broadcasts to \`shape\`.
Shape	cartesianProd	cartesianProd(…tensors)	torch.cartesian_prod	itertools.product	Every choice of one element of each vector, as rows.
Shape	cat	cat(tensors, axis?)	torch.cat	numpy.concatenate	Joins tensors along an axis that exists.
Shape	chunk	x.chunk(n, axis?)	torch.chunk	numpy.array_split	At most \`n\` pieces of equal size, the last one smaller.
Shape	clone	x.clone()	torch.clone	numpy.copy	The same values in a tensor of its own; gradients flow back.
Shape	columnStack	columnStack(tensors)	torch.column_stack	numpy.column_stack	Joins tensors along axis 1; vectors and 0-d tensors are columns.
Shape	combinations	combinations(x, r?, withReplacement?)	torch.combinations	itertools.combinations	All subsets of \`r\` (default 2) elements of a vector, as rows; an element may repeat with \`withReplacement\`.
Shape	concat	concat(tensors, axis?)	torch.concat	numpy.concatenate	The same as \`cat\`.
Shape	contiguous	x.contiguous()	torch.Tensor.contiguous		The same values: tensors are always in row-major order.
Shape	diagflat	x.diagflat(offset?)	torch.diagflat	numpy.diagflat	A matrix with all elements on its diagonal.
Shape	dsplit	x.dsplit(indicesOrSections)	torch.dsplit	numpy.dsplit	Pieces along axis 2: that many of equal size, or beginning at the listed positions.
Shape	dstack	dstack(tensors)	torch.dstack	numpy.dstack	Joins tensors along axis 2; vectors [n] count as [1, n, 1], matrices as [m, n, 1].
Shape	expand	x.expand(shape)	torch.Tensor.expand	numpy.broadcast_to	Repeats axes of size 1 up to \`shape\`; -1 keeps a size.
Shape	expandAs	x.expandAs(other)	torch.Tensor.expand_as	numpy.broadcast_to	Repeats axes of size 1 up to the shape of another tensor.
Shape	flatten	x.flatten(startDim?, endDim?)	torch.flatten	numpy.ravel	Joins the axes from \`startDim\` to \`endDim\`.
Shape	flip	x.flip(axes)	torch.flip	numpy.flip	Reverses the axes.
Shape	fliplr	x.fliplr()	torch.fliplr	numpy.fliplr	Reverses axis 1.
Shape	flipud	x.flipud()	torch.flipud	numpy.flipud	Reverses axis 0.
Shape	hsplit	x.hsplit(indicesOrSections)	torch.hsplit	numpy.hsplit	Pieces along axis 1 (axis 0 of a vector): that many of equal size, or beginning at the listed positions.
Shape	hstack	hstack(tensors)	torch.hstack	numpy.hstack	Joins tensors along axis 1, vectors along axis 0.
Shape	meshgrid	meshgrid(tensors, options?)	torch.meshgrid	numpy.meshgrid	For vectors of n₀, n₁, … elements as many tensors (n₀, n₁, …), the k-th of which varies along axis k only.
Shape	moveaxis	x.moveaxis(source, destination)	torch.moveaxis	numpy.moveaxis	Moves axes (one, or as many as there are destinations) to other places; the others keep their order.
Shape	movedim	x.movedim(source, destination)	torch.movedim	numpy.moveaxis	The same as \`moveaxis\`.
Shape	mT	x.mT	torch.Tensor.mT	numpy.swapaxes	Swaps the last two axes.
Shape	narrow	x.narrow(axis, start, length)	torch.narrow		\`length\` elements from \`start\` along an axis.
Shape	pad	x.pad(padding, options?) ; functional.pad(x, padding, options?)	torch.nn.functional.pad	numpy.pad	Pads as PyTorch: pairs (low, high) from the last axis backwards; negative crops.
Shape	permute	x.permute(axes)	torch.permute	numpy.transpose	Output axis i is input axis axes[i].
Shape	ravel	x.ravel()	torch.ravel	numpy.ravel	All elements in row-major order, 1-d.
Shape	repeat	x.repeat(repeats)	torch.Tensor.repeat	numpy.tile	The tensor \`repeats[i]\` times along each axis.
Shape	repeatInterleave	x.repeatInterleave(repeats, axis?, options?)	torch.repeat_interleave	numpy.repeat	Each element \`repeats\` times in a row along an axis (without one: of the flattened tensor).
Shape	reshape	x.reshape(shape)	torch.reshape	numpy.reshape	The elements in row-major order in another shape; one size may be -1.
Shape	reshapeAs	x.reshapeAs(other)	torch.Tensor.reshape_as	numpy.reshape	As \`reshape\`, to the shape of another tensor.
Shape	roll	x.roll(shift, axis?)	torch.roll	numpy.roll	Rotates the elements along an axis.
Shape	rot90	x.rot90(k?, axes?)	torch.rot90	numpy.rot90	Rotates by k quarter turns (default 1) in the plane of two axes (default [0, 1]), from the first to the second.
Shape	select	x.select(axis, index)	torch.select	x[index]	One position of an axis; the axis goes away.
Shape	slice	x.slice(axis, start?, stop?, step?) ; slice(start?, stop?, step?)	x[start:stop:step]	x[start:stop:step]	Elements start, start + step, … up to but without \`stop\` along an axis; negative bounds count from the end.
Shape	split	x.split(sizes, axis?)	torch.split	numpy.split	Pieces of the given sizes (or of one size, the last one smaller).
Shape	squeeze	x.squeeze(axis?)	torch.squeeze	numpy.squeeze	Drops an axis of size 1, or all of them.
Shape	stack	stack(tensors, axis?)	torch.stack	numpy.stack	Joins tensors of one shape along a new axis.
Shape	swapaxes	x.swapaxes(a, b)	torch.swapaxes	numpy.swapaxes	The same as \`transpose\`.
Shape	swapdims	x.swapdims(a, b)	torch.swapdims	numpy.swapaxes	The same as \`transpose\`.
Shape	T	x.T	torch.Tensor.T	numpy.ndarray.T	All axes in reverse order: the transpose of a matrix.
Shape	tensorSplit	x.tensorSplit(indicesOrSections, axis?)	torch.tensor_split	numpy.array_split	Pieces along an axis: that many, with sizes that differ by at most one, or beginning at the listed positions.
Shape	tile	x.tile(repeats)	torch.tile	numpy.tile	As \`repeat\`, but fewer counts than axes mean the last axes, as in NumPy.
Shape	transpose	x.transpose(a, b)	torch.transpose	numpy.swapaxes	Swaps two axes.
Shape	trilIndices	trilIndices(rows, columns, offset?, options?)	torch.tril_indices	numpy.tril_indices	Rows and columns (2, n) of the elements on and below a diagonal of a rows × columns matrix, row by row.
Shape	triuIndices	triuIndices(rows, columns, offset?, options?)	torch.triu_indices	numpy.triu_indices	Rows and columns (2, n) of the elements on and above a diagonal of a rows × columns matrix, row by row.
Shape	unbind	x.unbind(axis?)	torch.unbind		Every position of an axis as a tensor of its own.
Shape	unflatten	x.unflatten(axis, sizes)	torch.unflatten	numpy.reshape	Splits one axis into several; one size may be -1.
Shape	unsqueeze	x.unsqueeze(axis)	torch.unsqueeze	numpy.expand_dims	Inserts an axis of size 1.
Shape	view	x.view(shape)	torch.Tensor.view	numpy.reshape	The same as \`reshape\`.
Shape	viewAs	x.viewAs(other)	torch.Tensor.view_as	numpy.reshape	The same as \`reshapeAs\`.
Shape	vsplit	x.vsplit(indicesOrSections)	torch.vsplit	numpy.vsplit	Pieces along axis 0: that many of equal size, or beginning at the listed positions.
Shape	vstack	vstack(tensors)	torch.vstack	numpy.vstack	Joins tensors along axis 0; vectors are rows.
Indexing and sorting	argsort	x.argsort(options?)	torch.argsort	numpy.argsort	The indices that put the elements in order along an axis (stable).
Indexing and sorting	argwhere	x.argwhere()	torch.argwhere	numpy.argwhere	The same as \`nonzero\`.
Indexing and sorting	at	x.at(…indices)	x[…]	x[…]	NumPy's x[…]: \`x.at(0, '1:-1', '...', null, mask)\`.
Indexing and sorting	bucketize	x.bucketize(boundaries, options?) ; bucketize(x, boundaries, options?)	torch.bucketize	numpy.digitize	The number of the bucket of each element between sorted boundaries, i64; see \`searchsorted\`.
Indexing and sorting	gather	x.gather(axis, index)	torch.gather	numpy.take_along_axis	out[i][j] = this[index[i][j]][j] for axis 0, and likewise for others.
Indexing and sorting	indexAdd	x.indexAdd(axis, index, src, options?)	torch.index_add	numpy.add.at	This tensor with \`alpha\` times the slices of \`src\` added to those that a vector of indices names along an axis.
Indexing and sorting	indexCopy	x.indexCopy(axis, index, src)	torch.index_copy	x[index] = values	This tensor with the slices of \`src\` in place of those that a vector of indices names along an axis.
Indexing and sorting	indexFill	x.indexFill(axis, index, value)	torch.index_fill	x[index] = value	This tensor with \`value\` in the slices that a vector of indices names along an axis.
Indexing and sorting	indexPut	x.indexPut(indices, values, options?)	torch.index_put	x[index] = values	NumPy's x[…] = values as a new tensor: \`x.assign(x.indexPut([0, '1:'], values))\`.
Indexing and sorting	indexReduce	x.indexReduce(axis, index, src, reduce, options?)	torch.Tensor.index_reduce		This tensor with slices of \`src\` reduced into those that a vector of indices names along an axis.
Indexing and sorting	indexSelect	x.indexSelect(axis, index)	torch.index_select	numpy.take	The positions named by a vector of indices along an axis.
Indexing and sorting	kthvalue	x.kthvalue(k, options?)	torch.kthvalue	numpy.partition	The k-th smallest element along an axis (k from 1), and its index.
Indexing and sorting	maskedFill	x.maskedFill(mask, value)	torch.masked_fill	numpy.where	\`value\` where the mask is true, this elsewhere.
Indexing and sorting	maskedScatter	x.maskedScatter(mask, source)	torch.masked_scatter	numpy.place	This tensor with the elements of \`source\`, in row-major order, where the mask is true.
Indexing and sorting	maskedSelect	x.maskedSelect(mask)	torch.masked_select	numpy.extract	The elements where the mask is true, 1-d, in row-major order; both broadcast.
Indexing and sorting	maskedSelectSync	x.maskedSelectSync(mask)	torch.masked_select	numpy.extract	\`maskedSelect()\` on the calling thread, on devices that can.
Indexing and sorting	msort	x.msort()	torch.msort	numpy.msort	The elements in order along axis 0.
Indexing and sorting	nonzero	x.nonzero()	torch.nonzero	numpy.nonzero	The positions of the elements that are not 0, as rows (n, rank), i64, in row-major order.
Indexing and sorting	nonzeroStatic	x.nonzeroStatic(size, options?)	torch.nonzero_static	numpy.argwhere	The positions of the first \`size\` elements that are not 0, as rows (size, rank), i64; rows that are left over hold \`fillValue\` (default -1).
Indexing and sorting	nonzeroSync	x.nonzeroSync()	torch.nonzero	numpy.argwhere	\`nonzero()\` on the calling thread, on devices that can.
Indexing and sorting	oneHot	x.oneHot(numClasses, options?) ; functional.oneHot(x, …args)	torch.nn.functional.one_hot		A new last axis with 1 at the class and 0 elsewhere (i64 by default).
Indexing and sorting	put	x.put(index, src, options?)	torch.Tensor.put	numpy.put	This tensor with the elements of \`src\` at flat positions, which may be negative; added there with \`accumulate\`.
Indexing and sorting	scatter	x.scatter(axis, index, src, options?)	torch.scatter	numpy.put_along_axis	This tensor with this[index[i][j]][j] = src[i][j] for axis 0, and likewise for others; the last of several writes stays.
Indexing and sorting	scatterAdd	x.scatterAdd(axis, index, src)	torch.scatter_add	numpy.add.at	This tensor with src[i][j] added at this[index[i][j]][j] for axis 0, and likewise for others.
Indexing and sorting	scatterReduce	x.scatterReduce(axis, index, src, reduce, options?)	torch.scatter_reduce		This tensor combined with src[i][j] at this[index[i][j]][j] by 'sum', 'prod', 'mean', 'amax' or 'amin'.
Indexing and sorting	searchsorted	searchsorted(sequence, values, options?)	torch.searchsorted	numpy.searchsorted	For each value the index (i64) at which it would be inserted to keep the sequence (…, n) sorted: how many elements are < value, or ≤ value with \`right\`.
Indexing and sorting	segmentMax	segmentMax(data, segmentIds, numSegments)		numpy.maximum.reduceat	Row s has the largest elements of the rows of segment s, ties sharing the gradient; 0 for a segment without rows.
Indexing and sorting	segmentMean	segmentMean(data, segmentIds, numSegments)			Row s is the mean of the rows of segment s; 0 for a segment without rows.
Indexing and sorting	segmentMin	segmentMin(data, segmentIds, numSegments)		numpy.minimum.reduceat	Row s has the smallest elements of the rows of segment s, ties sharing the gradient; 0 for a segment without rows.
Indexing and sorting	segmentSoftmax	segmentSoftmax(data, segmentIds, numSegments)			e^x / Σ e^x over the rows of the same segment, for (n, …) data and n segment numbers in any order: (n, …).
Indexing and sorting	segmentSum	segmentSum(data, segmentIds, numSegments)		numpy.add.reduceat	Row s is the sum of the rows of segment s, for (n, …) data and n segment numbers in any order; 0 without rows.
Indexing and sorting	sort	x.sort(options?)	torch.sort	numpy.sort	The elements in order along an axis (stable, NaN last), and where they were (i64).
Indexing and sorting	take	x.take(index)	torch.take	numpy.take	The elements of the flattened tensor at the positions, which may be negative; in the shape of the positions.
Indexing and sorting	takeAlongDim	x.takeAlongDim(index, axis?)	torch.take_along_dim	numpy.take_along_axis	\`gather\` with broadcasting outside the axis: what \`argsort\`, \`topk\` and \`argmax\` (with keepdim) return.
Indexing and sorting	topk	x.topk(k, options?)	torch.topk	numpy.partition	The k largest (or smallest) elements along an axis, in order, and their indices.
Indexing and sorting	unique	x.unique(options?)	torch.unique	numpy.unique	The distinct elements in ascending order (or slices along an axis in lexicographic order), for each element where its equal is among them, and how often each occurs.
Indexing and sorting	uniqueConsecutive	x.uniqueConsecutive(options?)	torch.unique_consecutive		As \`unique\`, but each run of equal neighbours counts for itself and keeps its place.
Indexing and sorting	uniqueConsecutiveSync	x.uniqueConsecutiveSync(options?)	torch.unique_consecutive		\`uniqueConsecutive()\` on the calling thread, on devices that can.
Indexing and sorting	uniqueSync	x.uniqueSync(options?)	torch.unique	numpy.unique	\`unique()\` on the calling thread, on devices that can.
Linear algebra	addbmm	x.addbmm(x, y, options?) ; addbmm(x, y, z, …args)	torch.addbmm		β·this + α·Σ over the batch of x·y.
Linear algebra	addmm	x.addmm(x, y, options?) ; addmm(x, y, z, …args) ; sparse.addmm(input, x, y, options?)	torch.addmm		β·this + α·(x·y) of matrices.
Linear algebra	addmv	x.addmv(x, y, options?) ; addmv(x, y, z, …args)	torch.addmv		β·this + α·(x·y) of a matrix and a vector.
Linear algebra	addr	x.addr(x, y, options?) ; addr(x, y, z, …args)	torch.addr		β·this + α·x·yᵀ of two vectors.
Linear algebra	baddbmm	x.baddbmm(x, y, options?) ; baddbmm(x, y, z, …args)	torch.baddbmm		β·this + α·(x·y) of batches of matrices.
Linear algebra	bmm	x.bmm(other) ; bmm(x, y)	torch.bmm	numpy.matmul	(B, m, k)·(B, k, n): the product of two batches of matrices.
Linear algebra	cdist	cdist(x, y, …args)	torch.cdist		All distances between rows of (…, P, M) and (…, R, M).
Linear algebra	cholesky	linalg.cholesky(x, …args) ; cholesky(x, …args)	torch.linalg.cholesky	numpy.linalg.cholesky	L with A = L·Lᵀ, or with \`upper\` U with A = Uᵀ·U.
Linear algebra	choleskyInverse	choleskyInverse(x, …args)	torch.cholesky_inverse		The inverse, given Cholesky's factor of the matrix.
Linear algebra	choleskySolve	choleskySolve(x, y, …args)	torch.cholesky_solve		B's solution, given Cholesky's factor of the matrix: choleskySolve(B, L).
Linear algebra	corrcoef	corrcoef(x, …args)	torch.corrcoef	numpy.corrcoef	Correlation coefficients of variables (rows).
Linear algebra	cov	cov(x, options?)	torch.cov	numpy.cov	The covariance of variables (rows) over observations (columns).
Linear algebra	cross	x.cross(other, axis?) ; linalg.cross(x, y, …args) ; cross(x, y, …args)	torch.cross	numpy.cross	x × y of vectors of 3 along an axis, default the last.
Linear algebra	det	x.det() ; linalg.det(x, …args) ; det(x, …args)	torch.det	numpy.linalg.det	The determinant of each matrix.
Linear algebra	diag	x.diag(offset?)	torch.diag	numpy.diag	The diagonal of a matrix, or a matrix with this vector on its diagonal.
Linear algebra	diagEmbed	x.diagEmbed(offset?, axisA?, axisB?) ; diagEmbed(x, offset?, axisA?, axisB?)	torch.diag_embed	numpy.diag	Matrices with the last axis on their diagonal; rows and columns become the given axes, by default the last two.
Linear algebra	diagonal	x.diagonal(offset?, axisA?, axisB?) ; linalg.diagonal(x, …args)	torch.diagonal	numpy.diagonal	The diagonal over two axes, as a new last axis.
Linear algebra	dot	x.dot(other) ; dot(x, y, …args)	torch.dot	numpy.dot	The inner product of two vectors.
Linear algebra	eig	linalg.eig(x)	torch.linalg.eig	numpy.linalg.eig	A·V = V·diag(w) of square matrices: complex w (…, n, 2) and V (…, n, n, 2).
Linear algebra	eigh	linalg.eigh(x, uplo?)	torch.linalg.eigh	numpy.linalg.eigh	A = V·diag(w)·Vᵀ of symmetric matrices: w ascending; one triangle ('L' by default) is read.
Linear algebra	eigvals	linalg.eigvals(x, …args)	torch.linalg.eigvals	numpy.linalg.eigvals	The eigenvalues of square matrices: complex (…, n, 2).
Linear algebra	eigvalsh	linalg.eigvalsh(x, …args)	torch.linalg.eigvalsh	numpy.linalg.eigvalsh	The eigenvalues of symmetric matrices, ascending.
Linear algebra	einsum	einsum(expression, …tensors)	torch.einsum	numpy.einsum	Einstein summation: \`einsum('bij,bjk->bik', x, y)\`.
Linear algebra	ger	x.ger(other) ; ger(x, y, …args)	torch.ger		x·yᵀ of two vectors.
Linear algebra	inner	x.inner(other) ; inner(x, y, …args)	torch.inner	numpy.inner	Σ x·y over the last axis of both.
Linear algebra	inv	linalg.inv(x, …args)	torch.linalg.inv	numpy.linalg.inv	A⁻¹.
Linear algebra	inverse	x.inverse() ; inverse(x, …args)	torch.inverse		A⁻¹ of each matrix.
Linear algebra	kron	x.kron(other) ; kron(x, y, …args)	torch.kron	numpy.kron	The Kronecker product.
Linear algebra	linalg.cond	linalg.cond(x, …args)	torch.linalg.cond	numpy.linalg.cond	The condition number; default in the 2-norm.
Linear algebra	logdet	x.logdet() ; logdet(x, …args)	torch.logdet		ln det A of each matrix; NaN for negative determinants.
Linear algebra	lstsq	linalg.lstsq(a, b, options?)	torch.linalg.lstsq	numpy.linalg.lstsq	X of least length with the least ‖A·X - B‖, for A of any shape and rank.
Linear algebra	matmul	x.matmul(other) ; linalg.matmul(x, y, …args) ; matmul(x, y) ; sparse.matmul(x, y)	torch.matmul	numpy.matmul	The matrix product, with PyTorch's rules for vectors and batches.
Linear algebra	matrixExp	x.matrixExp() ; linalg.matrixExp(x, …args) ; matrixExp(x, …args)	torch.matrix_exp		e^A of each matrix.
Linear algebra	matrixNorm	linalg.matrixNorm(x, …args)	torch.linalg.matrix_norm		'fro' (default), 'nuc', ±1, ±2 or ±Infinity over two axes.
Linear algebra	matrixPower	x.matrixPower(n) ; linalg.matrixPower(x, …args) ; matrixPower(x, …args)	torch.matrix_power	numpy.linalg.matrix_power	Aⁿ of each matrix, for an integer n.
Linear algebra	matrixRank	linalg.matrixRank(x, …args)	torch.linalg.matrix_rank	numpy.linalg.matrix_rank	How many singular values count, i64.
Linear algebra	mm	x.mm(other) ; mm(x, y)	torch.mm	numpy.matmul	(m, n)·(n, p).
Linear algebra	multiDot	linalg.multiDot(matrices)	torch.linalg.multi_dot	numpy.linalg.multi_dot	The product of many matrices in the best order.
Linear algebra	mv	x.mv(vector) ; mv(x, y, …args)	torch.mv	numpy.matmul	(m, n)·(n).
Linear algebra	norm	x.norm(p?, axis?, options?) ; linalg.norm(x, …args)	torch.norm	numpy.linalg.norm	The p-norm over the axes (default all): a number, 'fro' (the default: 2) or 'nuc', the sum of the singular values of a matrix or over two axes.
Linear algebra	outer	x.outer(other) ; outer(x, y, …args)	torch.outer	numpy.outer	The outer product of two vectors.
Linear algebra	pdist	pdist(x, …args)	torch.pdist		The distances of pairs of rows i < j of (n, m).
Linear algebra	pinv	linalg.pinv(x, …args)	torch.linalg.pinv	numpy.linalg.pinv	The Moore-Penrose inverse.
Linear algebra	pinverse	x.pinverse(options?) ; pinverse(x, …args)	torch.pinverse		The Moore-Penrose inverse of each matrix.
Linear algebra	qr	linalg.qr(x, options?) ; qr(x, options?)	torch.linalg.qr	numpy.linalg.qr	A = Q·R; mode 'reduced' (default), 'complete' or 'r' (then Q is empty).
Linear algebra	slogdet	linalg.slogdet(x) ; slogdet(x)	torch.linalg.slogdet	numpy.linalg.slogdet	Sign and logarithm of the size of the determinant.
Linear algebra	solve	linalg.solve(x, y, …args)	torch.linalg.solve	numpy.linalg.solve	X with A·X = B; with \`left: false\` X·A = B.
Linear algebra	solveTriangular	linalg.solveTriangular(x, y, …args)	torch.linalg.solve_triangular		X with A·X = B for a triangular A; say which triangle with \`upper\`.
Linear algebra	svd	linalg.svd(x, options?) ; svd(x, options?)	torch.linalg.svd	numpy.linalg.svd	A = U·diag(S)·Vh; \`fullMatrices: false\` leaves out what S does not reach.
Linear algebra	svdvals	linalg.svdvals(x, …args)	torch.linalg.svdvals		The singular values, descending.
Linear algebra	tensordot	tensordot(x, y, axes?)	torch.tensordot	numpy.tensordot	Contraction over the last \`axes\` axes of x and the first of y, or over lists of axes.
Linear algebra	tensorinv	linalg.tensorinv(x, …args)	torch.linalg.tensorinv	numpy.linalg.tensorinv	The inverse of a tensor that \`tensordot\` with the first \`ind\` axes multiplies; default 2.
Linear algebra	tensorsolve	linalg.tensorsolve(x, y, …args)	torch.linalg.tensorsolve	numpy.linalg.tensorsolve	X with tensordot(A, X, X.rank) = B.
Linear algebra	trace	x.trace() ; trace(x, …args)	torch.trace	numpy.trace	The sum of a matrix's diagonal.
Linear algebra	tril	x.tril(diagonal?)	torch.tril	numpy.tril	The lower triangle of the last two axes, 0 elsewhere.
Linear algebra	triu	x.triu(diagonal?)	torch.triu	numpy.triu	The upper triangle of the last two axes, 0 elsewhere.
Linear algebra	vander	linalg.vander(x, …args)	torch.linalg.vander	numpy.vander	The powers of x as columns, from x⁰ on: (…, n) → (…, n, N), default N = n.
Linear algebra	vdot	x.vdot(other) ; vdot(x, y, …args)	torch.vdot	numpy.vdot	Σ x·y of two vectors.
Linear algebra	vecdot	linalg.vecdot(x, y, …args)	torch.linalg.vecdot		Σ x·y over an axis, default the last.
Linear algebra	vectorNorm	linalg.vectorNorm(x, …args)	torch.linalg.vector_norm		(Σ|x|ᵖ)^(1/p) over axes, default all, p = 2.
Signals	bartlettWindow	bartlettWindow(n, options?)	torch.bartlett_window		1 - |2i/n - 1|.
Signals	blackmanWindow	blackmanWindow(n, options?)	torch.blackman_window		0.42 - 0.5·cos(2πi/n) + 0.08·cos(4πi/n).
Signals	complex	complex(re, im?)	torch.complex		re + i·im as (…, 2); without \`im\`, real numbers as complex ones.
Signals	complexAbs	complexAbs(x, …args)	torch.abs	numpy.abs	The absolute values of complex numbers (…, 2).
Signals	complexAngle	complexAngle(x, …args)	torch.angle	numpy.angle	The angles of complex numbers (…, 2), in (-π, π].
Signals	complexConj	complexConj(x, …args)	torch.conj	numpy.conj	The conjugates of complex numbers (…, 2).
Signals	complexDiv	complexDiv(x, y, …args)	torch.div	numpy.divide	The quotient of complex numbers (…, 2).
Signals	complexMatmul	complexMatmul(x, y, …args)	torch.matmul	numpy.matmul	The product of complex matrices (…, m, n, 2)·(…, n, p, 2).
Signals	complexMul	complexMul(x, y, …args)	torch.mul	numpy.multiply	The product of complex numbers (…, 2).
Signals	fft	fft.fft(x, …args)	torch.fft.fft	numpy.fft.fft	Complex to complex along one axis.
Signals	fft2	fft.fft2(x, …args)	torch.fft.fft2	numpy.fft.fft2	Complex to complex along the last two axes.
Signals	fftfreq	fft.fftfreq(n, d?, options?)	torch.fft.fftfreq	numpy.fft.fftfreq	The frequencies of \`fft\`'s results for samples \`d\` apart.
Signals	fftn	fft.fftn(x, …args)	torch.fft.fftn	numpy.fft.fftn	Complex to complex along several axes, default all.
Signals	fftshift	fft.fftshift(x, …args)	torch.fft.fftshift	numpy.fft.fftshift	Moves frequency 0 to the middle of the axes.
Signals	hammingWindow	hammingWindow(n, options?)	torch.hamming_window		0.54 - 0.46·cos(2πi/n); \`alpha\` and \`beta\` are options.
Signals	hannWindow	hannWindow(n, options?)	torch.hann_window		½ - ½·cos(2πi/n); \`periodic: false\` for a symmetric one.
Signals	hfft	fft.hfft(x, …args)	torch.fft.hfft	numpy.fft.hfft	The transform of a signal that is its own mirrored conjugate: complex to real.
Signals	ifft	fft.ifft(x, …args)	torch.fft.ifft	numpy.fft.ifft	The inverse of \`fft\`.
Signals	ifft2	fft.ifft2(x, …args)	torch.fft.ifft2	numpy.fft.ifft2	The inverse of \`fft2\`.
Signals	ifftn	fft.ifftn(x, …args)	torch.fft.ifftn	numpy.fft.ifftn	The inverse of \`fftn\`.
Signals	ifftshift	fft.ifftshift(x, …args)	torch.fft.ifftshift	numpy.fft.ifftshift	Undoes \`fftshift\`.
Signals	ihfft	fft.ihfft(x, …args)	torch.fft.ihfft	numpy.fft.ihfft	The inverse of \`hfft\`.
Signals	imag	imag(x, …args)	torch.imag	numpy.imag	The imaginary parts of complex numbers (…, 2).
Signals	irfft	fft.irfft(x, …args)	torch.fft.irfft	numpy.fft.irfft	The inverse of \`rfft\`; pass \`n\` for odd lengths.
Signals	irfft2	fft.irfft2(x, …args)	torch.fft.irfft2	numpy.fft.irfft2	The inverse of \`rfft2\`.
Signals	irfftn	fft.irfftn(x, …args)	torch.fft.irfftn	numpy.fft.irfftn	The inverse of \`rfftn\`.
Signals	istft	istft(x, nFft, options?)	torch.istft		The signal of short-time spectra: the inverse of \`stft\`.
Signals	polar	polar(x, y, …args)	torch.polar		r·e^(iφ) as (…, 2).
Signals	real	real(x, …args)	torch.real	numpy.real	The real parts of complex numbers (…, 2).
Signals	rfft	fft.rfft(x, …args)	torch.fft.rfft	numpy.fft.rfft	Real (…, n) to complex (…, n/2 + 1, 2).
Signals	rfft2	fft.rfft2(x, …args)	torch.fft.rfft2	numpy.fft.rfft2	Real to complex along the last two axes.
Signals	rfftfreq	fft.rfftfreq(n, d?, options?)	torch.fft.rfftfreq	numpy.fft.rfftfreq	The frequencies of \`rfft\`'s results for samples \`d\` apart.
Signals	rfftn	fft.rfftn(x, …args)	torch.fft.rfftn	numpy.fft.rfftn	Real to complex along several axes, default all.
Signals	stft	stft(x, nFft, options?)	torch.stft		Spectra of overlapping frames of a signal (T) or (B, T): complex (…, frequencies, frames, 2).
Sparse tensors	cooTensor	sparse.cooTensor(indices, values, shape?, options?)	torch.sparse_coo_tensor		A sparse tensor of coordinates (sparse axes, nnz) of i64 or i32 and values (nnz, …dense), as \`torch.sparse_coo_tensor\`.
Sparse tensors	csrTensor	sparse.csrTensor(crowIndices, colIndices, values, shape)	torch.sparse_csr_tensor		A sparse matrix (rows, columns) of where each row starts (rows + 1), the column of each element (nnz) and the values (nnz), as \`torch.sparse_csr_tensor\`.
Sparse tensors	denseToSparseCsr	sparse.denseToSparseCsr(x)	torch.Tensor.to_sparse_csr		The elements of a dense matrix that are not 0, as compressed rows.
Sparse tensors	sampledAddmm	sparse.sampledAddmm(pattern, x, y, options?)	torch.sparse.sampled_addmm		The pattern of a sparse matrix with values β·v + α·(x·y) at its places only, for dense x (m, k) and y (k, n), as \`torch.sparse.sampled_addmm\`.
Sparse tensors	toSparseCoo	sparse.toSparseCoo(x, sparseAxes?)	torch.Tensor.to_sparse_coo		The elements of a dense tensor that are not 0, over its first \`sparseAxes\` axes (default all; an element then is a slice with anything but zeros).
Sparse tensors	toSparseCsr	sparse.toSparseCsr(x)	torch.Tensor.to_sparse_csr		A coalesced COO matrix as compressed rows.
Layers as functions	adaptiveAvgPool1d	functional.adaptiveAvgPool1d(x, …args)	torch.nn.functional.adaptive_avg_pool1d		Means over windows that cover the input in \`outputSize\` steps, over 1 spatial axis.
Layers as functions	adaptiveAvgPool2d	functional.adaptiveAvgPool2d(x, …args)	torch.nn.functional.adaptive_avg_pool2d		Means over windows that cover the input in \`outputSize\` steps, over 2 spatial axes.
Layers as functions	adaptiveAvgPool3d	functional.adaptiveAvgPool3d(x, …args)	torch.nn.functional.adaptive_avg_pool3d		Means over windows that cover the input in \`outputSize\` steps, over 3 spatial axes.
Layers as functions	adaptiveMaxPool1d	functional.adaptiveMaxPool1d(x, size, options)	torch.nn.functional.adaptive_max_pool1d		Maxima over windows that cover the input in \`outputSize\` steps, over 1 spatial axis.
Layers as functions	adaptiveMaxPool2d	functional.adaptiveMaxPool2d(x, size, options)	torch.nn.functional.adaptive_max_pool2d		Maxima over windows that cover the input in \`outputSize\` steps, over 2 spatial axes.
Layers as functions	adaptiveMaxPool3d	functional.adaptiveMaxPool3d(x, size, options)	torch.nn.functional.adaptive_max_pool3d		Maxima over windows that cover the input in \`outputSize\` steps, over 3 spatial axes.
Layers as functions	affineGrid	functional.affineGrid(x, …args)	torch.nn.functional.affine_grid		The sampling grid of affine maps theta (N, 2, 3) for images of \`size\` (N, C, H, W); volumes too.
Layers as functions	alphaDropout	functional.alphaDropout(x, p?, training?, generator?)	torch.nn.functional.alpha_dropout		Dropout to SELU's limit that keeps mean 0 and variance 1 (Klambauer et al. 2017).
Layers as functions	avgPool1d	functional.avgPool1d(x, …args)	torch.nn.functional.avg_pool1d		The mean of each window, over 1 spatial axis.
Layers as functions	avgPool2d	functional.avgPool2d(x, …args)	torch.nn.functional.avg_pool2d		The mean of each window, over 2 spatial axes.
Layers as functions	avgPool3d	functional.avgPool3d(x, …args)	torch.nn.functional.avg_pool3d		The mean of each window, over 3 spatial axes.
Layers as functions	batchNorm	functional.batchNorm(x, runningMean, runningVar, weight?, bias?, options?)	torch.nn.functional.batch_norm		Batch normalization (Ioffe & Szegedy 2015) over every axis but 1.
Layers as functions	bilinear	functional.bilinear(x1, x2, weight, bias?)	torch.nn.functional.bilinear		x₁ᵀ W_k x₂ + bias_k with weight (out, in1, in2).
Layers as functions	channelShuffle	functional.channelShuffle(x, …args)	torch.nn.functional.channel_shuffle		Channels of (N, C, …) read across groups.
Layers as functions	conv1d	functional.conv1d(x, weight, bias?, options?)	torch.nn.functional.conv1d	numpy.correlate	Cross-correlation over 1 spatial axis: stride, padding ('same', 'valid', numbers), dilation, groups.
Layers as functions	conv2d	functional.conv2d(x, weight, bias?, options?)	torch.nn.functional.conv2d		Cross-correlation over 2 spatial axes: stride, padding ('same', 'valid', numbers), dilation, groups.
Layers as functions	conv3d	functional.conv3d(x, weight, bias?, options?)	torch.nn.functional.conv3d		Cross-correlation over 3 spatial axes: stride, padding ('same', 'valid', numbers), dilation, groups.
Layers as functions	convTranspose1d	functional.convTranspose1d(x, weight, bias?, …args)	torch.nn.functional.conv_transpose1d		The transpose of conv1d.
Layers as functions	convTranspose2d	functional.convTranspose2d(x, weight, bias?, …args)	torch.nn.functional.conv_transpose2d		The transpose of conv2d.
Layers as functions	convTranspose3d	functional.convTranspose3d(x, weight, bias?, …args)	torch.nn.functional.conv_transpose3d		The transpose of conv3d.
Layers as functions	cosineSimilarity	functional.cosineSimilarity(x, y, options?) ; cosineSimilarity(x, y, …args)	torch.nn.functional.cosine_similarity		x · y / (‖x‖ ‖y‖) along an axis.
Layers as functions	dropout	functional.dropout(x, p?, training?, generator?)	torch.nn.functional.dropout		Inverted dropout (Srivastava et al. 2014): 0 with probability p, else x / (1 - p); x itself unless training.
Layers as functions	dropout1d	functional.dropout1d(x, p?, training?, generator?)	torch.nn.functional.dropout1d		Dropout of whole channels of (N, C, L) or (C, L).
Layers as functions	dropout2d	functional.dropout2d(x, p?, training?, generator?)	torch.nn.functional.dropout2d		Dropout of whole channels of (N, C, H, W) or (C, H, W).
Layers as functions	dropout3d	functional.dropout3d(x, p?, training?, generator?)	torch.nn.functional.dropout3d		Dropout of whole channels of (N, C, D, H, W) or (C, D, H, W).
Layers as functions	embedding	functional.embedding(index, weight, options?)	torch.nn.functional.embedding		Rows of \`weight\` by index; the gradient skips \`paddingIndex\`.
Layers as functions	embeddingBag	functional.embeddingBag(index, weight, offsets?, options?)	torch.nn.functional.embedding_bag		The mean ('sum', 'max') of the rows of \`weight\` in each bag: rows of 2-d indices, or 1-d ones from \`offsets\` on.
Layers as functions	featureAlphaDropout	functional.featureAlphaDropout(x, p?, training?, generator?)	torch.nn.functional.feature_alpha_dropout		Alpha dropout of whole channels (axis 1).
Layers as functions	featureDropout	functional.featureDropout(x, p?, training?, generator?)	torch.nn.functional.dropout2d		Dropout of whole channels (axis 1).
Layers as functions	fold	functional.fold(x, …args)	torch.nn.functional.fold		Columns (N, C·KH·KW, L) back to images of \`outputSize\`; overlapping elements add up.
Layers as functions	gridSample	functional.gridSample(x, positions, options?)	torch.nn.functional.grid_sample		x (N, C, H, W) at the positions of a grid (N, OH, OW, 2) from -1 to 1; volumes too.
Layers as functions	groupNorm	functional.groupNorm(x, numGroups, weight?, bias?, eps?)	torch.nn.functional.group_norm		Group normalization (Wu & He 2018).
Layers as functions	gumbelSoftmax	functional.gumbelSoftmax(logits, options?)	torch.nn.functional.gumbel_softmax		A sample of the relaxed categorical distribution of logits (Jang et al. 2017).
Layers as functions	instanceNorm	functional.instanceNorm(x, weight?, bias?, eps?)	torch.nn.functional.instance_norm		Instance normalization: each channel of each example by itself.
Layers as functions	interpolate	functional.interpolate(x, …args)	torch.nn.functional.interpolate		(N, C, …) at another size: \`{ size }\` or \`{ scaleFactor }\`, mode 'nearest' (default), 'nearest-exact', 'linear', 'bilinear', 'bicubic', 'trilinear' or 'area', both corner conventions, antialiasing.
Layers as functions	layerNorm	functional.layerNorm(x, normalizedShape, weight?, bias?, eps?)	torch.nn.functional.layer_norm		Layer normalization (Ba et al. 2016) over the trailing axes of \`normalizedShape\`.
Layers as functions	linear	functional.linear(x, weight, bias?)	torch.nn.functional.linear		x · weightᵀ + bias with weight (out, in).
Layers as functions	localResponseNorm	functional.localResponseNorm(x, …args)	torch.nn.functional.local_response_norm		Division by neighbouring channels' energy (Krizhevsky et al. 2012).
Layers as functions	lpPool1d	functional.lpPool1d(x, …args)	torch.nn.functional.lp_pool1d		The p-norm of each window, over 1 spatial axis.
Layers as functions	lpPool2d	functional.lpPool2d(x, …args)	torch.nn.functional.lp_pool2d		The p-norm of each window, over 2 spatial axes.
Layers as functions	lpPool3d	functional.lpPool3d(x, …args)			The p-norm of each window, over 3 spatial axes.
Layers as functions	maxPool1d	functional.maxPool1d(x, size, options)	torch.nn.functional.max_pool1d		The largest element of each window, over 1 spatial axis; with \`returnIndices\` also where it stood.
Layers as functions	maxPool2d	functional.maxPool2d(x, size, options)	torch.nn.functional.max_pool2d		The largest element of each window, over 2 spatial axes; with \`returnIndices\` also where it stood.
Layers as functions	maxPool3d	functional.maxPool3d(x, size, options)	torch.nn.functional.max_pool3d		The largest element of each window, over 3 spatial axes; with \`returnIndices\` also where it stood.
Layers as functions	maxUnpool1d	functional.maxUnpool1d(x, indices, kernelSize, options?)	torch.nn.functional.max_unpool1d		Values of maxPool1d back at their indices, zeros elsewhere.
Layers as functions	maxUnpool2d	functional.maxUnpool2d(x, indices, kernelSize, options?)	torch.nn.functional.max_unpool2d		Values of maxPool2d back at their indices, zeros elsewhere.
Layers as functions	maxUnpool3d	functional.maxUnpool3d(x, indices, kernelSize, options?)	torch.nn.functional.max_unpool3d		Values of maxPool3d back at their indices, zeros elsewhere.
Layers as functions	normalize	functional.normalize(x, …args)	torch.nn.functional.normalize		x / max(‖x‖, ε) along the axes.
Layers as functions	pairwiseDistance	functional.pairwiseDistance(x, y, options?) ; pairwiseDistance(x, y, …args)	torch.nn.functional.pairwise_distance		‖x - y + ε‖ₚ over the last axis: p = 2 and ε = 1e-6 by default.
Layers as functions	pixelShuffle	functional.pixelShuffle(x, …args)	torch.nn.functional.pixel_shuffle		(…, C·r², H, W) to (…, C, H·r, W·r).
Layers as functions	pixelUnshuffle	functional.pixelUnshuffle(x, …args)	torch.nn.functional.pixel_unshuffle		(…, C, H·r, W·r) to (…, C·r², H, W).
Layers as functions	prelu	functional.prelu(x, weight)	torch.nn.functional.prelu		x where positive, weight · x elsewhere; one weight, or one a channel (axis 1) (He et al. 2015).
Layers as functions	rmsNorm	functional.rmsNorm(x, normalizedShape, weight?, eps?)	torch.nn.functional.rms_norm		x / root mean square over the trailing axes (Zhang & Sennrich 2019).
Layers as functions	rrelu	functional.rrelu(x, options?)	torch.nn.functional.rrelu		Leaky ReLU with random slopes in training (Xu et al. 2015).
Layers as functions	scaledDotProductAttention	functional.scaledDotProductAttention(q, k, v, options?)	torch.nn.functional.scaled_dot_product_attention		softmax(q kᵀ / √d) v (Vaswani et al. 2017). q is (…, L, d), k (…, S, d), v (…, S, V) and the result (…, L, V).
Layers as functions	softmin	functional.softmin(x, …args)	torch.nn.functional.softmin		softmax(-x) along an axis, the last by default.
Layers as functions	threshold	functional.threshold(x, …args)	torch.nn.functional.threshold		x above the limit, \`value\` elsewhere.
Layers as functions	unfold	functional.unfold(x, …args)	torch.nn.functional.unfold		Blocks of (N, C, H, W) as columns (N, C·KH·KW, L).
Layers as functions	upsample	functional.upsample(x, …args)	torch.nn.functional.upsample		\`interpolate\` under its other name.
Losses	bceWithLogits	functional.bceWithLogits(prediction, target, options?) ; bceWithLogits(prediction, target, options?)	torch.nn.functional.binary_cross_entropy_with_logits		-y log σ(x) - (1 - y) log(1 - σ(x)) for logits x and float targets y of one shape, without overflow.
Losses	binaryCrossEntropy	functional.binaryCrossEntropy(prediction, target, options?) ; binaryCrossEntropy(prediction, target, options?)	torch.nn.functional.binary_cross_entropy		-y log x - (1 - y) log(1 - x) for probabilities x and float targets y of one shape; logarithms do not go below -100.
Losses	binaryCrossEntropyWithLogits	functional.binaryCrossEntropyWithLogits(prediction, target, options?) ; binaryCrossEntropyWithLogits(prediction, target, options?)	torch.nn.functional.binary_cross_entropy_with_logits		\`bceWithLogits\` under PyTorch's long name.
Losses	cosineEmbeddingLoss	functional.cosineEmbeddingLoss(x1, x2, target, options?) ; cosineEmbeddingLoss(x1, x2, target, options?)	torch.nn.functional.cosine_embedding_loss		1 - cos(x1, x2) where the target is 1, max(0, cos(x1, x2) - margin) where it is -1; x1 and x2 (N, D), target (N), or (D), (D) and 0-d.
Losses	crossEntropy	functional.crossEntropy(logits, target, options?) ; crossEntropy(logits, target, options?)	torch.nn.functional.cross_entropy		-log softmax(logits)[target] for logits (N, C), (N, C, d₁, …) or (C), and target class indices (i32, i64 or u8) of the shape without C, or class probabilities of the shape of the logits. 0-d unless reduction is 'none'.
Losses	ctcLoss	functional.ctcLoss(logProbabilities, targets, inputLengths, targetLengths, options?) ; ctcLoss(logProbabilities, targets, inputLengths, targetLengths, options?)	torch.nn.functional.ctc_loss		-log p(targets | input) summed over all alignments, for log-probabilities (T, N, C), as logSoftmax gives them, and targets without blanks: (N, S), or all one after the other (with \`targetLengths\` as numbers).
Losses	gaussianNllLoss	functional.gaussianNllLoss(prediction, target, variance, options?) ; gaussianNllLoss(prediction, target, variance, options?)	torch.nn.functional.gaussian_nll_loss		(log v + (x - y)² / v) / 2 with v = max(variance, eps).
Losses	hingeEmbeddingLoss	functional.hingeEmbeddingLoss(prediction, target, options?) ; hingeEmbeddingLoss(prediction, target, options?)	torch.nn.functional.hinge_embedding_loss		x where the target is 1, max(0, margin - x) where it is -1.
Losses	huberLoss	functional.huberLoss(prediction, target, options?) ; huberLoss(prediction, target, options?)	torch.nn.functional.huber_loss		d² / 2 for |d| < delta, else delta · (|d| - delta / 2), with d = prediction - target.
Losses	klDiv	functional.klDiv(logPrediction, target, options?) ; klDiv(logPrediction, target, options?)	torch.nn.functional.kl_div		target · (log target - logPrediction), elements with target 0 counting 0; both of one shape, the prediction as log-probabilities.
Losses	l1Loss	functional.l1Loss(prediction, target, options?) ; l1Loss(prediction, target, options?)	torch.nn.functional.l1_loss		|prediction - target|, both of one shape; the gradient at 0 is 0.
Losses	marginRankingLoss	functional.marginRankingLoss(x1, x2, target, options?) ; marginRankingLoss(x1, x2, target, options?)	torch.nn.functional.margin_ranking_loss		max(0, -y(x1 - x2) + margin): y = 1 wants x1 above x2, y = -1 below.
Losses	mseLoss	functional.mseLoss(prediction, target, options?) ; mseLoss(prediction, target, options?)	torch.nn.functional.mse_loss		(prediction - target)², both of one shape.
Losses	multilabelMarginLoss	functional.multilabelMarginLoss(prediction, target, options?) ; multilabelMarginLoss(prediction, target, options?)	torch.nn.functional.multilabel_margin_loss		Σ over target classes j and other classes i of max(0, 1 - x[j] + x[i]) / C for scores (N, C) or (C).
Losses	multilabelSoftMarginLoss	functional.multilabelSoftMarginLoss(prediction, target, options?) ; multilabelSoftMarginLoss(prediction, target, options?)	torch.nn.functional.multilabel_soft_margin_loss		-Σ over classes of y log σ(x) + (1 - y) log σ(-x), over C, for logits and targets (…, C).
Losses	multiMarginLoss	functional.multiMarginLoss(prediction, target, options?) ; multiMarginLoss(prediction, target, options?)	torch.nn.functional.multi_margin_loss		Σ over classes j ≠ y of w[y] · max(0, margin - x[y] + x[j])ᵖ / C for scores (N, C) or (C) and class indices (N) or 0-d.
Losses	nllLoss	functional.nllLoss(logProbabilities, target, options?) ; nllLoss(logProbabilities, target, options?)	torch.nn.functional.nll_loss		-logProbabilities[target] for log-probabilities (N, C), (N, C, d₁, …) or (C) and class indices without C.
Losses	poissonNllLoss	functional.poissonNllLoss(prediction, target, options?) ; poissonNllLoss(prediction, target, options?)	torch.nn.functional.poisson_nll_loss		exp(x) - y·x for log rates x and counts y, or x - y·log(x + eps) for rates with \`logInput\` false.
Losses	smoothL1Loss	functional.smoothL1Loss(prediction, target, options?) ; smoothL1Loss(prediction, target, options?)	torch.nn.functional.smooth_l1_loss		d² / (2 beta) for |d| < beta, else |d| - beta / 2, with d = prediction - target.
Losses	softMarginLoss	functional.softMarginLoss(prediction, target, options?) ; softMarginLoss(prediction, target, options?)	torch.nn.functional.soft_margin_loss		log(1 + exp(-target · prediction)).
Losses	tripletMarginLoss	functional.tripletMarginLoss(anchor, positive, negative, options?) ; tripletMarginLoss(anchor, positive, negative, options?)	torch.nn.functional.triplet_margin_loss		max(0, d(anchor, positive) - d(anchor, negative) + margin) with d(x, y) = ‖x - y + eps‖ₚ over the last axis.
Losses	tripletMarginWithDistanceLoss	functional.tripletMarginWithDistanceLoss(anchor, positive, negative, options?) ; tripletMarginWithDistanceLoss(anchor, positive, negative, options?)	torch.nn.functional.triplet_margin_with_distance_loss		max(0, d(anchor, positive) - d(anchor, negative) + margin).
Transforms	autocast	autocast(options, fn)	torch.autocast		Runs \`fn\` with matrix products, convolutions and linear layers in a half type, and sums, exponentials, norms, softmax and losses in f32; everything else takes its arguments as they come.
Transforms	checkpoint	checkpoint(f)	torch.utils.checkpoint.checkpoint		f, whose intermediate values are not kept for the gradient but computed again (Chen et al. 2016).
Transforms	compile	compile(step, options?)	torch.jit.trace		Compiles \`step\`, forward, backward and optimizer alike, to one program for each signature: the shapes and dtypes of its tensor arguments, and every property of modules and tensors that it reads.
Transforms	cond	cond(predicate, yes, no, …operands)			yes(...operands) where the 0-d bool \`predicate\` is true, else no(...operands).
Transforms	customGradient	customGradient(f, backward, options?)	torch.autograd.Function		f with derivatives of your own: \`backward(cotangents, args, result)\` gets the cotangents of the result (a tree like it) and returns the list of the arguments' gradients (null for none).
Transforms	enableGrad	enableGrad(fn)	torch.enable_grad		Runs \`fn\` with gradients recorded, inside \`noGrad\` too, and returns its result.
Transforms	getAutocastDtype	getAutocastDtype()	torch.get_autocast_gpu_dtype		The half type that autocast uses now, or null.
Transforms	gradcheck	gradcheck(f, inputs, options?)	torch.autograd.gradcheck		Compares the derivatives of f (tensors to a tensor or a list of them) with central differences at \`inputs\`: all inputs that require a gradient, or all floats where none does.
Transforms	gradgradcheck	gradgradcheck(f, inputs, gradOutputs?, options?)	torch.autograd.gradgradcheck		\`gradcheck\` of the gradient: compares second derivatives with differences of first ones, for random (seeded) or given cotangents of the outputs.
Transforms	gradients	gradients(f, argnums?)	torch.autograd.grad		The gradient of a scalar function with respect to argument \`argnums\`; see \`valueAndGrad\`.
Transforms	hessian	hessian(f, argnum?, options?)	torch.autograd.functional.hessian		The Hessian of a scalar function with respect to argument \`argnum\` (default 0): shape (…argument, …argument).
Transforms	hvp	hvp(f, args, tangents)	torch.autograd.functional.hvp		The value of a scalar function and the product of its Hessian with \`tangents\` (a list like the arguments), without the Hessian: forward mode over the gradient (Pearlmutter 1994).
Transforms	isAutocastEnabled	isAutocastEnabled()	torch.is_autocast_enabled		Whether autocast is on.
Transforms	jacobian	jacobian(f, argnum?, options?)	torch.autograd.functional.jacobian		The Jacobian of a function from tensor to tensor with respect to argument \`argnum\` (default 0): shape (…result, …argument).
Transforms	jvp	jvp(f, args, tangents)	torch.autograd.functional.jvp		The result of f and its derivative along \`tangents\` (a list like the arguments), by forward mode.
Transforms	noGrad	noGrad(fn)	torch.no_grad		Runs \`fn\` without recording gradients, and returns its result.
Transforms	observe	observe(owner, key, value, read?)			To be called by whatever reads a framework property during a step (\`module.training\`, …): while tracing, the property becomes part of the step's signature.
Transforms	scan	scan(body, carry, xs, options?)			A loop over axis 0 of \`xs\`: [carry, y_t] = body(carry, x_t).
Transforms	valueAndGrad	valueAndGrad(f, argnums?)	torch.autograd.grad		The value of a scalar function and its gradient with respect to argument \`argnums\` (default 0; a list gives a list).
Transforms	vjp	vjp(f, …args)	torch.autograd.functional.vjp		The result of f and its pullback: a function from cotangents (a tree like the result) to the list of the arguments' cotangents.
Transforms	vmap	vmap(f, inAxes?, outAxes?, options?)	functorch.vmap		Maps \`f\` over an axis of its arguments.
Transforms	whileLoop	whileLoop(predicate, body, carry)			Repeats \`body\` on the carry while \`predicate(carry)\` (a 0-d bool tensor) is true.
Values and inspection	assign	x.assign(value)	torch.Tensor.copy_	numpy.copyto	Makes \`value\` the next version of this tensor.
Values and inspection	backward	x.backward(gradient?, options?)	torch.Tensor.backward		Adds the derivative of this tensor to \`.grad\` of every leaf with \`requiresGrad\`.
Values and inspection	data	x.data()	torch.Tensor.numpy	numpy.ravel	The values in row-major order, as a copy. f16 and bf16 come as Float32Array, bool as Uint8Array of 0 and 1, i64 as BigInt64Array.
Values and inspection	dataSync	x.dataSync()	torch.Tensor.numpy	numpy.ravel	\`data()\` on the calling thread, on devices that can.
Values and inspection	describe	x.describe()			Count, mean, standard deviation, quartiles and extremes of the finite values, and how many are NaN, infinite or 0.
Values and inspection	describeGraph	describeGraph(…tensors)	torch.fx.Graph.print_tabular		The graph that computes the tensors, one operation a line, inputs before users: \`%3 = contract %1 %2 {…} : f32[64, 10]\`.
Values and inspection	detach	x.detach()	torch.Tensor.detach		The same values with no gradient.
Values and inspection	item	x.item()	torch.Tensor.item	numpy.ndarray.item	The value of a tensor of one element.
Values and inspection	itemSync	x.itemSync()	torch.Tensor.item	numpy.ndarray.item	\`item()\` on the calling thread, on devices that can.
Values and inspection	registerHook	x.registerHook(hook)	torch.Tensor.register_hook		Calls \`hook\` with the gradient of this tensor whenever reverse mode computes it (before it is added to \`.grad\`); what the hook returns, unless undefined, takes its place.
Values and inspection	retainGrad	x.retainGrad()	torch.Tensor.retain_grad		Keeps the gradient of this intermediate result in \`.grad\` at the next \`backward()\`.
Values and inspection	setPrintOptions	setPrintOptions(options)	torch.set_printoptions	numpy.set_printoptions	Changes how tensors print from now on (\`torch.set_printoptions\`); what is left out stays as it is.
Values and inspection	toArray	x.toArray()	torch.Tensor.tolist	numpy.ndarray.tolist	The values as nested arrays: numbers, or booleans for bool.
Values and inspection	toArraySync	x.toArraySync()	torch.Tensor.tolist	numpy.ndarray.tolist	\`toArray()\` on the calling thread, on devices that can.
`
