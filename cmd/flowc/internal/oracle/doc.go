package oracle

// A doc is a part of a pipeline's text, in whatever it is spelled: a mapping, a
// list, or a scalar.
type doc struct {
	kind    docKind
	members []docMember
	items   []*doc
	text    string
	// inline tells that YAML has it on one line.
	inline bool
}

// A docMember is a member of a mapping. node is set where it is a node of the
// pipeline, whose lines the printers note.
type docMember struct {
	key   string
	value *doc
	node  *node
}

// A docKind is what a doc is. All but numbers and flags are strings; the kinds of
// strings say how YAML writes them.
type docKind int

const (
	dMapping docKind = iota
	dList
	dNumber
	dFlag   // true
	dWord   // as it is
	dName   // as it is, or in quotes where YAML would take it for something else
	dQuoted // in double quotes
	dSingle // in single quotes
	dGo     // in any way, by its own choice
)

func word(text string) *doc    { return &doc{kind: dWord, text: text} }
func name(text string) *doc    { return &doc{kind: dName, text: text} }
func numeral(text string) *doc { return &doc{kind: dNumber, text: text} }
func quoted(text string) *doc  { return &doc{kind: dQuoted, text: text} }
func single(text string) *doc  { return &doc{kind: dSingle, text: text} }
func goText(text string) *doc  { return &doc{kind: dGo, text: text} }
func yes() *doc                { return &doc{kind: dFlag, text: "true"} }

func list(items ...*doc) *doc { return &doc{kind: dList, items: items, inline: true} }

// block is a mapping over several lines, to be filled.
func block() *doc { return &doc{kind: dMapping} }

// flow is a mapping on one line, to be filled.
func flow() *doc { return &doc{kind: dMapping, inline: true} }

// add adds a member, and gives the mapping back.
func (d *doc) add(key string, value *doc) *doc {
	d.members = append(d.members, docMember{key: key, value: value})
	return d
}

// names are a list of names.
func names(texts []string) *doc {
	d := list()
	for _, t := range texts {
		d.items = append(d.items, name(t))
	}
	return d
}
