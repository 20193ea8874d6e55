package diag_test

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"github.com/flowc-dev/flowc/ir/diag"
	"github.com/flowc-dev/flowc/ir/source"
)

// sample is a diagnostic with all that one can have, behind text that is not
// ASCII.
func sample() (diag.List, *source.File) {
	f := source.NewFile("dir/a b.yaml", "", []byte("é: in.Totl\nx: |\n  y\n"))
	var l diag.List
	l.Errorf("go-type", source.Span{File: f, Start: 7, End: 11}, "100%% wrong: in.Totl\nundefined").
		Caret("did you mean `Total`?").
		Also(source.Span{File: f, Start: 0, End: 2}, "this key").
		Notef("a note").
		NoteAt(source.Span{File: f, Start: 12, End: 20}, "over lines").
		Helpf("do this").
		Replace(source.Span{File: f, Start: 7, End: 11}, "Total", "write `Total`").
		Fix(diag.Fix{Title: "nothing to edit"})
	l.Warningf("other-code", source.Span{File: f, Start: 12, End: 20}, "a warning")
	l.Add(&diag.Diagnostic{Code: diag.GoInYAML, Severity: diag.Note, Message: "nowhere"})
	return l, f
}

func TestJSON(t *testing.T) {
	l, _ := sample()
	b, err := json.Marshal(diag.JSON(l, nil))
	if err != nil {
		t.Fatal(err)
	}
	var got []struct {
		Code, Severity, Message, File, Label string
		Range                                struct {
			Start, End struct{ Line, Column, Offset int }
		}
		Labels, Notes []struct {
			Text, File string
			Range      *struct {
				Start, End struct{ Line, Column, Offset int }
			}
		}
		Help  []string
		Fixes []struct {
			Title string
			Safe  bool
			Edits []struct {
				File, New string
				Range     struct{ Start, End struct{ Offset int } }
			}
		}
	}
	if err := json.Unmarshal(b, &got); err != nil {
		t.Fatal(err)
	}
	if len(got) != 3 {
		t.Fatalf("%d diagnostics", len(got))
	}
	d := got[0]
	if d.Code != "go-type" || d.Severity != "error" || d.File != "dir/a b.yaml" || d.Message != "100% wrong: in.Totl\nundefined" || d.Label != "did you mean `Total`?" {
		t.Errorf("got %+v", d)
	}
	if s := d.Range.Start; s.Line != 1 || s.Column != 8 || s.Offset != 7 || d.Range.End.Column != 12 {
		t.Errorf("range %+v: columns count bytes from 1, ends are exclusive", d.Range)
	}
	if len(d.Labels) != 1 || d.Labels[0].Text != "this key" || d.Labels[0].Range.Start.Column != 1 {
		t.Errorf("labels %+v", d.Labels)
	}
	if len(d.Notes) != 2 || d.Notes[0].Range != nil || d.Notes[0].File != "" || d.Notes[1].Range.End.Line != 3 {
		t.Errorf("notes %+v", d.Notes)
	}
	if len(d.Fixes) != 2 || !d.Fixes[0].Safe || d.Fixes[0].Edits[0].New != "Total" || d.Fixes[0].Edits[0].Range.End.Offset != 11 {
		t.Errorf("fixes %+v", d.Fixes)
	}
	if strings.Contains(string(b), "null") {
		t.Errorf("a list is null: %s", b)
	}
	if string(b[:1]) != "[" || got[2].File != "" {
		t.Errorf("a diagnostic without a place: %+v", got[2])
	}
	if b, _ := json.Marshal(diag.JSON(nil, nil)); string(b) != "[]" {
		t.Errorf("no diagnostics give %s", b)
	}
}

func TestGitHub(t *testing.T) {
	l, _ := sample()
	var b bytes.Buffer
	if err := diag.GitHub(&b, l, func(f *source.File) string { return "pipelines,x/" + f.Name }); err != nil {
		t.Fatal(err)
	}
	want := "::error file=pipelines%2Cx/dir/a b.yaml,line=1,col=8,endColumn=12,title=go-type::100%25 wrong: in.Totl%0Aundefined: did you mean `Total`?" +
		"%0Adir/a b.yaml:1:1: this key%0Anote: a note%0Adir/a b.yaml:2:1: note: over lines%0Ahelp: do this%0Ahelp: write `Total`%0Ahelp: nothing to edit\n" +
		"::warning file=pipelines%2Cx/dir/a b.yaml,line=2,endLine=3,title=other-code::a warning\n" +
		"::notice title=go-in-yaml::nowhere\n"
	if b.String() != want {
		t.Errorf("got:\n%swant:\n%s", b.String(), want)
	}
}

func TestSARIF(t *testing.T) {
	l, _ := sample()
	var b bytes.Buffer
	if err := diag.SARIF(&b, l, diag.Tool{Name: "flowc", Version: "1.2.3"}, nil); err != nil {
		t.Fatal(err)
	}
	type region struct{ StartLine, StartColumn, EndLine, EndColumn, ByteOffset, ByteLength int }
	type location struct {
		ID               *int
		Message          struct{ Text string }
		PhysicalLocation struct {
			ArtifactLocation struct{ URI string }
			Region           region
		}
	}
	var log struct {
		Version string
		Runs    []struct {
			ColumnKind string
			Tool       struct {
				Driver struct {
					Name, Version string
					Rules         []struct {
						ID               string
						ShortDescription struct{ Text string }
					}
				}
			}
			Results []struct {
				RuleID                      string
				RuleIndex                   int
				Level                       string
				Message                     struct{ Text string }
				Locations, RelatedLocations []location
				Fixes                       []struct {
					ArtifactChanges []struct {
						ArtifactLocation struct{ URI string }
						Replacements     []struct {
							DeletedRegion   region
							InsertedContent struct{ Text string }
						}
					}
				}
			}
		}
	}
	dec := json.NewDecoder(bytes.NewReader(b.Bytes()))
	if err := dec.Decode(&log); err != nil {
		t.Fatal(err)
	}
	if log.Version != "2.1.0" || len(log.Runs) != 1 || log.Runs[0].ColumnKind != "unicodeCodePoints" {
		t.Fatalf("got %+v", log)
	}
	run := log.Runs[0]
	if len(run.Results) != len(l) || run.Tool.Driver.Name != "flowc" || run.Tool.Driver.Version != "1.2.3" {
		t.Errorf("got %+v", run)
	}
	// Each result names its rule, and every code of the pages is a rule.
	ids := map[string]bool{}
	for _, r := range run.Tool.Driver.Rules {
		if ids[r.ID] {
			t.Errorf("the rule %s is there twice", r.ID)
		}
		ids[r.ID] = true
	}
	for _, info := range diag.Codes() {
		if !ids[string(info.Code)] {
			t.Errorf("no rule for %s", info.Code)
		}
	}
	for i, r := range run.Results {
		if run.Tool.Driver.Rules[r.RuleIndex].ID != r.RuleID || r.RuleID != string(l[i].Code) {
			t.Errorf("result %d: rule %d is %s, not %s", i, r.RuleIndex, run.Tool.Driver.Rules[r.RuleIndex].ID, r.RuleID)
		}
	}
	r := run.Results[0]
	at := r.Locations[0].PhysicalLocation
	if want := (region{1, 7, 1, 11, 7, 4}); at.Region != want || at.ArtifactLocation.URI != "dir/a%20b.yaml" {
		t.Errorf("place %+v, want %+v: columns count characters", at, want)
	}
	if len(r.RelatedLocations) != 2 || *r.RelatedLocations[1].ID != 1 || r.RelatedLocations[0].Message.Text != "this key" {
		t.Errorf("related %+v", r.RelatedLocations)
	}
	if len(r.Fixes) != 1 || r.Fixes[0].ArtifactChanges[0].Replacements[0].InsertedContent.Text != "Total" {
		t.Errorf("fixes %+v: one has an edit", r.Fixes)
	}
	if r.Level != "error" || run.Results[1].Level != "warning" || run.Results[2].Level != "note" || len(run.Results[2].Locations) != 0 {
		t.Errorf("levels or places: %+v", run.Results)
	}
}

func TestApply(t *testing.T) {
	f := source.NewFile("p.yaml", "", []byte("abcdef"))
	edit := func(from, to int, text string) diag.Edit {
		return diag.Edit{Span: source.Span{File: f, Start: from, End: to}, New: text}
	}
	for _, c := range []struct {
		edits []diag.Edit
		want  string // "!" and a part of the error
	}{
		{nil, "abcdef"},
		{[]diag.Edit{edit(3, 4, "X"), edit(0, 1, "")}, "bcXef"},
		{[]diag.Edit{edit(2, 2, "1"), edit(2, 2, "2"), edit(2, 3, "C")}, "ab12Cdef"},
		{[]diag.Edit{edit(0, 3, "x"), edit(3, 6, "y")}, "xy"},
		{[]diag.Edit{edit(6, 6, "!")}, "abcdef!"},
		{[]diag.Edit{edit(1, 4, "x"), edit(3, 5, "y")}, "!p.yaml:1:4: two edits overlap"},
		{[]diag.Edit{edit(1, 4, "x"), edit(2, 2, "y")}, "!overlap"},
		{[]diag.Edit{edit(4, 9, "x")}, "!the file has 6"},
		{[]diag.Edit{edit(4, 3, "x")}, "!bytes 4 to 3"},
		{[]diag.Edit{{Span: source.Span{}, New: "x"}}, "!another file"},
	} {
		got, err := diag.Apply(f, c.edits)
		if err != nil {
			if part, ok := strings.CutPrefix(c.want, "!"); !ok || !strings.Contains(err.Error(), part) {
				t.Errorf("%v: %v", c.edits, err)
			}
			continue
		}
		if string(got) != c.want {
			t.Errorf("%v: got %q, want %q", c.edits, got, c.want)
		}
	}
	if string(f.Text) != "abcdef" {
		t.Errorf("the file changed: %q", f.Text)
	}
}
