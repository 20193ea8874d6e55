package diag

// The text itself: what it is written in, and whether it can be read at all.
const (
	// BadText is a file that is no UTF-8 text.
	BadText Code = "bad-text"
	// EmptyFile is a file without content.
	EmptyFile Code = "empty-file"
	// InputLimit is a text that is larger, deeper or expands to more than is read.
	InputLimit Code = "input-limit"
	// YAMLSyntax is a text that is not YAML.
	YAMLSyntax Code = "yaml-syntax"
	// YAMLTab is YAML indented with tabs.
	YAMLTab Code = "yaml-tab"
	// YAMLTag is a `!tag` in YAML.
	YAMLTag Code = "yaml-tag"
	// YAMLKey is a key of YAML that is no word and no string.
	YAMLKey Code = "yaml-key"
	// YAMLAlias is an `*alias` or a merge `<<` that leads nowhere.
	YAMLAlias Code = "yaml-alias"
	// GoInYAML is inline Go that YAML takes apart.
	GoInYAML Code = "go-in-yaml"
	// DuplicateKey is a key that stands twice in one mapping.
	DuplicateKey Code = "duplicate-key"
	// SeveralDocuments is a YAML file with more than one document.
	SeveralDocuments Code = "several-documents"
	// JSONSyntax is a text that is not JSON.
	JSONSyntax Code = "json-syntax"
	// CUESyntax is a text that is not CUE.
	CUESyntax Code = "cue-syntax"
	// CUEValue is a CUE file that evaluates to an error or to no concrete value.
	CUEValue Code = "cue-value"
)

var syntaxCodes = []Info{
	{
		Code:  BadText,
		Title: "the file is no UTF-8 text",
		Text: "A pipeline is read as UTF-8, with or without a byte order mark at its start; lines end in a line feed, or in a carriage return and a " +
			"line feed. NUL bytes, control characters and bytes that are no UTF-8 mean that the file is another one than was meant, or was saved in " +
			"another encoding, so it is refused whole. Inside double quotes YAML spells any character by an escape: \"\\0\", \"\\e\", \"\\u00e9\".",
		Bad:  "pipeline: copy\nsources:\n  in: {use: stdin, out: text}\nsinks:\n  out: {from: in, use: stdout}\n# a bell: \a\n",
		Good: "pipeline: copy\nsources:\n  in: {use: stdin, out: text}\nsinks:\n  out: {from: in, use: stdout}\n# a bell\n",
	},
	{
		Code:  EmptyFile,
		Title: "the file has no content",
		Text: "The file is empty, or holds only comments. A pipeline has at least a source and a sink. Where a file is empty on purpose (an overlay that " +
			"changes nothing), leave it out.",
		Bad:  "# nothing yet\n",
		Good: "pipeline: copy\nsources:\n  in: {use: stdin, out: text}\nsinks:\n  out: {from: in, use: stdout}\n",
	},
	{
		Code:  InputLimit,
		Title: "the text is larger, deeper or expands to more than is read",
		Text: "Pipelines are small: a thousand nodes are 130 KB. What is far beyond that is another file, or was made to keep a program busy, so it is " +
			"refused before it costs time: 1 MB of YAML or CUE, 4 MB of JSON, values nested 100 deep, 4,000 entries of one mapping, 100,000 values " +
			"(those behind a YAML alias counted each time it is used). Split a large pipeline with `include`; data belongs into files that a source reads.",
		Bad:  "pipeline: deep\nx: [[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]\n",
		Good: "pipeline: copy\nsources:\n  in: {use: stdin, out: text}\nsinks:\n  out: {from: in, use: stdout}\n",
	},
	{
		Code:  YAMLSyntax,
		Title: "the text is no YAML",
		Text: "Something is missing or too much: a closing quote or bracket, the space behind a colon, a line that is indented like no other. The message " +
			"names what YAML stumbles over; the mistake is there or just before. A value that holds `: `, ` #` or begins with a sign such as `{ [ & * ! | > @ %` " +
			"needs quotes: single ones, which change nothing inside (a quote is written twice).",
		Bad:  "pipeline: copy\nsources:\n  in: {use: stdin, out: text}\nsinks:\n  out: {from: in, use: stdout\n",
		Good: "pipeline: copy\nsources:\n  in: {use: stdin, out: text}\nsinks:\n  out: {from: in, use: stdout}\n",
	},
	{
		Code:  YAMLTab,
		Title: "a tab indents YAML",
		Text: "YAML is indented with spaces only, since a tab has no width that all agree on. Behind the spaces of a `|` block tabs are content and stay, so " +
			"Go may be indented with them there.",
		Bad:  "pipeline: copy\nsources:\n\tin: {use: stdin, out: text}\nsinks:\n  out: {from: in, use: stdout}\n",
		Good: "pipeline: copy\nsources:\n  in: {use: stdin, out: text}\nsinks:\n  out: {from: in, use: stdout}\n",
	},
	{
		Code:  YAMLTag,
		Title: "a YAML tag stands before a value",
		Text: "A word that begins with `!` before a value is a tag of YAML: a type for the value. Types of the language are written otherwise, so a tag is " +
			"either a leftover or text that needs quotes. The tags of the core schema (`!!str`, `!!int` …) are taken where they say what the value is anyway.",
		Bad:  "pipeline: !name copy\nsources:\n  in: {use: stdin, out: text}\nsinks:\n  out: {from: in, use: stdout}\n",
		Good: "pipeline: copy\nsources:\n  in: {use: stdin, out: text}\nsinks:\n  out: {from: in, use: stdout}\n",
	},
	{
		Code:  YAMLKey,
		Title: "a key is no word",
		Text: "Keys are words or strings: `name:` or `\"name\":`. YAML also knows keys that are lists, mappings or aliases, and the long form `? key`; the " +
			"language has no use for them. Keys such as `on`, `yes`, `null` or `1` are the text as written.",
		Bad:  "pipeline: copy\nsources:\n  ? in\n  : {use: stdin, out: text}\nsinks:\n  out: {from: in, use: stdout}\n",
		Good: "pipeline: copy\nsources:\n  in: {use: stdin, out: text}\nsinks:\n  out: {from: in, use: stdout}\n",
	},
	{
		Code:  YAMLAlias,
		Title: "an alias leads nowhere",
		Text: "`*name` stands for the value that `&name` was written before, earlier in the file, and `<<: *name` adds the entries of that mapping. The " +
			"anchor is missing or comes later, the alias stands inside the value it names, or what is merged is no mapping. A text that begins with `*` needs quotes.",
		Bad:  "pipeline: copy\nsources:\n  in: {use: stdin, out: *kind}\nsinks:\n  out: {from: in, use: stdout}\n",
		Good: "pipeline: copy\nsources:\n  in: {use: stdin, out: text}\nsinks:\n  out: {from: in, use: stdout}\n",
	},
	{
		Code:  GoInYAML,
		Title: "YAML took the Go apart",
		Text: "Inline Go is a value of YAML first, and YAML gives some of it another meaning, often in silence: `!x` is a tag, `*p` an alias, `&x` an anchor, " +
			"` #` begins a comment, `: ` ends a key, `{`, `[`, quotes, `@`, `%` and a backtick mean something at the start of a value, and inside {…} and […] a comma ends it. " +
			"Quotes around a whole value are YAML's: `\"info\"` is the name info for Go, a string is `'\"info\"'`. Lines are joined unless they stand below a `|`. " +
			"Put the Go in single quotes (a quote inside is written twice) or below a `|`, where YAML changes nothing.",
		Bad:  "pipeline: pick\nsources:\n  in: {use: stdin, out: text}\nprocessors:\n  some:\n    from: in\n    filter: !strings.HasPrefix(in, \"#\")\nsinks:\n  out: {from: some, use: stdout}\n",
		Good: "pipeline: pick\nsources:\n  in: {use: stdin, out: text}\nprocessors:\n  some:\n    from: in\n    filter: '!strings.HasPrefix(in, \"#\")'\nsinks:\n  out: {from: some, use: stdout}\n",
	},
	{
		Code:  DuplicateKey,
		Title: "a key stands twice in one mapping",
		Text: "Most readers of YAML and JSON take one of the two values in silence. Which one was meant cannot be known, so both places are shown. Two nodes " +
			"cannot share a name either.",
		Bad:  "pipeline: copy\nsources:\n  in: {use: stdin, out: text}\nsinks:\n  out: {from: in, use: stdout}\n  out: {from: in, use: drop}\n",
		Good: "pipeline: copy\nsources:\n  in: {use: stdin, out: text}\nsinks:\n  out: {from: in, use: stdout}\n  gone: {from: in, use: drop}\n",
	},
	{
		Code:  SeveralDocuments,
		Title: "the file holds several YAML documents",
		Text: "`---` begins a new document, and a file holds one pipeline. Put the second into a file of its own; types and nodes that pipelines share are " +
			"taken in with `include`.",
		Bad:  "pipeline: copy\nsources:\n  in: {use: stdin, out: text}\nsinks:\n  out: {from: in, use: stdout}\n---\npipeline: other\n",
		Good: "pipeline: copy\nsources:\n  in: {use: stdin, out: text}\nsinks:\n  out: {from: in, use: stdout}\n",
	},
	{
		Code:  JSONSyntax,
		Title: "the text is no JSON",
		Text: "A `.json` file is read strictly: strings and keys in double quotes, no comments, no comma behind the last entry, one value a file. YAML is " +
			"easier on people, and any JSON is YAML: rename the file to `.yaml` to write it so.",
	},
	{
		Code:  CUESyntax,
		Title: "the text is no CUE",
		Text:  "A `.cue` file is parsed with CUE's own parser; the message is CUE's. `cue vet` says the same.",
	},
	{
		Code:  CUEValue,
		Title: "the CUE evaluates to no concrete value",
		Text: "A `.cue` file is evaluated before it is read as a pipeline: every field must come out concrete, without conflicts. Values that conflict are " +
			"shown with all places that take part; a value that is only a type needs one of its own or a default (`*value | type`). Only CUE's own packages " +
			"can be imported.",
	},
}
