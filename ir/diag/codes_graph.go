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
