package diag

// A Code names a kind of mistake. Codes are words, stable for ever: people
// search for them, silence them and link to them. `flowc explain CODE` prints
// the page of one.
type Code string

// An Info is the page of a code: what it means, a small pipeline that makes
// it, and the same pipeline mended. A test compiles every example.
type Info struct {
	Code Code `json:"code"`
	// Title is one line: what is wrong, in general.
	Title string `json:"title"`
	// Text is the explanation, a paragraph or two of plain text.
	Text string `json:"text"`
	// Bad is a complete pipeline (YAML) that gives this code; "" where no
	// pipeline alone can (a build that fails).
	Bad string `json:"bad,omitempty"`
	// Good is Bad, mended.
	Good string `json:"good,omitempty"`
}

// Codes returns every code, in the order of the pages.
func Codes() []Info {
	var all []Info
	for _, group := range [][]Info{syntaxCodes, typeCodes, graphCodes, scaleCodes, goCodes, configCodes, buildCodes, componentCodes, foreignCodes, targetCodes, flowctlCodes} {
		all = append(all, group...)
	}
	return all
}

// Lookup returns the page of a code.
func Lookup(code Code) (Info, bool) {
	for _, info := range Codes() {
		if info.Code == code {
			return info, true
		}
	}
	return Info{}, false
}
