package diag

import (
	"encoding/json"
	"io"
	"net/url"
	"unicode/utf8"

	"github.com/flowc-dev/flowc/ir/source"
)

// A Tool is how a SARIF file names the program that wrote it.
type Tool struct {
	Name, Version, URI string
}

// SARIF writes a list in the Static Analysis Results Interchange Format 2.1.0,
// with a rule for each code. path gives the name of a file from the root of the
// repository; nil takes the file's own name.
func SARIF(w io.Writer, l List, tool Tool, path func(*source.File) string) error {
	if path == nil {
		path = func(f *source.File) string { return f.Name }
	}
	s := sarif{path: path, rules: map[Code]int{}}
	driver := sarifDriver{Name: tool.Name, Version: tool.Version, InformationURI: tool.URI, Rules: []sarifRule{}}
	rule := func(info Info) {
		s.rules[info.Code] = len(driver.Rules)
		r := sarifRule{ID: info.Code}
		if info.Title != "" {
			r.ShortDescription = &sarifText{info.Title}
		}
		if info.Text != "" {
			r.FullDescription = &sarifText{info.Text}
		}
		driver.Rules = append(driver.Rules, r)
	}
	for _, info := range Codes() {
		rule(info)
	}
	results := []sarifResult{}
	for _, d := range l {
		if _, ok := s.rules[d.Code]; !ok && d.Code != "" {
			rule(Info{Code: d.Code})
		}
		results = append(results, s.result(d))
	}
	out := json.NewEncoder(w)
	out.SetIndent("", "  ")
	return out.Encode(sarifLog{
		Schema: "https://json.schemastore.org/sarif-2.1.0.json", Version: "2.1.0",
		Runs: []sarifRun{{Tool: sarifTool{driver}, ColumnKind: "unicodeCodePoints", Results: results}},
	})
}

type sarif struct {
	path  func(*source.File) string
	rules map[Code]int
}

func (s *sarif) result(d *Diagnostic) sarifResult {
	r := sarifResult{RuleID: d.Code, Level: d.Severity.String(), Message: sarifText{plain(d)}}
	if i, ok := s.rules[d.Code]; ok {
		r.RuleIndex = &i
	}
	if !d.Span.IsZero() {
		r.Locations = []sarifLocation{s.location(d.Span, d.Label, nil)}
	}
	related := func(at source.Span, text string) {
		if !at.IsZero() {
			id := len(r.RelatedLocations)
			r.RelatedLocations = append(r.RelatedLocations, s.location(at, text, &id))
		}
	}
	for _, l := range d.Labels {
		related(l.Span, l.Text)
	}
	for _, n := range d.Notes {
		related(n.Span, n.Text)
	}
	for _, f := range d.Fixes {
		if fix := s.fix(f); len(fix.ArtifactChanges) > 0 { // the format refuses empty ones
			r.Fixes = append(r.Fixes, fix)
		}
	}
	return r
}

func (s *sarif) location(at source.Span, text string, id *int) sarifLocation {
	l := sarifLocation{ID: id}
	l.PhysicalLocation.ArtifactLocation = s.artifact(at.File)
	region := sarifRegionOf(at)
	l.PhysicalLocation.Region = &region
	if text != "" {
		l.Message = &sarifText{text}
	}
	return l
}

// fix groups the edits of a fix by file, as SARIF wants them.
func (s *sarif) fix(f Fix) sarifFix {
	out := sarifFix{Description: sarifText{f.Title}, ArtifactChanges: []sarifChange{}}
	index := map[*source.File]int{}
	for _, e := range f.Edits {
		if e.Span.IsZero() {
			continue
		}
		i, ok := index[e.Span.File]
		if !ok {
			i = len(out.ArtifactChanges)
			index[e.Span.File] = i
			out.ArtifactChanges = append(out.ArtifactChanges, sarifChange{ArtifactLocation: s.artifact(e.Span.File)})
		}
		change := sarifReplacement{DeletedRegion: sarifRegionOf(e.Span)}
		if e.New != "" {
			change.InsertedContent = &sarifText{e.New}
		}
		out.ArtifactChanges[i].Replacements = append(out.ArtifactChanges[i].Replacements, change)
	}
	return out
}

func (s *sarif) artifact(f *source.File) sarifArtifact {
	return sarifArtifact{(&url.URL{Path: s.path(f)}).String()}
}

// sarifRegionOf counts columns in characters, as the file declares; bytes it
// has as well.
func sarifRegionOf(at source.Span) sarifRegion {
	from, to := at.Pos(), at.EndPos()
	column := func(p source.Position) int {
		start := p.Offset - (p.Column - 1)
		return utf8.RuneCount(at.File.Text[start:p.Offset]) + 1
	}
	return sarifRegion{from.Line, column(from), to.Line, column(to), from.Offset, to.Offset - from.Offset}
}

type (
	sarifLog struct {
		Schema  string     `json:"$schema"`
		Version string     `json:"version"`
		Runs    []sarifRun `json:"runs"`
	}
	sarifRun struct {
		Tool       sarifTool     `json:"tool"`
		ColumnKind string        `json:"columnKind"`
		Results    []sarifResult `json:"results"`
	}
	sarifTool struct {
		Driver sarifDriver `json:"driver"`
	}
	sarifDriver struct {
		Name           string      `json:"name"`
		Version        string      `json:"version,omitempty"`
		InformationURI string      `json:"informationUri,omitempty"`
		Rules          []sarifRule `json:"rules"`
	}
	sarifRule struct {
		ID               Code       `json:"id"`
		ShortDescription *sarifText `json:"shortDescription,omitempty"`
		FullDescription  *sarifText `json:"fullDescription,omitempty"`
	}
	sarifText struct {
		Text string `json:"text"`
	}
	sarifResult struct {
		RuleID           Code            `json:"ruleId,omitempty"`
		RuleIndex        *int            `json:"ruleIndex,omitempty"`
		Level            string          `json:"level"`
		Message          sarifText       `json:"message"`
		Locations        []sarifLocation `json:"locations,omitempty"`
		RelatedLocations []sarifLocation `json:"relatedLocations,omitempty"`
		Fixes            []sarifFix      `json:"fixes,omitempty"`
	}
	sarifLocation struct {
		ID               *int          `json:"id,omitempty"`
		PhysicalLocation sarifPhysical `json:"physicalLocation"`
		Message          *sarifText    `json:"message,omitempty"`
	}
	sarifPhysical struct {
		ArtifactLocation sarifArtifact `json:"artifactLocation"`
		Region           *sarifRegion  `json:"region,omitempty"`
	}
	sarifArtifact struct {
		URI string `json:"uri"`
	}
	sarifRegion struct {
		StartLine   int `json:"startLine"`
		StartColumn int `json:"startColumn"`
		EndLine     int `json:"endLine"`
		EndColumn   int `json:"endColumn"`
		ByteOffset  int `json:"byteOffset"`
		ByteLength  int `json:"byteLength"`
	}
	sarifFix struct {
		Description     sarifText     `json:"description"`
		ArtifactChanges []sarifChange `json:"artifactChanges"`
	}
	sarifChange struct {
		ArtifactLocation sarifArtifact      `json:"artifactLocation"`
		Replacements     []sarifReplacement `json:"replacements"`
	}
	sarifReplacement struct {
		DeletedRegion   sarifRegion `json:"deletedRegion"`
		InsertedContent *sarifText  `json:"insertedContent,omitempty"`
	}
)
