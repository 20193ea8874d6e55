package diag

// Inline Go.
const (
	// GoSyntax is Go that does not parse.
	GoSyntax Code = "go-syntax"
	// GoType is Go whose types do not fit.
	GoType Code = "go-type"
	// WrongResult is Go whose value is not what the place wants.
	WrongResult Code = "wrong-result"
	// MustReturn is a function body that does not return a value on every way.
	MustReturn Code = "must-return"
	// EnumValue is text that meets an enum and is none of its values.
	EnumValue Code = "enum-value"
	// DecimalFloat is a float that meets an exact decimal.
	DecimalFloat Code = "decimal-float"
	// DecimalConstant is a constant that can't be a decimal.
	DecimalConstant Code = "decimal-constant"
	// AmbiguousImport is the name of several standard packages.
	AmbiguousImport Code = "ambiguous-import"
	// ImpureImport is a package that touches the world and is not imported.
	ImpureImport Code = "impure-import"
	// UnusedImport is an import that no Go uses.
	UnusedImport Code = "unused-import"
	// UnusedLet is a let value that no Go uses.
	UnusedLet Code = "unused-let"
	// BadRegexp is a regular expression that does not compile.
	BadRegexp Code = "bad-regexp"
	// NotHere is Go that has no place in a pipeline.
	NotHere Code = "not-here"
	// GoPackage is a package whose types can't be read.
	GoPackage Code = "go-package"
)

// goExample is a pipeline around one processor of orders.
func goExample(processor string) string {
	return `types:
  Order:
    id: string
    region: EU | US
    total: decimal
    weight: float64
    memo?: string
sources:
  orders: {use: generate, config: {count: 10}, out: Order}
processors:
  step:
    from: orders
` + processor + `sinks:
  out: {from: step, use: stdout}
`
}

var goCodes = []Info{
	{
		Code:  GoSyntax,
		Title: "this is not Go",
		Text: `A filter, a map and the like hold a Go expression, or a Go function body where
several statements are needed. This text parses as neither. What stands in
YAML must also survive YAML: where quotes, # or ! get in the way, write the Go
as a block with | on the lines below.`,
		Bad:  goExample("    filter: in.Total > 100 and in.Weight < 5\n"),
		Good: goExample("    filter: in.Total > 100 && in.Weight < 5\n"),
	},
	{
		Code:  GoType,
		Title: "the types of this Go do not fit",
		Text: `Inline Go is checked as the Go compiler would check it, and the message is Go's
own. The fields of in are those of the event type, by their Go names: base_url
is BaseURL, id is ID. A field with ? is a pointer, nil where it is missing;
or(in.Memo, "") gives its value or a default.`,
		Bad:  goExample("    filter: in.Totl > 100\n"),
		Good: goExample("    filter: in.Total > 100\n"),
	},
	{
		Code:  WrongResult,
		Title: "the value of this Go is not what is wanted here",
		Text: `A filter, a route and a check want a bool, a field that set changes wants a
value of its type, flatmap wants a slice or an iter.Seq. The Go is right, but
its value has another type.`,
		Bad:  goExample("    filter: in.Total\n"),
		Good: goExample("    filter: in.Total > 0\n"),
	},
	{
		Code:  MustReturn,
		Title: "a function body must return",
		Text: `Go of several statements is the body of a function: each way through it ends in
a return with the value.`,
		Bad: goExample(`    filter: |
      if in.Region == "EU" {
        return in.Total > 100
      }
`),
		Good: goExample(`    filter: |
      if in.Region == "EU" {
        return in.Total > 100
      }
      return true
`),
	},
	{
		Code:  EnumValue,
		Title: "this is none of the enum's values",
		Text: `A field declared as a | b | c holds one of these texts and nothing else, so a
comparison with another one could never be true. To compare with text that is
not known to the enum, make it a string first: string(in.Region).`,
		Bad:  goExample("    filter: in.Region == \"UK\"\n"),
		Good: goExample("    filter: in.Region == \"US\"\n"),
	},
	{
		Code:  DecimalFloat,
		Title: "a float meets an exact decimal",
		Text: `A decimal is exact, a float is not: 0.1 as a float64 is a little more than one
tenth. They are never mixed in silence. Declare the other field as a decimal
too, or say that floats are meant: in.Total.Float64(). Numbers that are written
in the Go (0.1) are exact beside a decimal, and integers are as well.`,
		Bad:  goExample("    filter: in.Total * in.Weight > 100\n"),
		Good: goExample("    filter: in.Total.Float64() * in.Weight > 100\n"),
	},
	{
		Code:  DecimalConstant,
		Title: "this constant can't be a decimal",
		Text: `Constants beside a decimal are computed exactly when the program is compiled.
This one has no exact value of 38 digits, or divides integers, which in Go drops
the fraction: 1/3 is 0.`,
		Bad:  goExample("    filter: in.Total * (1/3) > 100\n"),
		Good: goExample("    filter: in.Total / 3 > 100\n"),
	},
	{
		Code:  AmbiguousImport,
		Title: "several standard packages have this name",
		Text: `Standard packages need no import where their name is plain. rand is the name of
crypto/rand, math/rand and math/rand/v2, so the pipeline has to say which is
meant.`,
		Bad:  goExample("    filter: rand.Float64() < 0.1\n"),
		Good: "imports: [math/rand/v2]\n" + goExample("    filter: rand.Float64() < 0.1\n"),
	},
	{
		Code:  ImpureImport,
		Title: "a package that touches the world must be imported",
		Text: `Packages that only compute are in reach of inline Go without an import. Those that
touch files, the network, the process or the machine must stand in imports, so
that whoever reads the pipeline sees it there.`,
		Bad:  goExample("    filter: os.Getpid() > 0\n"),
		Good: "imports: [os]\n" + goExample("    filter: os.Getpid() > 0\n"),
	},
	{
		Code:  UnusedImport,
		Title: "an import is not used",
		Text: `No Go of the pipeline names this package. Most standard packages need no import
at all.`,
		Bad:  "imports: [os]\n" + goExample("    filter: in.Total > 100\n"),
		Good: goExample("    filter: in.Total > 100\n"),
	},
	{
		Code:  UnusedLet,
		Title: "a let value is not used",
		Text:  `No Go of the node names this value.`,
		Bad:   goExample("    let: {limit: 100}\n    filter: in.Total > 10\n"),
		Good:  goExample("    let: {limit: 100}\n    filter: in.Total > limit\n"),
	},
	{
		Code:  BadRegexp,
		Title: "a regular expression does not compile",
		Text: `Regular expressions are compiled when the pipeline is. They are those of Go's
package regexp (RE2): no look-ahead and no back references.`,
		Bad:  goExample("    let: {card: {regexp: '(\\d{16}'}}\n    filter: card.MatchString(in.ID)\n"),
		Good: goExample("    let: {card: {regexp: '(\\d{16})'}}\n    filter: card.MatchString(in.ID)\n"),
	},
	{
		Code:  NotHere,
		Title: "this Go has no place in a pipeline",
		Text: `Inline Go computes on one record. It starts no goroutines, changes no variables of
packages and no let values, and does nothing with decimals that would mean
something else in the generated program, such as comparing structs that hold
some with ==.`,
		Bad: goExample(`    filter: |
      go func() {}()
      return true
`),
		Good: goExample(`    filter: |
      func() {}()
      return true
`),
	},
	{
		Code:  GoPackage,
		Title: "the types of a package can't be read",
		Text: `The checker needs the types of the packages that inline Go names. It asks the go
command for them, once: later compiles find them in the cache. Here the go
command could not give them, or its version is newer than the one flowc was
built with.`,
	},
}
