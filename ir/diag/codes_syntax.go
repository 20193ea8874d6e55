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

var syntaxCodes = []Info{}
