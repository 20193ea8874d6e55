package diag

// Nodes and the edges between them.
const (
	// NodeKind is a node of which nothing, or several things, say what it does.
	NodeKind Code = "node-kind"
	// NodeName is a name that a node can't have.
	NodeName Code = "node-name"
	// DuplicateNode is a name that two nodes have.
	DuplicateNode Code = "duplicate-node"
	// EmptyPipeline is a pipeline that reads or writes nothing.
	EmptyPipeline Code = "empty-pipeline"
	// UnknownNode is a reference to a node that does not exist.
	UnknownNode Code = "unknown-node"
	// UnknownPort is a reference to an output that a node does not have.
	UnknownPort Code = "unknown-port"
	// PortNeeded is a reference to a node of several outputs that names none.
	PortNeeded Code = "port-needed"
	// NoOutput is a reference to a node that sends nothing on.
	NoOutput Code = "no-output"
	// NotConsumed is an output that nobody takes.
	NotConsumed Code = "not-consumed"
	// NotFed is a node that nothing feeds.
	NotFed Code = "not-fed"
	// Cycle is a way from a node back to itself.
	Cycle Code = "cycle"
	// RouteElse is a route that does not say where the rest goes.
	RouteElse Code = "route-else"
	// EdgeTypes is a node that is fed records of different types.
	EdgeTypes Code = "edge-types"
	// DeadLetter is a `then:` that names no dead-letter sink.
	DeadLetter Code = "dead-letter"
	// BadDrop is a `drop` of what is not there or is taken.
	BadDrop Code = "bad-drop"
	// WasConflict is a `was` that names a node that is there.
	WasConflict Code = "was-conflict"
	// GuaranteeUnprovable is a delivery guarantee that a path can't have.
	GuaranteeUnprovable Code = "guarantee-unprovable"
)

var graphCodes = []Info{
	{
		Code:  NodeKind,
		Title: "a node of which nothing, or several things, say what it does",
		Text: `A processor does one thing, and one key says which: filter, map, set or unset,
check, parse, flatmap, route, or use for Go of yours. For two things make two
nodes, the second with ` + "`" + `from:` + "`" + ` the first: that costs nothing, because they run in
one loop.`,
		Bad: `pipeline: payments
types:
  Payment: {id: string, amount: decimal}
sources:
  ledger: {use: file, config: {path: payments.ndjson}, out: Payment}
processors:
  large:
    from: ledger
    filter: in.Amount > 100
    map: {id: in.ID}
sinks:
  store: {from: large, use: stdout}
`,
		Good: `pipeline: payments
types:
  Payment: {id: string, amount: decimal}
sources:
  ledger: {use: file, config: {path: payments.ndjson}, out: Payment}
processors:
  large:
    from: ledger
    filter: in.Amount > 100
  ids:
    from: large
    map: {id: in.ID}
sinks:
  store: {from: ids, use: stdout}
`,
	},
	{
		Code:  NodeName,
		Title: "a name that a node or a pipeline can't have",
		Text: `A node's name begins with a letter and has letters, digits, ` + "`" + `-` + "`" + ` and ` + "`" + `_` + "`" + `, 63 at the
most. It holds no dot, because in ` + "`" + `from: split.big` + "`" + ` the first dot ends the node.

The name of a pipeline is a DNS label, because services, folders and containers are
called by it: lower-case letters, digits and hyphens.`,
		Bad: `pipeline: payments
types:
  Payment: {id: string, amount: decimal}
sources:
  main.ledger: {use: file, config: {path: payments.ndjson}, out: Payment}
sinks:
  store: {from: main.ledger, use: stdout}
`,
		Good: `pipeline: payments
types:
  Payment: {id: string, amount: decimal}
sources:
  main-ledger: {use: file, config: {path: payments.ndjson}, out: Payment}
sinks:
  store: {from: main-ledger, use: stdout}
`,
	},
	{
		Code:  DuplicateNode,
		Title: "a name that two nodes have",
		Text: `Names of nodes are unique in the whole pipeline, whatever block they stand in:
` + "`" + `from` + "`" + `, the report, the metrics and ` + "`" + `--set` + "`" + ` know a node by its name alone.`,
		Bad: `pipeline: payments
types:
  Payment: {id: string, amount: decimal}
sources:
  ledger: {use: file, config: {path: payments.ndjson}, out: Payment}
processors:
  ledger: {from: ledger, filter: in.Amount > 100}
sinks:
  store: {from: ledger, use: stdout}
`,
		Good: `pipeline: payments
types:
  Payment: {id: string, amount: decimal}
sources:
  ledger: {use: file, config: {path: payments.ndjson}, out: Payment}
processors:
  large: {from: ledger, filter: in.Amount > 100}
sinks:
  store: {from: large, use: stdout}
`,
	},
	{
		Code:  EmptyPipeline,
		Title: "a pipeline that reads or writes nothing",
		Text: `A pipeline has at least one source and one sink. A sink that only discards is
` + "`" + `use: drop` + "`" + `.`,
		Bad: `pipeline: payments
types:
  Payment: {id: string, amount: decimal}
sources:
  ledger: {use: file, config: {path: payments.ndjson}, out: Payment}
`,
		Good: `pipeline: payments
types:
  Payment: {id: string, amount: decimal}
sources:
  ledger: {use: file, config: {path: payments.ndjson}, out: Payment}
sinks:
  store: {from: ledger, use: stdout}
`,
	},
	{
		Code:  UnknownNode,
		Title: "a reference to a node that does not exist",
		Text: `` + "`" + `from` + "`" + ` names a source or a processor of this pipeline, or one of its outputs
(` + "`" + `split.big` + "`" + `). The order of nodes in the file means nothing, so a node may take
from one that stands below it.`,
		Bad: `pipeline: payments
types:
  Payment: {id: string, amount: decimal}
sources:
  ledger: {use: file, config: {path: payments.ndjson}, out: Payment}
sinks:
  store: {from: ledgr, use: stdout}
`,
		Good: `pipeline: payments
types:
  Payment: {id: string, amount: decimal}
sources:
  ledger: {use: file, config: {path: payments.ndjson}, out: Payment}
sinks:
  store: {from: ledger, use: stdout}
`,
	},
	{
		Code:  UnknownPort,
		Title: "a reference to an output that a node does not have",
		Text: `Behind the dot of a ` + "`" + `from` + "`" + ` stands an output: a key of a ` + "`" + `route` + "`" + `, the name of an
event type of a source with several, or the name of a parameter of a component with
several outputs. A node with one output is named without a dot.`,
		Bad: `pipeline: payments
types:
  Payment: {id: string, amount: decimal}
sources:
  ledger: {use: file, config: {path: payments.ndjson}, out: Payment}
processors:
  split:
    from: ledger
    route: {big: in.Amount > 100, rest: else}
    drop: [rest]
sinks:
  store: {from: split.bigg, use: stdout}
`,
		Good: `pipeline: payments
types:
  Payment: {id: string, amount: decimal}
sources:
  ledger: {use: file, config: {path: payments.ndjson}, out: Payment}
processors:
  split:
    from: ledger
    route: {big: in.Amount > 100, rest: else}
    drop: [rest]
sinks:
  store: {from: split.big, use: stdout}
`,
	},
	{
		Code:  PortNeeded,
		Title: "a reference that does not say which of several outputs it means",
		Text: `A node with several outputs has no output of its own name: say which one,
` + "`" + `from: split.big` + "`" + `, or several of them, ` + "`" + `from: [split.big, split.rest]` + "`" + `.`,
		Bad: `pipeline: payments
types:
  Payment: {id: string, amount: decimal}
sources:
  ledger: {use: file, config: {path: payments.ndjson}, out: Payment}
processors:
  split:
    from: ledger
    route: {big: in.Amount > 100, rest: else}
sinks:
  store: {from: split, use: stdout}
`,
		Good: `pipeline: payments
types:
  Payment: {id: string, amount: decimal}
sources:
  ledger: {use: file, config: {path: payments.ndjson}, out: Payment}
processors:
  split:
    from: ledger
    route: {big: in.Amount > 100, rest: else}
sinks:
  store: {from: [split.big, split.rest], use: stdout}
`,
	},
	{
		Code:  NoOutput,
		Title: "a reference to a node that sends nothing on",
		Text: `A sink is where records end. What should see the same records takes them from where
the sink takes them.`,
		Bad: `pipeline: payments
types:
  Payment: {id: string, amount: decimal}
sources:
  ledger: {use: file, config: {path: payments.ndjson}, out: Payment}
sinks:
  store: {from: ledger, use: stdout}
  copy: {from: store, use: stdout}
`,
		Good: `pipeline: payments
types:
  Payment: {id: string, amount: decimal}
sources:
  ledger: {use: file, config: {path: payments.ndjson}, out: Payment}
sinks:
  store: {from: ledger, use: stdout}
  copy: {from: ledger, use: stdout}
`,
	},
	{
		Code:  NotConsumed,
		Title: "an output that nobody takes",
		Text: `Every output is taken by a node, or dropped on purpose: records never disappear
because somebody forgot a line. ` + "`" + `drop: true` + "`" + ` on the node that sends drops whatever
nobody takes, ` + "`" + `drop: [rest]` + "`" + ` one output of several.`,
		Bad: `pipeline: payments
types:
  Payment: {id: string, amount: decimal}
sources:
  ledger: {use: file, config: {path: payments.ndjson}, out: Payment}
processors:
  split:
    from: ledger
    route: {big: in.Amount > 100, rest: else}
sinks:
  store: {from: split.big, use: stdout}
`,
		Good: `pipeline: payments
types:
  Payment: {id: string, amount: decimal}
sources:
  ledger: {use: file, config: {path: payments.ndjson}, out: Payment}
processors:
  split:
    from: ledger
    route: {big: in.Amount > 100, rest: else}
    drop: [rest]
sinks:
  store: {from: split.big, use: stdout}
`,
	},
	{
		Code:  NotFed,
		Title: "a sink that nothing feeds",
		Text: `A sink takes records with ` + "`" + `from` + "`" + `. One without is a dead-letter sink, and then some
node's ` + "`" + `on_error: {then: …}` + "`" + ` names it.`,
		Bad: `pipeline: payments
types:
  Payment: {id: string, amount: decimal}
sources:
  ledger: {use: file, config: {path: payments.ndjson}, out: Payment}
sinks:
  store: {from: ledger, use: stdout}
  dead: {use: file, config: {path: dead.ndjson}}
`,
		Good: `pipeline: payments
types:
  Payment: {id: string, amount: decimal}
sources:
  ledger: {use: file, config: {path: payments.ndjson}, out: Payment, on_error: {then: dead}}
sinks:
  store: {from: ledger, use: stdout}
  dead: {use: file, config: {path: dead.ndjson}}
`,
	},
	{
		Code:  Cycle,
		Title: "a way from a node back to itself",
		Text: `Records go from sources to sinks. Were there a way back, a record could go round for
ever, and no order of stopping would be right.`,
		Bad: `pipeline: payments
types:
  Payment: {id: string, amount: decimal}
sources:
  ledger: {use: file, config: {path: payments.ndjson}, out: Payment}
processors:
  large: {from: [ledger, huge], filter: in.Amount > 100}
  huge: {from: large, filter: in.Amount > 1000}
sinks:
  store: {from: huge, use: stdout}
`,
		Good: `pipeline: payments
types:
  Payment: {id: string, amount: decimal}
sources:
  ledger: {use: file, config: {path: payments.ndjson}, out: Payment}
processors:
  large: {from: ledger, filter: in.Amount > 100}
  huge: {from: large, filter: in.Amount > 1000}
sinks:
  store: {from: huge, use: stdout}
`,
	},
	{
		Code:  RouteElse,
		Title: "a route that does not say where the rest goes",
		Text: `A route sends a record to the first output whose condition is true. What meets none
goes to the output whose condition is ` + "`" + `else` + "`" + `, which is the last. Where that rest is
to be discarded, drop the output: then it is in the pipeline for all to see.`,
		Bad: `pipeline: payments
types:
  Payment: {id: string, amount: decimal}
sources:
  ledger: {use: file, config: {path: payments.ndjson}, out: Payment}
processors:
  split:
    from: ledger
    route: {big: in.Amount > 100}
sinks:
  store: {from: split.big, use: stdout}
`,
		Good: `pipeline: payments
types:
  Payment: {id: string, amount: decimal}
sources:
  ledger: {use: file, config: {path: payments.ndjson}, out: Payment}
processors:
  split:
    from: ledger
    route: {big: in.Amount > 100, rest: else}
    drop: [rest]
sinks:
  store: {from: split.big, use: stdout}
`,
	},
	{
		Code:  EdgeTypes,
		Title: "a node that is fed records of different types",
		Text: `All that a node takes is of one type: its Go is checked against that type, and a
sink writes one. Bring records to one type before they meet, with a ` + "`" + `map` + "`" + ` that names
it in ` + "`" + `out:` + "`" + `, or make two nodes.`,
		Bad: `pipeline: payments
types:
  Payment: {id: string, amount: decimal}
  Trade: {id: string, amount: decimal}
sources:
  ledger: {use: file, config: {path: payments.ndjson}, out: Payment}
  trades: {use: file, config: {path: trades.ndjson}, out: Trade}
sinks:
  store: {from: [ledger, trades], use: stdout}
`,
		Good: `pipeline: payments
types:
  Payment: {id: string, amount: decimal}
  Trade: {id: string, amount: decimal}
sources:
  ledger: {use: file, config: {path: payments.ndjson}, out: Payment}
  trades: {use: file, config: {path: trades.ndjson}, out: Trade}
processors:
  paid: {from: trades, map: {id: in.ID, amount: in.Amount}, out: Payment}
sinks:
  store: {from: [ledger, paid], use: stdout}
`,
	},
	{
		Code:  DeadLetter,
		Title: "a `then:` that names no dead-letter sink",
		Text: `` + "`" + `on_error: {then: …}` + "`" + ` says what becomes of a record that failed for good: ` + "`" + `stop` + "`" + `,
` + "`" + `drop` + "`" + `, ` + "`" + `reject` + "`" + ` (the sender gets an error) or the name of a dead-letter sink. That
is a built-in sink without ` + "`" + `from` + "`" + `, which gets nothing but dead letters: each is a
JSON object, or a row of a table, with the record, the node, the error and the place.`,
		Bad: `pipeline: payments
types:
  Payment: {id: string, amount: decimal}
sources:
  ledger: {use: file, config: {path: payments.ndjson}, out: Payment, on_error: {then: store}}
sinks:
  store: {from: ledger, use: stdout}
`,
		Good: `pipeline: payments
types:
  Payment: {id: string, amount: decimal}
sources:
  ledger: {use: file, config: {path: payments.ndjson}, out: Payment, on_error: {then: dead}}
sinks:
  store: {from: ledger, use: stdout}
  dead: {use: file, config: {path: dead.ndjson}}
`,
	},
	{
		Code:  BadDrop,
		Title: "a `drop:` of what is not there, or is taken",
		Text: `` + "`" + `drop` + "`" + ` lists outputs that the node has and nobody takes. A node with one output has
no name for it: there it is ` + "`" + `drop: true` + "`" + `.`,
		Bad: `pipeline: payments
types:
  Payment: {id: string, amount: decimal}
sources:
  ledger: {use: file, config: {path: payments.ndjson}, out: Payment}
processors:
  split:
    from: ledger
    route: {big: in.Amount > 100, rest: else}
    drop: [big, rest]
sinks:
  store: {from: split.big, use: stdout}
`,
		Good: `pipeline: payments
types:
  Payment: {id: string, amount: decimal}
sources:
  ledger: {use: file, config: {path: payments.ndjson}, out: Payment}
processors:
  split:
    from: ledger
    route: {big: in.Amount > 100, rest: else}
    drop: [rest]
sinks:
  store: {from: split.big, use: stdout}
`,
	},
	{
		Code:  WasConflict,
		Title: "a `was:` that names a node that is there",
		Text: `` + "`" + `was: old-name` + "`" + ` lets a node that was renamed go on from the checkpoint of its old
name. While a node of the old name exists, that checkpoint is its own.`,
		Bad: `pipeline: payments
types:
  Payment: {id: string, amount: decimal}
sources:
  ledger: {use: file, config: {path: payments.ndjson}, out: Payment}
processors:
  large: {from: ledger, was: ledger, filter: in.Amount > 100}
sinks:
  store: {from: large, use: stdout}
`,
		Good: `pipeline: payments
types:
  Payment: {id: string, amount: decimal}
sources:
  ledger: {use: file, config: {path: payments.ndjson}, out: Payment}
processors:
  large: {from: ledger, was: big, filter: in.Amount > 100}
sinks:
  store: {from: large, use: stdout}
`,
	},
	{
		Code:  GuaranteeUnprovable,
		Title: "a guarantee that can't be had",
		Text: `The pipeline asks for a delivery guarantee, and something on the way from a source to a sink can't give it.

What can be promised follows from what connectors and components declare. At least once needs a source that can
go back to the last checkpoint (as a file can), or one whose sender waits for the answer (as over HTTP). Effectively
once needs a source that can go back, and a sink that either keeps the checkpoint together with what it writes or
recognises records that it has; for the latter the steps between must make the same records again when they see the
same ones. Without a guarantee in the pipeline each path gets the best that it can have, and flowc explain shows which.`,
		Bad: `pipeline: lines
delivery: {guarantee: at-least-once}
sources:
  lines: {use: stdin, config: {format: text}, out: text}
sinks:
  copy: {from: lines, use: stdout}
`,
		Good: `pipeline: lines
delivery: {guarantee: at-least-once}
sources:
  lines: {use: file, config: {path: lines.txt}, out: text}
sinks:
  copy: {from: lines, use: stdout}
`,
	},
}
