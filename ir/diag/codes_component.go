package diag

// The examples of these codes are in the text: a pipeline alone can't give
// them, because they are about Go beside it.
var componentCodes = []Info{
	{
		Code:  "component-not-found",
		Title: "a `use:`, a type or an import names Go that is not there",
		Text: `A reference to Go is a folder or an import path, a dot, and an exported name:

    use: ./pricing.NewConverter       a folder beside the pipeline
    use: github.com/x/y.Symbol        a package of a module in go.mod

Folders are relative to the folder of the pipeline. The package must be one that
generated code can import: no program (package main), no package that is
internal to another part of the tree, and a name that begins with a capital.

A package of another module has to stand in go.mod. flowc never runs "go get"
or "go mod tidy" and never writes into your module: do that yourself, once.`,
	},
	{
		Code:  "go-component-build",
		Title: "the Go of a component does not compile",
		Text: `The compiler reads the types of the packages that a pipeline names, so they have
to compile. The places in these errors are in your Go files, and the words are
those of the Go compiler; "go build" or "go vet" in the module says the same.

Packages are read as the program is built: without cgo, for the GOOS and GOARCH
of the environment, with the tags in GOFLAGS=-tags=…, and from the vendor folder
where the module has one.`,
	},
	{
		Code:  "go-module",
		Title: "the Go module around the pipeline can't be used",
		Text: `A pipeline that names Go of yours lies in a Go module: its folder, or one above,
has a go.mod. Without one the Go command does not know which versions of which
modules to take.

    go mod init example.com/payments

Where the pipeline and its components are in two modules of one repository, join
them in a workspace, once, at the root:

    go work init ./pipelines ./components

The same code stands for a go.mod that does not parse, a vendor folder out of
step with go.mod ("go mod vendor"), and missing lines in go.sum ("go mod tidy").
flowc runs none of these by itself: it never writes into your module.`,
	},
	{
		Code:  "go-toolchain",
		Title: "the `go` command is missing, too old or too new",
		Text: `A pipeline that names Go of yours needs the Go command, at least of the version
that generated programs are written for. And a flowc that was built with an
older Go may not be able to read what a newer one compiled.

Your own go.mod may ask for a newer Go than the one in PATH: the Go command then
fetches it by itself, unless GOTOOLCHAIN=local forbids that.`,
	},
	{
		Code:  "component-shape",
		Title: "a function or type is no component of the role it stands in",
		Text: `Components are plain Go; the signature says what one is. A processor is one of

    func(In) bool                                   keeps what is true
    func(In) Out                                    one out for one in
    func(In) []Out, func(In) iter.Seq[Out]          any number out
    func(context.Context, In, func(Out) error) error
    func(context.Context, []In) ([]Out, error)      a batch at a time

with a context in front and an error behind wherever you like; several functions
as last parameters are several outputs, named as the parameters are. A source is
func(context.Context) iter.Seq2[Out, error], or a type with Read; a sink is
func(context.Context, In) error or func(context.Context, []In) error.

What has state or config is a type with one of these as its method Read, Process
or Write, and "use:" names the type or its constructor func(Config) (*T, error).

func(In) (Out, bool) is none of these: a bool beside a record could mean that
the record is to be dropped, or that something failed. Return []Out to drop some
records, an error for what failed.`,
	},
	{
		Code:  "component-method",
		Title: "a method looks like one of a component and is not called",
		Text: `Besides the method of its role a component may have these, and they are called
where their signatures are right:

    Open(context.Context) error        before the first record
    Flush(context.Context) error       after the last (a processor: also ([]Out, error))
    Close() error                      at the end; also with a context
    Healthy(context.Context) error     for /readyz; also () error, () bool
    Seek, Ack(context.Context, Position) error     of a source with Read
    Committed(context.Context) (string, error), and
    Commit(ctx context.Context, previous, next string) error   of a sink
    Idempotent()                       of a sink, a marker

A method of such a name with another signature is never called. It may be there
for something else, so this is a warning.`,
	},
	{
		Code:  "component-type",
		Title: "a Go type can't be a record",
		Text: `Records are data: structs, and what they are made of. A function, a channel, a
complex number or an interface with methods is none, because it can be neither
decoded nor copied. Take such a field out of JSON with the tag json:"-", or give
it a concrete type.

Generic types have no form of their own. Declare an instance:

    type TradeEvent = Event[Trade]`,
	},
	{
		Code:  "component-config",
		Title: "a config does not fit the Go struct that takes it",
		Text: `The config of a component is a Go struct: the parameter of its constructor, or
the exported fields of its type. Keys are the names in json tags, else the Go
names in snake case or camel case: BaseURL is base_url or baseURL. Values have to
fit the Go type exactly; durations are written as in Go ("30s"), and a field with
the tag flowc:"required" has to be there.

A plain function takes no config. Make it a constructor:

    func NewConverter(cfg Config) func(Trade) Priced {
        return func(in Trade) Priced { … }
    }`,
	},
	{
		Code:  "untagged-field",
		Title: "a field of a Go type that is decoded has no json tag",
		Text: `A Go type of yours keeps Go's rules where it is the type of a source's records, or
of what a "parse" gives: a key that is missing leaves the zero value. The key of a
field without a json tag is the field's Go name, and names match exactly, as in
encoding/json/v2; the old encoding/json took "id" for the field ID as well. With a
tag nobody has to know that:

    type Order struct {
        ID string ` + "`json:\"id\"`" + `
    }

It is a warning: keys that are written as in Go are read. A tag that says so
(json:"ID") takes it away. Where types meet by structure, at a component, no tag is
needed: ID takes the field id, and BaseURL takes base_url.`,
	},
	{
		Code:  "component-input",
		Title: "an event type does not fit the Go struct that a component takes",
		Text: `Types meet by structure: a Go struct accepts an event type when each of its
fields, by json name, is there with a type that fits. Fields that the struct does
not name are not even decoded.

    language            Go
    string              string, kinds of string, what unmarshals text
    int int64 uint64    the same type and no other width
    float64             float64
    decimal, number     string, json.Number, Compose(form, negative, coefficient,
                        exponent), what unmarshals text; never float64
    a | b               kinds of string
    time, duration      time.Time, time.Duration
    name?: T            a pointer to T
    [T], map of T       []T, map[string]T
    a nested struct     a struct, by the same rules

An optional field needs a pointer: Go's zero value would say that it was there.`,
	},
}
