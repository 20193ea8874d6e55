// Package shapes has a component of every shape.
package shapes

import (
	"context"
	"io"
	"iter"
)

type Trade struct {
	ID     string  `json:"id"`
	Amount float64 `json:"amount"`
}

type Priced struct {
	Trade
	Price string `json:"price"`
}

type Fee struct{ Cents int64 }

func Keep(Trade) bool                                       { return true }
func KeepErr(context.Context, *Trade) (bool, error)         { return true, nil }
func Map(in Trade) Priced                                   { return Priced{Trade: in} }
func MapErr(in *Trade) (*Priced, error)                     { return nil, nil }
func MapCtx(ctx context.Context, in Trade) (Priced, error)  { return Priced{}, nil }
func Slice(Trade) []Priced                                  { return nil }
func Pointers(Trade) ([]*Priced, error)                     { return nil, nil }
func Seq(Trade) iter.Seq[Priced]                            { return nil }
func Emit(context.Context, Trade, func(Priced) error) error { return nil }
func Ports(ctx context.Context, in Trade, tx func(Priced) error, fee func(Fee) error) error {
	return nil
}
func Batch(context.Context, []Trade) ([]Priced, error) { return nil, nil }
func Text(line string) (Trade, error)                  { return Trade{}, nil }
func Raw(b []byte) []byte                              { return b }

var Variable = func(Trade) bool { return true }

func Stream(context.Context) iter.Seq2[Trade, error] { return nil }
func Store(context.Context, Trade) error             { return nil }
func StoreAll(context.Context, []*Trade) error       { return nil }

// Config is what the constructors take.
type Config struct {
	Currency string
}

func Maker(Config) func(Trade) bool                         { return nil }
func MakerErr(*Config) (func(Trade) (Priced, error), error) { return nil, nil }
func SinkMaker() func(context.Context, Trade) error         { return nil }

// Converter has it all.
type Converter struct{ rates map[string]float64 }

func NewConverter(Config) (*Converter, error)                       { return &Converter{}, nil }
func (c *Converter) Process(context.Context, Trade) (Priced, error) { return Priced{}, nil }
func (c *Converter) Open(context.Context) error                     { return nil }
func (c *Converter) Flush(context.Context) ([]Priced, error)        { return nil, nil }
func (c *Converter) Close() error                                   { return nil }
func (c *Converter) Healthy() bool                                  { return true }

// Limiter is made from its exported fields.
type Limiter struct {
	Max   int
	Label string `json:"label"`
	seen  int
}

func (l *Limiter) Process(in Trade) bool { l.seen++; return l.seen < l.Max }

// Value needs no pointer.
type Value struct{}

func (Value) Process(in Trade) bool { return true }

// Reader is a source with all facts.
type Reader struct{ Path string }

type Position struct{ Offset int64 }

func (*Reader) Read(context.Context) ([]Trade, Position, error) { return nil, Position{}, io.EOF }
func (*Reader) Seek(context.Context, Position) error            { return nil }
func (*Reader) Ack(context.Context, Position) error             { return nil }
func (*Reader) Healthy(context.Context) error                   { return nil }

// Writer is a sink with all facts.
type Writer struct{}

func NewWriter() Writer                                     { return Writer{} }
func (*Writer) Write(context.Context, []Trade) error        { return nil }
func (*Writer) Keep(pipeline string)                        {}
func (*Writer) Committed(context.Context) (string, error)   { return "", nil }
func (*Writer) Commit(_ context.Context, _, _ string) error { return nil }
func (*Writer) Idempotent()                                 {}
func (*Writer) Close(context.Context) error                 { return nil }

type hidden struct{}

func (hidden) Process(Trade) bool { return true }

// NewHidden returns a type that generated code can't name.
func NewHidden() *hidden { return nil }

// Processor is what NewProcessor returns: an interface.
type Processor interface {
	Process(Trade) (Priced, error)
}

func NewProcessor(Config) Processor { return nil }
