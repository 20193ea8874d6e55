// Package catalog is what the compiler knows about the built-in connectors:
// their config keys, what they promise, and the modules that they need. It is
// data alone and imports no connector, so that flowc links none.
//
// The tables in catalog_gen.go are extracted from the connectors' Go source by
// the generator in this folder's gen; a test compares them.
package catalog

import (
	"slices"
	"strings"
)

// A Connector is a built-in.
type Connector struct {
	// Name is how `use:` calls it.
	Name string
	// Package is the import path below the runtime: "connect/file".
	Package string
	// Doc is the first paragraph of its package comment, Manual all of it: paragraphs
	// apart by an empty line, an example in each that begins with a tab.
	Doc, Manual string
	// Source and Sink are its sides; nil for one that it lacks.
	Source, Sink *Side
	// Store is what it is as a place for checkpoints (`delivery.checkpoint.store`):
	// keys and memory; nil for most.
	Store *Side
}

// A Side is a connector as a source or as a sink.
type Side struct {
	// Config is the name of the Go struct of the config in the package, New
	// that of the constructor func(Config, …).
	Config, New string
	// Keys are the config's keys in the order of the struct.
	Keys []Key
	// Facts are what the side promises, by the methods that it has and the
	// constant table of the connector.
	Facts Facts
	// Variants are what it promises instead where the config says so: the first
	// one that holds counts.
	Variants []Variant
	// Fresh tells that the config has a field Fresh, a func() *Config that gives the
	// present config: a connector asks it where it logs in.
	Fresh bool
	// Messages tells that a record is a message of its own: the source says where
	// each ends (Batch.Ends) and the sink is told (Out.Ends).
	Messages bool
	// Range is what a `range` of a source may be; nil for a source that can't read a
	// part of what there is.
	Range *Range
	// Meta are the fields of `meta` on records of a source; for a sink the keys
	// that `meta:` may set.
	Meta []Key
	// Formats are the formats that it can read or write, the first being the
	// default where the path's extension says nothing; empty for connectors
	// without bytes.
	Formats []string
	// Table tells that records are rows: the connector is told their columns, and
	// its one format is not the user's to choose.
	Table bool
	// Changes are the facts of a source whose records are changes (`out: change of
	// T`), nil for one that has none to give; of a sink of tables, that it applies
	// them. Meta of a source that has them is beside changes alone.
	Changes *Facts
	Doc     string
}

// A Range says which parts a source can read.
type Range struct {
	// Bounds are what its ends may be: "number" and "time" of records, "key" of
	// rows, "name" of files.
	Bounds []string
	// Without are keys of the config that can't stand beside a range, Needs is one
	// that must; "" for none.
	Without []string
	Needs   string
}

// Facts are what a source promises that reads a range, whatever it promises else:
// chunks are gone on with where a checkpoint says.
func (r *Range) Facts(memory int64) Facts {
	return Facts{Acks: true, Replayable: true, Ordered: true, Memory: memory}
}

// A Variant are other facts of a side, where a key stands in the config, or does
// not.
type Variant struct {
	Key   string
	Given bool
	Facts Facts
}

// FactsFor are the side's facts with a config in which the keys stand of which
// given says so.
func (s *Side) FactsFor(given func(key string) bool) Facts {
	for _, v := range s.Variants {
		if given(v.Key) == v.Given {
			return v.Facts
		}
	}
	return s.Facts
}

// Key is the key of a name, nil where the side has none.
func (s *Side) Key(name string) *Key {
	for i := range s.Keys {
		if s.Keys[i].Name == name {
			return &s.Keys[i]
		}
	}
	return nil
}

// OfFormat tells whether a key says how records stand in bytes: `format` itself, or a
// key of one format (csv.header). The compiler reads it, or the connector where it
// uses that format; its default is theirs.
func (s *Side) OfFormat(k *Key) bool {
	group, _, _ := strings.Cut(k.Name, ".")
	return group == "format" || slices.Contains(s.Formats, group)
}

// A Key is one key of a config, or a field of meta.
type Key struct {
	// Name is the key, dotted below nested structs (tls.ca); Go the selector of
	// the field (TLS.CA).
	Name, Go string
	// Type is a type of the language (string, int, int64, uint64, float64, bool,
	// duration, [string], map of string), or size (bytes, with units).
	Type string
	Doc  string
	// Default is the value without the key, as text; "" for the zero value.
	Default string
	// Values are the legal values of a string key, nil for any.
	Values []string
	// Fields are keys whose values are names of fields of the records.
	Fields bool
	// Only says what the key is for where a source gives rows or changes of them:
	// "rows", "changes", or "" for both.
	Only string
	// Required keys must be given; Secret ones take references alone;
	// PerRecord ones may hold ${in.Field} and ${meta.Key}; Fixed ones are shape
	// and cannot be set at run time.
	Required, Secret, PerRecord, Fixed bool
	// Positive numbers, sizes and durations are larger than 0, Natural ones not
	// less.
	Positive, Natural bool
	// Form is what the text of the value must be: "address" (host:port), "url"
	// (of an HTTP server), "rooted" (a path that begins with a slash), "dsn" (where
	// a server is: secret with a password in it), "start" (where a source of messages
	// begins: earliest, latest or a time); "" for any.
	Form string
	// Reach is what the value is of the world outside the program: "listens" (an
	// address that others connect to), "connects" (where it connects to: host:port,
	// a URL or a dsn), "reads" or "writes" (a path of files); "" for nothing there.
	// A deployment makes ports, network rules and volumes of it.
	Reach string
	// Port is where it connects to when the value names no port; 0 where the scheme
	// of a URL tells.
	Port int
	// Needs is a key without which this one means nothing; "" for none.
	Needs string
	// Holds is how many bytes the connector may hold for each one of the value
	// (for each byte of a size), beside Facts.Memory.
	Holds int64
}

// Facts are what a side promises.
type Facts struct {
	Acks, Replayable, Ordered, Idempotent, Transactional, PrunesOnAck bool
	// KeyIdempotent sinks are idempotent where the config has a `key`, and no
	// `mode: insert`.
	KeyIdempotent bool
	// Keeper tells that a sink can keep the program's checkpoint in the transaction
	// of its records.
	Keeper bool
	// WhenAsked tells that a Keeper does so only where effectively once is asked for.
	WhenAsked bool
	// Answers tells that a source answers each sender.
	Answers bool
	// Shared tells that copies of the program that run at once share what the source
	// gives, each record going to one of them.
	Shared bool
	// Shifts tells that a source goes back to a place at which there may be another
	// record by then.
	Shifts bool
	// Endless sources never end by themselves; Depends says that the config
	// decides (follow, count).
	Endless, Depends bool
	// Memory is what it may hold itself, in bytes.
	Memory int64
	// Gathers is up to how many bytes of small packets a sink likes to get as one,
	// because each write waits for a server; 0 for one that does not care.
	Gathers int64
}

// A Module is a Go module with what go.mod and go.sum need.
type Module struct {
	Path, Version string
	// Sum and GoModSum are the two lines of go.sum.
	Sum, GoModSum string
	// Needs are the paths of the other modules that give packages to a program
	// with this one, on any system; go.mod names them too. It is known of modules
	// that the runtime itself imports.
	Needs []string
	// GoMods are lines of go.sum for modules that give no package: the go command
	// reads their go.mod, because a module from before Go 1.17 requires them.
	GoMods []string
}

// Lookup returns the connector that `use:` calls name, a carrier of edges, or
// what talks to components in processes of their own.
func Lookup(name string) (*Connector, bool) {
	for _, c := range Connectors {
		if c.Name == name {
			return c, true
		}
	}
	for _, list := range [][]*Connector{Carriers, Foreigns} {
		for _, c := range list {
			if c.Name == name {
				return c, true
			}
		}
	}
	return nil, false
}

//go:generate go run ./gen
