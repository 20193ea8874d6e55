package diag

// Event types.
const (
	// TypeSyntax is a type that can't be read.
	TypeSyntax Code = "type-syntax"
	// TypeName is a name that a type can't have.
	TypeName Code = "type-name"
	// UnknownType is a type that is not declared.
	UnknownType Code = "unknown-type"
	// FieldName is a field whose name gives no name in Go, or that of another.
	FieldName Code = "field-name"
	// RecursiveType is a struct that holds itself.
	RecursiveType Code = "recursive-type"
	// BadEnum is an enum whose values can't be told apart.
	BadEnum Code = "bad-enum"
	// OutNeeded is a source whose records have no type.
	OutNeeded Code = "out-needed"
	// BadOut is an `out` that the node can't give.
	BadOut Code = "bad-out"
	// BadChange is a `change of` that can't be had, or can't be written.
	BadChange Code = "bad-change"
	// FormatType is a type that the format can't hold.
	FormatType Code = "format-type"
	// SchemaFile is a JSON Schema or CUE file that gives no type.
	SchemaFile Code = "schema-file"
)

var typeCodes = []Info{
	{
		Code:  TypeSyntax,
		Title: "a type that can't be read",
		Text: `A type is a name, a list, a map, an enum, or a mapping of fields:

    id: string                 a scalar, or a type under ` + "`" + `types:` + "`" + `
    tags: [string]             a list; also ` + "`" + `list of string` + "`" + `
    rates: map of decimal      a map, whose keys are strings
    side: buy | sell           an enum
    asset: {code: string}      a struct
    memo?: string              a field that may be missing or null

or a Go type of yours (./model.Ledger). The question mark of an optional field
belongs to its name, not to its type.`,
		Bad: `pipeline: payments
types:
  Payment:
    id: string
    tags: string[]
sources:
  ledger: {use: file, config: {path: payments.ndjson}, out: Payment}
sinks:
  store: {from: ledger, use: stdout}
`,
		Good: `pipeline: payments
types:
  Payment:
    id: string
    tags: [string]
sources:
  ledger: {use: file, config: {path: payments.ndjson}, out: Payment}
sinks:
  store: {from: ledger, use: stdout}
`,
	},
	{
		Code:  TypeName,
		Title: "a name that a type can't have",
		Text: `A type of the pipeline is a type in Go as well, in inline Go and in the generated
program. So its name is a Go name that begins with a capital, and it is none of
the words that the language has for types (string, time, decimal …).`,
		Bad: `pipeline: payments
types:
  payment: {id: string}
sources:
  ledger: {use: file, config: {path: payments.ndjson}, out: payment}
sinks:
  store: {from: ledger, use: stdout}
`,
		Good: `pipeline: payments
types:
  Payment: {id: string}
sources:
  ledger: {use: file, config: {path: payments.ndjson}, out: Payment}
sinks:
  store: {from: ledger, use: stdout}
`,
	},
	{
		Code:  UnknownType,
		Title: "a type that is not declared",
		Text: `A name of a type is one of the words of the language or a key under ` + "`" + `types:` + "`" + `. The
words are

    string int int64 uint64 float64 bool bytes time duration decimal number json any

` + "`" + `decimal` + "`" + ` is exact, with 38 significant digits, and a string in JSON; ` + "`" + `number` + "`" + ` is
the same and a number in JSON. ` + "`" + `json` + "`" + ` is a value that is not looked into.`,
		Bad: `pipeline: payments
types:
  Payment: {id: string, amount: money}
sources:
  ledger: {use: file, config: {path: payments.ndjson}, out: Payment}
sinks:
  store: {from: ledger, use: stdout}
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
		Code:  FieldName,
		Title: "a field whose name gives no name in Go, or that of another",
		Text: `A field ` + "`" + `base_url` + "`" + ` is read as in.BaseURL in Go. Names are split at what can't stand
in Go and at capitals, each part gets a capital, and the words that Go's habits
write in capitals (ID, URL, HTTP …) get them. Two names may thus be one in Go, and
a name that begins with a digit, or in a script without capitals, is none.

Where such names can't be changed, declare the type in Go, with the names on the
wire in tags, and use it as ` + "`" + `./model.Payment` + "`" + `.`,
		Bad: `pipeline: payments
types:
  Payment: {base_url: string, baseURL: string}
sources:
  ledger: {use: file, config: {path: payments.ndjson}, out: Payment}
sinks:
  store: {from: ledger, use: stdout}
`,
		Good: `pipeline: payments
types:
  Payment: {base_url: string, other_url: string}
sources:
  ledger: {use: file, config: {path: payments.ndjson}, out: Payment}
sinks:
  store: {from: ledger, use: stdout}
`,
	},
	{
		Code:  RecursiveType,
		Title: "a type that holds itself without end",
		Text: `A type may hold itself where the value can end: in a list, in a map, or in an
optional field. In a field that is always there each value would need another
inside it, for ever.`,
		Bad: `pipeline: payments
types:
  Node: {name: string, next: Node}
sources:
  ledger: {use: file, config: {path: nodes.ndjson}, out: Node}
sinks:
  store: {from: ledger, use: stdout}
`,
		Good: `pipeline: payments
types:
  Node: {name: string, "next?": Node}
sources:
  ledger: {use: file, config: {path: nodes.ndjson}, out: Node}
sinks:
  store: {from: ledger, use: stdout}
`,
	},
	{
		Code:  BadEnum,
		Title: "an enum whose values can't be told apart",
		Text: `An enum lists its values with a bar between them: buy | sell. Each value stands
once. A value with a bar or blanks at its ends, or the empty one, is written in
double quotes, as in Go.`,
		Bad: `pipeline: payments
types:
  Payment: {id: string, side: buy | sell | buy}
sources:
  ledger: {use: file, config: {path: payments.ndjson}, out: Payment}
sinks:
  store: {from: ledger, use: stdout}
`,
		Good: `pipeline: payments
types:
  Payment: {id: string, side: buy | sell}
sources:
  ledger: {use: file, config: {path: payments.ndjson}, out: Payment}
sinks:
  store: {from: ledger, use: stdout}
`,
	},
	{
		Code:  OutNeeded,
		Title: "a source whose records have no type",
		Text: `The compiler has to know what is in a record before it can check a filter or write
a decoder. ` + "`" + `out:` + "`" + ` on the source names the type, declared under ` + "`" + `types:` + "`" + ` or in
place; ` + "`" + `flowc infer FILE` + "`" + ` writes a type for a sample.

Where nothing looks into the records, ` + "`" + `out: json` + "`" + ` takes each value as it is, ` + "`" + `out:
text` + "`" + ` each line and ` + "`" + `out: bytes` + "`" + ` each record's bytes.`,
		Bad: `pipeline: payments
sources:
  ledger: {use: file, config: {path: payments.ndjson}}
sinks:
  store: {from: ledger, use: stdout}
`,
		Good: `pipeline: payments
sources:
  ledger: {use: file, config: {path: payments.ndjson}, out: {id: string, amount: decimal}}
sinks:
  store: {from: ledger, use: stdout}
`,
	},
	{
		Code:  BadOut,
		Title: "an `out:` that the node can't give",
		Text: `` + "`" + `out:` + "`" + ` names the type of what a node sends on. What the node does has to give that
type: a map of fields gives a struct, ` + "`" + `set` + "`" + ` needs one, a component in Go says in
its signature what it gives.

For several event types from one source, ` + "`" + `by` + "`" + ` names the field that tells them
apart, and each value of it has a type:

    out: {by: type, payment: Payment, trade: Trade}`,
		Bad: `pipeline: payments
types:
  Payment: {id: string, amount: decimal}
sources:
  ledger: {use: file, config: {path: payments.ndjson}, out: Payment}
processors:
  ids: {from: ledger, map: {id: in.ID}, out: string}
sinks:
  store: {from: ids, use: stdout}
`,
		Good: `pipeline: payments
types:
  Payment: {id: string, amount: decimal}
sources:
  ledger: {use: file, config: {path: payments.ndjson}, out: Payment}
processors:
  ids: {from: ledger, map: in.ID, out: string}
sinks:
  store: {from: ids, use: stdout}
`,
	},
	{
		Code:  BadChange,
		Title: "a change that can't be had, or can't be written",
		Text: "`change of T`" + ` is what became of a row: {op, before?, after?, unchanged?}, where
before and after are of the type T, a mapping of fields. It is a whole record:
the ` + "`out:`" + ` of a node, or a type under ` + "`types:`" + ` with a name of its own.

The source ` + "`postgres`" + ` gives changes of one table by logical replication, and any
source of JSON reads them as objects. A sink of a table applies them: it puts, changes and
takes away rows, which a ` + "`key`" + ` tells. Where the changes themselves are to be
kept, make other records of them first (` + "`map: {op: in.Op, row: in.After}`" + `).`,
		Bad: `pipeline: mirror
types:
  Order: {id: int64, total: decimal}
sources:
  orders: {use: sqlite, config: {path: shop.db, table: orders, key: id}, out: change of Order}
sinks:
  copy: {from: orders, use: sqlite, config: {path: copy.db, table: orders, key: id}}
`,
		Good: `pipeline: mirror
types:
  Order: {id: int64, total: decimal}
sources:
  orders: {use: postgres, config: {dsn: "${env:SHOP_DB}", table: orders}, out: change of Order}
sinks:
  copy: {from: orders, use: sqlite, config: {path: copy.db, table: orders, key: id}}
`,
	},
	{
		Code:  FormatType,
		Title: "a type that a format can't hold",
		Text: `Not every format holds every type. CSV has one cell for each field, so lists and
nested fields have no place in it; text has a line for each record, so a record
must be a string; bytes are bytes. JSON (ndjson, json) holds all types.

Choose another format, or bring the record to a fitting type with a ` + "`" + `map` + "`" + ` before
the sink.`,
		Bad: `pipeline: payments
types:
  Payment: {id: string, tags: [string]}
sources:
  ledger: {use: file, config: {path: payments.ndjson}, out: Payment}
sinks:
  store: {from: ledger, use: file, config: {path: out.csv}}
`,
		Good: `pipeline: payments
types:
  Payment: {id: string, tags: [string]}
sources:
  ledger: {use: file, config: {path: payments.ndjson}, out: Payment}
processors:
  flat: {from: ledger, map: {id: in.ID, tags: 'strings.Join(in.Tags, " ")'}}
sinks:
  store: {from: flat, use: file, config: {path: out.csv}}
`,
	},
	{
		Code:  SchemaFile,
		Title: "a JSON Schema or CUE file that gives no type",
		Text: `A type may be a schema file: ` + "`" + `ledger.schema.json` + "`" + ` is the root of a JSON Schema,
` + "`" + `ledger.schema.json#Entry` + "`" + ` one of its definitions, ` + "`" + `./types.cue#Entry` + "`" + ` a definition
of a CUE file. What becomes a type are objects with named properties, arrays,
strings, numbers, booleans, enums of strings, and references between definitions.
What has no type in the language (a value that may be a string or a number) is
taken as ` + "`" + `json` + "`" + ` or refused, and the error says where.

Numbers of a schema are decimals (` + "`" + `number` + "`" + `), integers int64; a string with the
format date-time is a time.`,
	},
}
