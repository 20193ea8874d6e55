package driver

import (
	"strings"
	"testing"

	"github.com/flowc-dev/flowc/ir"
)

const jsonSchema = `
-- pipeline.yaml --
pipeline: x
types:
  Ledger: ledger.schema.json
  Price: ledger.schema.json#Money
sources:
  a: {use: file, config: {path: in.ndjson}, out: Ledger}
  b: {use: file, config: {path: in.ndjson}, out: nested/fee.schema.json, drop: true}
processors:
  f: {from: a, filter: 'in.Total.Amount > 10 && in.State == "open" && in.At.Year() > 2000 && len(in.Lines) > 0'}
sinks:
  c: {from: f, use: stdout}
-- ledger.schema.json --
{
  "$schema": "https://json-schema.org/draft/2020-12/schema",
  "type": "object",
  "properties": {
    "id": {"type": "string"},
    "at": {"type": "string", "format": "date-time"},
    "state": {"enum": ["open", "closed"]},
    "total": {"$ref": "#/$defs/Money"},
    "lines": {"type": "array", "items": {"$ref": "#/$defs/line"}},
    "parent": {"$ref": "#"},
    "note": {"type": ["string", "null"]},
    "rates": {"type": "object", "additionalProperties": {"type": "number"}},
    "count": {"type": "integer"},
    "odd": {"type": ["string", "integer"]},
    "raw": {},
    "either": {"oneOf": [{"type": "null"}, {"type": "boolean"}]},
    "both": {"allOf": [{"$ref": "#/$defs/Money"}, {"properties": {"fee": {"type": "integer"}}, "required": ["fee"]}]},
    "data": {"type": "string", "contentEncoding": "base64"}
  },
  "required": ["id", "at", "state", "total", "lines", "note", "rates", "count"],
  "$defs": {
    "Money": {"type": "object", "properties": {"amount": {"type": "number"}, "currency": {"type": "string"}}, "required": ["amount", "currency"]},
    "line": {"type": "object", "properties": {"text": {"type": "string"}, "sub": {"type": "array", "items": {"$ref": "#/$defs/line"}}}, "required": ["text"]}
  }
}
-- nested/fee.schema.json --
{"type": "object", "properties": {"fee": {"type": "integer"}}, "required": ["fee"]}
`

const wantTypes = `type Ledger is struct {
  id ID string
  at At time
  state State enum(open, closed)
  total Total Price
  lines Lines list of Line
  parent? Parent Ledger
  note? Note string
  rates Rates map of number
  count Count int64
  odd? Odd json
  raw? Raw json
  either? Either bool
  both? Both struct(amount Amount number, currency Currency string, fee Fee int64)
  data? Data bytes
}
type Price is struct {
  amount Amount number
  currency Currency string
}
type Line is struct {
  text Text string
  sub? Sub list of Line
}
type Fee is struct {
  fee Fee int64
}
`

func TestJSONSchemaTypes(t *testing.T) {
	r := compileIn(t, unpack(t, jsonSchema), Options{})
	wantSaid(t, r)
	if r.Program == nil {
		return
	}
	if text := ir.Print(r.Program); !strings.Contains(text, wantTypes) {
		t.Errorf("the types are other than\n%s\nin\n%s", wantTypes, text)
	}
}

func TestCUETypes(t *testing.T) {
	r := compileIn(t, unpack(t, `
-- pipeline.yaml --
pipeline: x
types:
  Ledger: ./types.cue#Ledger
sources:
  a: {use: file, config: {path: in.ndjson}, out: Ledger}
processors:
  f: {from: a, filter: 'in.Total.Amount > 10 && in.State == "open"'}
sinks:
  c: {from: f, use: stdout}
-- types.cue --
package types

#Ledger: {
	id!:     string
	state!:  "open" | "closed"
	total!:  #Money
	lines!:  [...#Line]
	note?:   string
	maybe!:  string | null
	rates!:  [string]: number
	count!:  int & >=0
	data?:   bytes
	flag!:   bool
}
#Money: {amount!: number, currency!: =~"^[A-Z]{3}$"}
#Line: {text!: string, sub?: [...#Line]}
`), Options{})
	wantSaid(t, r)
	if r.Program == nil {
		return
	}
	want := `type Ledger is struct {
  id ID string
  state State enum(open, closed)
  total Total Money
  lines Lines list of Line
  note? Note string
  maybe? Maybe string
  rates Rates map of number
  count Count int64
  data? Data bytes
  flag Flag bool
}
type Money is struct {
  amount Amount number
  currency Currency string
}
type Line is struct {
  text Text string
  sub? Sub list of Line
}
`
	if text := ir.Print(r.Program); !strings.Contains(text, want) {
		t.Errorf("the types are other than\n%s\nin\n%s", want, text)
	}
}

func TestSchemaMistakes(t *testing.T) {
	r := compileIn(t, unpack(t, `
-- pipeline.yaml --
pipeline: x
types:
  A: missing.schema.json
  B: ledger.schema.json#Mony
  C: ledger.schema.json
  D: ./types.cue#Ledgr
  E: list.json
  F: ./broken.cue#X
  G: endless.json
sources:
  a: {use: stdin, out: A, drop: true}
  b: {use: stdin, out: B, drop: true}
  c: {use: stdin, out: C, drop: true}
  d: {use: stdin, out: D, drop: true}
  e: {use: stdin, out: E}
sinks:
  s: {from: e, use: stdout}
-- ledger.schema.json --
{"type": "object", "properties": {
  "a": {"$ref": "other.json#/X"},
  "1st": {"type": "string"}
}, "$defs": {"Money": {"type": "object", "properties": {"x": {"type": "string"}}}}}
-- list.json --
[1]
-- types.cue --
#Ledger: {a: string}
-- broken.cue --
#X: {a: string
-- endless.json --
{"type": "object", "properties": {"next": {"$ref": "#"}}, "required": ["next"]}
`), Options{})
	wantSaid(t, r,
		"broken.cue:1:15: error: expected '}', found 'EOF' [schema-file]",
		"endless.json:1:35: error: `next` holds a G…[recursive-type]",
		"ledger.schema.json:2:17: error: `other.json#/X` leads nowhere in this file [schema-file]",
		"ledger.schema.json:3:3: error: the field `1st` gives no name in Go [field-name]",
		"list.json:1:1: error: a JSON Schema is an object, and this is a list [schema-file]",
		"pipeline.yaml:3:6: error: can't read the schema file `missing.schema.json` [file-not-found]",
		"pipeline.yaml:4:6: error: `ledger.schema.json` has no definition `Mony` [schema-file]",
		"pipeline.yaml:6:6: error: `types.cue` has no definition `Ledgr` [schema-file]",
	)
}
