package diag

import "github.com/flowc-dev/flowc/ir/source"

// A JSONDiagnostic is a diagnostic as `--format json` gives it. Lists are never
// null. Offsets count bytes from 0, lines and columns from 1, columns in bytes;
// ends are exclusive.
type JSONDiagnostic struct {
	Code     Code        `json:"code"`
	Severity string      `json:"severity"` // error, warning or note
	Message  string      `json:"message"`
	File     string      `json:"file"` // "" where there is no text
	Range    JSONRange   `json:"range"`
	Label    string      `json:"label,omitempty"` // what is said at the range itself
	Labels   []JSONPlace `json:"labels"`
	Notes    []JSONPlace `json:"notes"`
	Help     []string    `json:"help"`
	Fixes    []JSONFix   `json:"fixes"`
}

// A JSONRange is a stretch of a file.
type JSONRange struct {
	Start source.Position `json:"start"`
	End   source.Position `json:"end"`
}

// A JSONPlace is a sentence with its place; without one File is "" and Range
// nil.
type JSONPlace struct {
	Text  string     `json:"text"`
	File  string     `json:"file,omitempty"`
	Range *JSONRange `json:"range,omitempty"`
}

// A JSONFix is a way to mend a mistake; a safe one may be applied without
// asking.
type JSONFix struct {
	Title string     `json:"title"`
	Safe  bool       `json:"safe"`
	Edits []JSONEdit `json:"edits"`
}

// A JSONEdit replaces a range of a file.
type JSONEdit struct {
	File  string    `json:"file"`
	Range JSONRange `json:"range"`
	New   string    `json:"new"`
}

// JSON converts a list to what is encoded as the diagnostics of a command. path
// gives the name of a file as whoever reads them can open it; nil takes the
// file's own name.
func JSON(l List, path func(*source.File) string) []JSONDiagnostic {
	if path == nil {
		path = func(f *source.File) string { return f.Name }
	}
	out := make([]JSONDiagnostic, 0, len(l))
	for _, d := range l {
		j := JSONDiagnostic{
			Code: d.Code, Severity: d.Severity.String(), Message: d.Message, Label: d.Label,
			Range:  jsonRange(d.Span),
			Labels: []JSONPlace{}, Notes: []JSONPlace{}, Help: append([]string{}, d.Help...), Fixes: []JSONFix{},
		}
		if !d.Span.IsZero() {
			j.File = path(d.Span.File)
		}
		for _, l := range d.Labels {
			j.Labels = append(j.Labels, jsonPlace(l.Text, l.Span, path))
		}
		for _, n := range d.Notes {
			j.Notes = append(j.Notes, jsonPlace(n.Text, n.Span, path))
		}
		for _, f := range d.Fixes {
			fix := JSONFix{Title: f.Title, Safe: f.Safe, Edits: []JSONEdit{}}
			for _, e := range f.Edits {
				if !e.Span.IsZero() {
					fix.Edits = append(fix.Edits, JSONEdit{path(e.Span.File), jsonRange(e.Span), e.New})
				}
			}
			j.Fixes = append(j.Fixes, fix)
		}
		out = append(out, j)
	}
	return out
}

func jsonPlace(text string, at source.Span, path func(*source.File) string) JSONPlace {
	p := JSONPlace{Text: text}
	if !at.IsZero() {
		r := jsonRange(at)
		p.File, p.Range = path(at.File), &r
	}
	return p
}

func jsonRange(at source.Span) JSONRange { return JSONRange{at.Pos(), at.EndPos()} }
