package diag_test

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/flowc-dev/flowc/ir/diag"
	"github.com/flowc-dev/flowc/ir/source"
)

func TestNearest(t *testing.T) {
	keys := []string{"from", "filter", "flatmap", "map", "route", "use", "config", "on_error", "parallel", "set", "unset"}
	for _, c := range []struct{ word, want string }{
		{"form", "from"}, // a swap is one mistake
		{"filtr", "filter"},
		{"fliter", "filter"},
		{"Filter", "filter"},
		{"on-error", "on_error"},
		{"onerror", "on_error"},
		{"paralle", "parallel"},
		{"conifg", "config"},
		{"mpa", "map"},
		{"sett", "set"},
		{"xyz", ""},
		{"", ""},
		{"window", ""},
		{"from", ""}, // the word itself is no suggestion
	} {
		if got := diag.Nearest(c.word, keys); got != c.want {
			t.Errorf("%q: got %q, want %q", c.word, got, c.want)
		}
	}
	// Of names that are equally near the answer does not depend on the order.
	names := []string{"bat", "cat", "hat"}
	if a, b := diag.Nearest("xat", names), diag.Nearest("xat", []string{"hat", "cat", "bat"}); a != b || a != "bat" {
		t.Errorf("got %q and %q", a, b)
	}
}

func TestNear(t *testing.T) {
	f := source.NewFile("p.yaml", "", []byte("form: x"))
	at := source.Span{File: f, Start: 0, End: 4}
	d := diag.Errorf("unknown-field", at, "m")
	if !d.Near("form", []string{"from", "map"}) || d.Label != "did you mean `from`?" {
		t.Errorf("got %+v", d)
	}
	text, err := diag.Apply(f, d.Fixes[0].Edits)
	if err != nil || string(text) != "from: x" || !d.Fixes[0].Safe {
		t.Errorf("the fix gives %q, %v", text, err)
	}
	d = diag.Errorf("unknown-field", at, "m").Caret("own words")
	if !d.Near("form", []string{"from"}) || d.Label != "own words" {
		t.Errorf("a label is kept: %+v", d)
	}
	if d.Near("form", []string{"window"}) {
		t.Error("nothing is near")
	}
}

func TestListSort(t *testing.T) {
	a := source.NewFile("a.yaml", "", []byte("0123456789"))
	b := source.NewFile("b.yaml", "", []byte("0123456789"))
	at := func(f *source.File, from, to int) source.Span { return source.Span{File: f, Start: from, End: to} }
	var l diag.List
	l.Errorf("z", at(b, 0, 1), "last")
	l.Warningf("w", at(a, 5, 6), "the warning")
	l.Errorf("e", at(a, 5, 6), "the error")
	l.Errorf("e", at(a, 5, 6), "the error")
	l.Errorf("e", at(a, 5, 6), "another error")
	l.Errorf("e", at(a, 2, 9), "longer")
	l.Errorf("e", at(a, 2, 3), "shorter")
	l.Errorf("n", source.Span{}, "nowhere")
	l.Sort()
	var got []string
	for _, d := range l {
		got = append(got, d.Message)
	}
	want := []string{"nowhere", "shorter", "longer", "another error", "the error", "the warning", "last"}
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	if !l.HasErrors() || l.Count(diag.Error) != 6 || l.Count(diag.Warning) != 1 || diag.Summary(l) != "6 errors, 1 warning" {
		t.Errorf("counts: %s", diag.Summary(l))
	}
	if got := l[4].Error(); got != "a.yaml:1:6: error: the error [e]" {
		t.Errorf("as an error: %s", got)
	}
}

// Codes are stable words with a page each.
func TestCodes(t *testing.T) {
	slug := regexp.MustCompile(`^[a-z]+(-[a-z]+)*$`)
	seen := map[diag.Code]bool{}
	for _, info := range diag.Codes() {
		switch {
		case !slug.MatchString(string(info.Code)):
			t.Errorf("%q: a code is words in lower case with hyphens", info.Code)
		case seen[info.Code]:
			t.Errorf("%s stands twice", info.Code)
		case info.Title == "" || strings.Contains(info.Title, "\n") || strings.HasSuffix(info.Title, "."):
			t.Errorf("%s: the title is one line without a full stop: %q", info.Code, info.Title)
		case len(info.Text) < 20:
			t.Errorf("%s: the text explains: %q", info.Code, info.Text)
		case info.Bad != "" && (info.Good == "" || info.Good == info.Bad):
			t.Errorf("%s: a bad example needs a good one", info.Code)
		}
		seen[info.Code] = true
		if got, ok := diag.Lookup(info.Code); !ok || got.Title != info.Title {
			t.Errorf("%s is not found", info.Code)
		}
	}
	if _, ok := diag.Lookup("no-such-code"); ok {
		t.Error("a code that is none has a page")
	}
}

// Of many places of one mistake the first few are shown.
func TestAgain(t *testing.T) {
	f := source.NewFile("p", "", []byte("0123456789"))
	at := func(i int) source.Span { return source.Span{File: f, Start: i, End: i + 1} }
	for n, want := range map[int]string{0: "", 4: "", 5: "and in one more place", 9: "and in 5 more places"} {
		d := diag.Errorf(diag.GoType, at(0), "undefined: x").Notef("a fact")
		for i := range n {
			d.Again(at(i+1), "and here")
		}
		note := ""
		if len(d.Notes) > 1 {
			note = d.Notes[1].Text
		}
		if len(d.Labels) != min(n, 4) || note != want || len(d.Notes) > 2 {
			t.Errorf("%d places: %d are shown, and %v is said", n, len(d.Labels), d.Notes)
		}
	}
}
