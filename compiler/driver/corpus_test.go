package driver

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/flowc-dev/flowc/ir/diag"
)

// The corpus of mistakes is testdata/diag: pipelines whose lines say what the
// compiler must say about them, and where.
//
//	filtr: in.Total > 0   # ERROR unknown-key@5 "`filtr` is no key"
//
// The number is the column, in bytes. Where a line can't hold a comment, the
// remark stands at the end of the file with the line before the column:
//
//	# ERROR must-return@12:9 "…"
//
// FLOWC_UPDATE=1 writes the remarks anew: read what it wrote.
const corpus = "../../testdata/diag"

var remark = regexp.MustCompile("# (ERROR|WARNING) ([a-z0-9-]+)@(?:([0-9]+):)?([0-9]+) \"(.*)\"$")

// cacheDir keeps where export files are, so that the go command is asked once.
var cacheDir string

func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "flowc-driver")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	cacheDir = dir
	code := m.Run()
	_ = os.RemoveAll(dir)
	os.Exit(code)
}

// A said is what a diagnostic is compared by.
type said struct {
	severity, code string
	line, column   int
	message        string
}

func (s said) String() string {
	return fmt.Sprintf("%d:%d: %s %s: %s", s.line, s.column, s.severity, s.code, s.message)
}

// remarks reads the remarks of a file.
func remarks(text string) []said {
	var out []said
	for i, line := range strings.Split(text, "\n") {
		for {
			m := remark.FindStringSubmatchIndex(line)
			if m == nil {
				break
			}
			group := func(n int) string {
				if m[2*n] < 0 {
					return ""
				}
				return line[m[2*n]:m[2*n+1]]
			}
			// Several remarks may stand behind one another.
			message, rest := group(5), ""
			if j := strings.Index(message, "\" # "); j >= 0 {
				message, rest = message[:j], message[j+2:]+"\""
			}
			s := said{severity: strings.ToLower(group(1)), code: group(2), line: i + 1, message: message}
			s.column, _ = strconv.Atoi(group(4))
			if group(3) != "" {
				s.line, _ = strconv.Atoi(group(3))
			}
			out = append(out, s)
			line = rest
		}
	}
	return out
}

func saidBy(l diag.List) []said {
	var out []said
	for _, d := range l {
		pos := d.Span.Pos()
		out = append(out, said{d.Severity.String(), string(d.Code), pos.Line, pos.Column, d.Message})
	}
	return out
}

func compileText(t *testing.T, name string, text []byte) *Result {
	t.Helper()
	r, err := Compile(context.Background(), Options{File: name, Text: text, Dir: filepath.Dir(name), Connectors: testConnectors, Verify: true, CacheDir: cacheDir})
	if err != nil {
		var stack string
		if b, ok := err.(*BugError); ok {
			stack = b.Stack
		}
		t.Fatalf("%s: %v\n%s", name, err, stack)
	}
	return r
}

func TestCorpus(t *testing.T) {
	files, err := filepath.Glob(corpus + "/*.yaml")
	if err != nil || len(files) < 10 {
		t.Fatalf("no corpus: %v, %d files", err, len(files))
	}
	mistakes := 0
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if os.Getenv("FLOWC_UPDATE") != "" {
				text = annotate(t, file, string(text))
				if err := os.WriteFile(file, text, 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want := remarks(string(text))
			mistakes += len(want)
			got := saidBy(compileText(t, filepath.Base(file), text).Diagnostics)
			for _, g := range got {
				i := slices.IndexFunc(want, func(w said) bool {
					return w.severity == g.severity && w.code == g.code && w.line == g.line && w.column == g.column && strings.Contains(g.message, w.message)
				})
				if i < 0 {
					t.Errorf("unexpected: %s", g)
					continue
				}
				want = slices.Delete(want, i, i+1)
			}
			for _, w := range want {
				t.Errorf("not said: %s", w)
			}
		})
	}
	if mistakes < 80 {
		t.Errorf("the corpus has %d mistakes, and 80 is the least", mistakes)
	}
}

// annotate writes the remarks of a file from what the compiler says.
func annotate(t *testing.T, name, text string) []byte {
	var lines []string
	for _, line := range strings.Split(strings.TrimRight(text, "\n"), "\n") {
		if m := remark.FindStringIndex(line); m != nil {
			line = strings.TrimRight(line[:m[0]], " ")
			if line == "" {
				continue
			}
		}
		lines = append(lines, line)
	}
	plain := strings.Join(lines, "\n") + "\n"
	base := saidBy(compileText(t, filepath.Base(name), []byte(plain)).Diagnostics)
	var footer []string
	for _, s := range base {
		text := fmt.Sprintf("# %s %s@%d %q", strings.ToUpper(s.severity), s.code, s.column, s.message)
		text = strings.ReplaceAll(text, `\"`, `"`)
		text = strings.ReplaceAll(text, `\\`, `\`)
		if s.line > 0 && s.line <= len(lines) {
			changed := slices.Clone(lines)
			changed[s.line-1] += "  " + text
			if strings.HasSuffix(lines[s.line-1], "\"") && remark.MatchString(lines[s.line-1]) {
				changed[s.line-1] = lines[s.line-1] + " " + text
			}
			again := saidBy(compileText(t, filepath.Base(name), []byte(strings.Join(changed, "\n")+"\n")).Diagnostics)
			if slices.Equal(base, again) {
				lines = changed
				continue
			}
		}
		footer = append(footer, strings.Replace(text, "@", "@"+strconv.Itoa(s.line)+":", 1))
	}
	return []byte(strings.Join(append(lines, footer...), "\n") + "\n")
}
