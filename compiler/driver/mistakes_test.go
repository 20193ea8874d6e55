package driver

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/flowc-dev/flowc/compiler/parse"
	"github.com/flowc-dev/flowc/ir/diag"
	"github.com/flowc-dev/flowc/ir/source"
)

// A mistake is one change of a valid pipeline that a person makes.
type mistake struct {
	kind string
	edit diag.Edit
}

func (m mistake) in(text string) string {
	return text[:m.edit.Span.Start] + m.edit.New + text[m.edit.Span.End:]
}

// mistakes are all places of a tree where a mistake of each kind can be made.
func mistakes(r *rand.Rand, n *parse.Node) []mistake {
	var out []mistake
	add := func(kind string, s source.Span, text string) {
		if string(s.File.Text[s.Start:s.End]) != text {
			out = append(out, mistake{kind, diag.Edit{Span: s, New: text}})
		}
	}
	var walk func(n *parse.Node)
	walk = func(n *parse.Node) {
		for _, m := range n.Members {
			if m.Key.Style == parse.Plain {
				add("key misspelt", m.Key.Span, misspelt(r, m.Key.Text))
			}
			add("key gone", entry(n, m), "")
			whole := entry(n, m)
			twice := string(whole.File.Text[whole.Start:whole.End])
			if n.Style == parse.Flow {
				twice = strings.TrimRight(twice, ", ") + ", "
			}
			add("key twice", source.Span{File: whole.File, Start: whole.Start, End: whole.Start}, twice)
			walk(m.Value)
		}
		for _, i := range n.Items {
			walk(i)
		}
		switch n.Kind {
		case parse.Mapping, parse.Sequence:
			if n.Style == parse.Flow {
				add("another type", n.Span, "word")
			}
		case parse.Null:
		default:
			if n.Style == parse.Literal || n.Style == parse.Folded {
				return
			}
			if n.Style == parse.Plain && n.Kind == parse.String {
				add("value misspelt", n.Span, misspelt(r, n.Text))
			}
			others := []string{"7", "true", "[a, b]", "{a: b}", "null", "word", "1.5", `""`}
			add("another type", n.Span, others[r.IntN(len(others))])
		}
	}
	walk(n)
	return out
}

// entry is the text of a member that can be taken out, or stand twice.
func entry(n *parse.Node, m *parse.Member) source.Span {
	s := source.Span{File: m.Key.Span.File, Start: m.Key.Span.Start, End: m.Value.Span.End}
	text := s.File.Text
	if n.Style != parse.Flow {
		for s.Start > 0 && text[s.Start-1] == ' ' {
			s.Start--
		}
		for s.End < len(text) && text[s.End-1] != '\n' {
			s.End++
		}
		return s
	}
	if rest := string(text[s.End:]); strings.HasPrefix(rest, ", ") {
		s.End += 2
	} else if strings.HasPrefix(rest, ",") {
		s.End++
	}
	return s
}

// misspelt is a word with one letter wrong.
func misspelt(r *rand.Rand, word string) string {
	if len(word) < 3 {
		return word + "x"
	}
	at := r.IntN(len(word) - 1)
	switch r.IntN(4) {
	case 0:
		return word[:at] + word[at+1:]
	case 1:
		return word[:at] + word[at:at+1] + word[at:]
	case 2:
		return word[:at] + word[at+1:at+2] + word[at:at+1] + word[at+2:]
	}
	return word[:at] + "q" + word[at+1:]
}

// One mistake in a valid pipeline is told once, or nearly so, whatever else it
// leaves without meaning: of a misspelt key there is never more than one error.
func TestOneMistake(t *testing.T) {
	type change struct {
		file, text string
		mistake
	}
	r := rand.New(rand.NewPCG(3, 5))
	var all []change
	for _, pattern := range []string{"../../testdata/pipelines/*/pipeline.yaml", "../../examples/*/pipeline.yaml"} {
		files, _ := filepath.Glob(pattern)
		for _, file := range files {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if strings.Contains(string(text), "./") {
				continue // loading Go of the user's takes its time
			}
			var l diag.List
			tree := parse.File(source.NewFile("m.yaml", "", text), parse.FormatYAML, &l)
			if tree == nil {
				t.Fatal(file, l)
			}
			for _, m := range mistakes(r, tree) {
				all = append(all, change{file, string(text), m})
			}
		}
	}
	r.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
	wrong, said := 0, 0
	for _, c := range all[:min(len(all), 500)] {
		text := c.in(c.text)
		at := c.edit.Span.Pos()
		what := fmt.Sprintf("%s:%d:%d: %s: %q", c.file, at.Line, at.Column, c.kind, c.edit.New)
		res, err := Compile(context.Background(), Options{File: "pipeline.yaml", Text: []byte(text), Dir: filepath.Dir(c.file), CacheDir: cacheDir})
		if err != nil {
			t.Fatalf("%s: %v\n%s", what, err, text)
		}
		n := res.Diagnostics.Count(diag.Error)
		if n == 0 {
			continue // it means something else now
		}
		wrong++
		said += n
		// A whole block that is gone takes its nodes along, and each who names one is
		// told.
		block := c.kind == "key gone" && at.Column == 1
		for _, d := range res.Diagnostics {
			checkPlaces(t, d, text)
			if n > 1 && d.Code == diag.UnknownKey && strings.Contains(d.Message, "is no key of a") || n > 5 && !block {
				t.Errorf("%s: it is said besides:\n%v", what, res.Diagnostics)
				break
			}
		}
	}
	if average := float64(said) / float64(wrong); wrong < 300 || average > 1.1 {
		t.Errorf("of %d mistakes %.2f errors are said on the average", wrong, average)
	}
}
