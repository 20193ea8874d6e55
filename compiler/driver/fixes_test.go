package driver

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/flowc-dev/flowc/ir/diag"
)

// Each fix that a diagnostic of the corpus offers takes that diagnostic away.
func TestFixesMend(t *testing.T) {
	files, _ := filepath.Glob(corpus + "/*.yaml")
	fixes := 0
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		text = withoutRemarks(string(text))
		name := filepath.Base(file)
		before := compileText(t, name, text).Diagnostics
		for _, d := range before {
			for _, fix := range d.Fixes {
				fixes++
				mended := edited(text, fix)
				after := compileText(t, name, mended).Diagnostics
				same := func(l diag.List) (n int) {
					for _, o := range l {
						if o.Code == d.Code && o.Message == d.Message && o.Span.Line() == d.Span.Line() {
							n++
						}
					}
					return n
				}
				if same(after) >= same(before) {
					t.Errorf("%v\nis still there after: %s\n%s", d, fix.Title, changedLines(text, mended))
				}
				for _, o := range after {
					if strings.HasPrefix(string(o.Code), "yaml-") && !slices.ContainsFunc(before, func(b *diag.Diagnostic) bool { return b.Code == o.Code }) {
						t.Errorf("%v\nis mended by %s into %v\n%s", d, fix.Title, o, changedLines(text, mended))
					}
				}
			}
		}
	}
	if fixes < 60 {
		t.Errorf("the corpus has %d fixes; there were more than 60", fixes)
	}
}

// withoutRemarks takes the remarks out, so that they are in no edit's way.
func withoutRemarks(text string) []byte {
	var lines []string
	for _, line := range strings.Split(text, "\n") {
		for _, word := range []string{"# ERROR ", "# WARNING "} {
			if i := strings.Index(line, word); i >= 0 && remark.MatchString(line[i:]) {
				line = strings.TrimRight(line[:i], " ")
			}
		}
		lines = append(lines, line)
	}
	return []byte(strings.Join(lines, "\n"))
}

// edited applies the edits of a fix.
func edited(text []byte, fix diag.Fix) []byte {
	edits := slices.Clone(fix.Edits)
	slices.SortFunc(edits, func(a, b diag.Edit) int { return b.Span.Start - a.Span.Start })
	out := string(text)
	for _, e := range edits {
		out = out[:e.Span.Start] + e.New + out[e.Span.End:]
	}
	return []byte(out)
}

// changedLines shows what an edit did.
func changedLines(before, after []byte) string {
	a, b := strings.Split(string(before), "\n"), strings.Split(string(after), "\n")
	for len(a) > 0 && len(b) > 0 && a[0] == b[0] {
		a, b = a[1:], b[1:]
	}
	for len(a) > 0 && len(b) > 0 && a[len(a)-1] == b[len(b)-1] {
		a, b = a[:len(a)-1], b[:len(b)-1]
	}
	return "- " + strings.Join(a, "\n- ") + "\n+ " + strings.Join(b, "\n+ ")
}
