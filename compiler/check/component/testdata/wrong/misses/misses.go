// Package misses has functions and types that are nearly components.
package misses

import (
	"context"
	"iter"
)

type Trade struct{ ID string }

type Priced struct{ ID, Price string }

func Comma(in Trade) (Priced, bool)                                               { return Priced{}, false }
func LateContext(in Trade, ctx context.Context) bool                              { return true }
func EarlyError(in Trade) (error, Priced)                                         { return nil, Priced{} }
func Nothing(in Trade)                                                            {}
func Sinkish(ctx context.Context, in Trade) error                                 { return nil }
func Two(a, b Trade) bool                                                         { return true }
func Variadic(in ...Trade) bool                                                   { return true }
func Generic[T any](in T) bool                                                    { return true }
func Channel(in Trade) <-chan Priced                                              { return nil }
func Pull(in Trade) iter.Seq2[Priced, error]                                      { return nil }
func Unnamed(context.Context, Trade, func(Trade) error, func(Priced) error) error { return nil }
func Mute(in Trade, emit func(Priced)) error                                      { return nil }
func Swallow(in Trade, emit func(Priced) error)                                   {}
func OneOfMany(in []Trade) Priced                                                 { return Priced{} }
func Anonymous(in struct{ ID string }) bool                                       { return true }
func Secret(in trade) bool                                                        { return true }
func Face(in context.CancelFunc) bool                                             { return true }
func NoInput() bool                                                               { return true }
func Inner(cfg Config) func(Trade) (Priced, bool)                                 { return nil }
func Failing(in Trade) (bool, Priced, error)                                      { return false, Priced{}, nil }

func Lossy(in Trade)                                         {}
func Counting(ctx context.Context, in Trade) (int, error)    { return 0, nil }
func Wide(ctx context.Context, in Trade, table string) error { return nil }

func Seq(ctx context.Context) iter.Seq[Trade]              { return nil }
func ReadFunc(ctx context.Context) ([]Trade, int64, error) { return nil, 0, nil }
func Chan(ctx context.Context) chan Trade                  { return nil }
func Arg(path string) iter.Seq2[Trade, error]              { return nil }

const Max = 3

var Rate = 0.5

type trade struct{}

type Config struct{ Currency string }

func NewContext(ctx context.Context, cfg Config) (*Worker, error) { return nil, nil }
func NewStrings(currency string, max int) *Worker                 { return nil }
func NewSecret(cfg config) *Worker                                { return nil }
func NewTypo(cfg Config) (*Typo, error)                           { return nil, nil }
func NewWriter(cfg Config) *Writer                                { return nil }
func NewInvoice(in Trade) Invoice                                 { return Invoice{} } // a map, in spite of its name
func NewOpaque(cfg Config) (*Opaque, error)                       { return nil, nil }

type config struct{}

type Worker struct{}

func (*Worker) Process(in Trade) bool { return true }

type Typo struct{}

func (*Typo) Proces(in Trade) bool { return true }

type Writer struct{}

func (*Writer) Write(ctx context.Context, in Trade) error { return nil }

type Invoice struct{ Number string }

func (Invoice) Total() int { return 0 }

type Opaque struct{ n int }

func (*Opaque) Handle(in Trade) bool { return true }

type Bad struct{}

func (*Bad) Process(in Trade) (Priced, bool) { return Priced{}, false }

type Odd struct{}

func (*Odd) Process(in Trade) (Priced, error) { return Priced{}, nil }
func (*Odd) Flush() ([]Trade, error)          { return nil, nil }
func (*Odd) Close(force bool)                 {}
func (*Odd) Open(string) error                { return nil }
func (*Odd) Healthy() string                  { return "" }

type Seeker struct{}

func (*Seeker) Read(context.Context) ([]Trade, int64, error) { return nil, 0, nil }
func (*Seeker) Seek(int64, int) (int64, error)               { return 0, nil }
func (*Seeker) Ack(context.Context, string) error            { return nil }

type Single struct{}

func (*Single) Read(context.Context) (Trade, int64, error) { return Trade{}, 0, nil }

type NoPosition struct{}

func (*NoPosition) Read(context.Context) ([]Trade, error) { return nil, nil }

type Streamer struct{}

func (*Streamer) Read(context.Context) iter.Seq2[Trade, error] { return nil }
func (*Streamer) Ack(context.Context, int64) error             { return nil }

type BadPosition struct{}

func (*BadPosition) Read(context.Context) ([]Trade, func(), error) { return nil, nil, nil }

type Generics[T any] struct{}

type Func func(Trade) bool

type Face2 interface{ Process(Trade) bool }

func NewFace2() Face2 { return nil }

type Text string

func (Text) Process(Trade) bool { return true }

type Twice struct{}

func NewTwice(Config) *Twice                                      { return nil }
func (*Twice) Init(map[string]any) error                          { return nil }
func (*Twice) Process(context.Context, *Trade) ([]*Priced, error) { return nil, nil }

type HalfFlow struct{}

func (*HalfFlow) Init(map[string]any) error { return nil }
func (*HalfFlow) Process(in Trade) bool     { return true }

type HalfEvents struct{}

func (*HalfEvents) Events(context.Context, <-chan Trade) error { return nil }

// Halfway has a Committed that nothing would be given to.
type Halfway struct{}

func (Halfway) Write(context.Context, []Trade) error      { return nil }
func (Halfway) Committed(context.Context) (string, error) { return "", nil }

// Offsets has methods of those names for something else.
type Offsets struct{}

func (Offsets) Write(context.Context, []Trade) error     { return nil }
func (Offsets) Committed(context.Context) (int64, error) { return 0, nil }
func (Offsets) Commit() error                            { return nil }
func (Offsets) Keep()                                    {}

// Commits has no Committed: its Commit is its own business.
type Commits struct{}

func (Commits) Write(context.Context, []Trade) error { return nil }
func (Commits) Commit() error                        { return nil }
