package ir

import "github.com/flowc-dev/flowc/ir/source"

// An Op is what a node does: one of *Source, *Decode, *Apply, *Route, *Encode
// and *Sink.
type Op interface{ op() }

// Source reads from outside.
type Source struct {
	// Connector names a built-in, Go a component of the user's: one of them.
	Connector string
	Go        *GoRef
	Config    []Setting
	// Foreign is the component behind the connector, nil for none.
	Foreign *Foreign
	// Fields are inline Go that computes fields of a generated record (the
	// generate source).
	Fields []Assign
	// Meta is the type of `meta` that records carry from here, nil for none.
	Meta *Type
	// Bounded sources end by themselves.
	Bounded bool
	// Range is the part of it that is read, nil for all.
	Range *Range
	Facts Facts
}

// A Range is a part of what a source has: From one place to before another one, To.
// They are texts for the source itself; nil is an open end, and they may be set when
// the program starts. Parallel is how many chunks of it are read at once, 0 for one
// after another.
type Range struct {
	From, To *Value
	Parallel int
	Span     source.Span // the key
}

// Facts are what a connector says it can promise.
type Facts struct {
	Acks, Replayable, Ordered, Idempotent, Transactional, PrunesOnAck bool
	// Keeper tells that the sink can keep the program's checkpoint in the
	// transaction of its records.
	Keeper bool
	// WhenAsked tells that a Keeper does so only where effectively once is asked
	// for: until it commits nobody is to see its records.
	WhenAsked bool
	// Memory is what the connector itself may hold at once, in bytes.
	Memory int64
	// Answers tells that the source can answer the sender of a record (HTTP).
	Answers bool
	// Shared tells that copies of the program that run at once share what the source
	// gives (members of a group, copies behind a load balancer).
	Shared bool
	// Gathers is up to how many bytes of small packets that wait the sink gets as
	// one, because each write waits for a server; 0 for one that takes them as they
	// come.
	Gathers int64
}

// A Validate is how much of a record the scanner looks at.
type Validate string

// The policies: Structural delimits everything and checks what is read; Full
// refuses all that encoding/json/v2 refuses; Needed stops when it has what it
// needs.
const (
	Structural Validate = "structural"
	Full       Validate = "full"
	Needed     Validate = "needed"
)

// Decode turns bytes into records. A source has one (unless it is Go and makes
// records itself), and the `parse` verb is one with an Input.
type Decode struct {
	// Codec is ndjson, json, csv, text, bytes, regexp or logfmt; rows is for
	// sources that make typed records themselves.
	Codec string
	// Options are the codec's own (delimiter, quote, columns, regexp, …).
	Options []Setting
	// Input is the expression whose text is parsed; nil for a source's decode.
	Input *Expr
	// By is the wire name of the field that tells event types apart, "" for
	// one type. Variants pair its values with the node's ports.
	By       string
	Variants []Variant
	// Else is the port for records of no listed type, "" where they are record
	// errors.
	Else     string
	Validate Validate
	// Reads is the projection: the fields that somebody downstream reads, set
	// by the push pass, by port. A nil map means all fields.
	Reads map[string][]Path
	// Pushed are filters that the scan evaluates as soon as it can, by node ID,
	// set by the push pass.
	Pushed []string
}

// A Variant is an event type of a source with several.
type Variant struct {
	Value string
	Port  string
	Type  *Type
}

// A Verb is what an Apply node does with a record.
type Verb string

// The verbs of the language that lower to Apply, and VerbGo for components.
const (
	VerbFilter  Verb = "filter"
	VerbMap     Verb = "map"
	VerbSet     Verb = "set" // set and unset, also both in one node
	VerbCheck   Verb = "check"
	VerbFlatmap Verb = "flatmap"
	VerbGo      Verb = "go"
	// VerbForeign is a component in a process of its own.
	VerbForeign Verb = "foreign"
)

// Apply computes on one record, or on a batch of them.
type Apply struct {
	Verb Verb
	// Expr is the code of filter, flatmap and map written as an expression or
	// a body.
	Expr *Expr
	// Assign are the fields of a map written as a mapping, of set, or the named
	// conditions of check, in their order.
	Assign []Assign
	// Unset are wire names that leave the record.
	Unset []string
	// Go is the component, for VerbGo.
	Go     *GoRef
	Config []Setting
	// Foreign is the component in a process of its own, for VerbForeign. It gives the
	// payloads of its events: bytes, a text, or a raw value.
	Foreign *Foreign
	// Meta is the type of `meta` on the records of a foreign component, and Envelope the
	// expression that is the meta of a record that it gets, nil where that is none of an
	// event.
	Meta     *Type
	Envelope *Expr
	// Batch is how records are gathered for a component that takes a slice.
	Batch *Batch
}

// An Assign is a name and the expression that gives it.
type Assign struct {
	Name string // wire name, or the name of a check
	Go   string // Go name of the field, "" for a check
	Span source.Span
	Expr *Expr
}

// Route sends each record to the first port whose condition holds.
type Route struct {
	Cases []Case
	// Else is the port of what no case takes; "" where it is dropped.
	Else string
	// On is the field that all conditions compare with constants, set by the
	// route pass: the node is then a switch on it. Nil where it is none.
	On Path
}

// A Case is one branch of a Route.
type Case struct {
	Port string
	Cond *Expr
	// Values are the constants of a switch that lead here; see Route.On.
	Values []string
}

// Encode turns records into bytes for a sink. It runs in the loop that makes
// the records, so that bytes cross to the sink: a sink that is fed by several
// loops has an encoder in each, and one that gets both records as they came and
// records made in the program has one for each sort.
type Encode struct {
	Codec   string
	Options []Setting
	// Raw tells that the records are written as they came, all of them; set by
	// the push pass.
	Raw bool
	// Checks are fields that somebody reads in another process: they are decoded, and
	// with that checked, where the record is read, as they would be in one process.
	Checks []Path
}

// Sink writes to the outside.
type Sink struct {
	Connector string
	Go        *GoRef
	Config    []Setting
	// Foreign is the component behind the connector, nil for none.
	Foreign *Foreign
	// Meta are settable keys of the connector (`meta: {key: in.ID}`).
	Meta  []Assign
	Batch *Batch
	// Guarantee is what the user asks of this sink, "" for the pipeline's.
	Guarantee Guarantee
	Facts     Facts
	// DeadLetter tells that error edges alone feed it.
	DeadLetter bool
	// Checkpoint tells that it keeps the program's checkpoint; one sink does, where
	// Delivery.Store is "sink".
	Checkpoint bool
}

func (*Source) op() {}
func (*Decode) op() {}
func (*Apply) op()  {}
func (*Route) op()  {}
func (*Encode) op() {}
func (*Sink) op()   {}

// A Batch says when gathered records go on: at Count records or Bytes bytes or
// Linger nanoseconds after the first; 0 leaves it to the compiler.
type Batch struct {
	Count  int
	Bytes  int64
	Linger int64
}
