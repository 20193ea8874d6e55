package diag_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/flowc-dev/flowc/ir/diag"
	"github.com/flowc-dev/flowc/ir/source"
)

// The files under testdata/text are txtar archives: sources, a section `list`
// with diagnostics in a small notation (see readList), and a section `want`
// with their rendering. The comment on top may set width:, max: and color.
// FLOWC_UPDATE=1 writes the `want` sections.

func TestText(t *testing.T) {
	names, err := filepath.Glob("testdata/text/*.txtar")
	if err != nil || len(names) == 0 {
		t.Fatalf("no test files: %v", err)
	}
	for _, name := range names {
		t.Run(strings.TrimSuffix(filepath.Base(name), ".txtar"), func(t *testing.T) {
			text, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			a := readArchive(t, string(text))
			var got bytes.Buffer
			if err := diag.Text(&got, a.list(t), a.options(t)); err != nil {
				t.Fatal(err)
			}
			shown := strings.ReplaceAll(got.String(), "\x1b", "␛")
			if os.Getenv("FLOWC_UPDATE") != "" {
				before, _, _ := strings.Cut(string(text), "-- want --\n")
				if err := os.WriteFile(name, []byte(before+"-- want --\n"+shown), 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			if want := a.sections["want"]; shown != want {
				t.Errorf("got:\n%s\nwant:\n%s", shown, want)
			}
		})
	}
}

type archive struct {
	comment  string
	sections map[string]string
	files    map[string]*source.File
}

var sectionLine = regexp.MustCompile(`(?m)^-- (.+) --\n`)

func readArchive(t *testing.T, text string) *archive {
	t.Helper()
	a := &archive{sections: map[string]string{}, files: map[string]*source.File{}}
	at := sectionLine.FindAllStringSubmatchIndex(text, -1)
	if len(at) == 0 {
		t.Fatal("no sections")
	}
	a.comment = text[:at[0][0]]
	for i, m := range at {
		end := len(text)
		if i+1 < len(at) {
			end = at[i+1][0]
		}
		name, body := text[m[2]:m[3]], text[m[1]:end]
		a.sections[name] = body
		if name != "list" && name != "want" {
			body = strings.NewReplacer("␛", "\x1b", "␍", "\r").Replace(body)
			a.files[name] = source.NewFile(name, "", []byte(body))
		}
	}
	return a
}

func (a *archive) options(t *testing.T) (o diag.TextOptions) {
	t.Helper()
	for _, word := range strings.Fields(a.comment) {
		key, value, ok := strings.Cut(word, ":")
		n, _ := strconv.Atoi(value)
		switch {
		case key == "width" && ok:
			o.Width = n
		case key == "max" && ok:
			o.Max = n
		case word == "+color":
			o.Color = true
		case word == "+all":
			o.All = true
		}
	}
	return o
}

// list reads the diagnostics of an archive, one statement a line:
//
//	error CODE [FILE:LINE TEXT] MESSAGE        (or warning, or note)
//	caret TEXT
//	also [PLACE] TEXT
//	note TEXT
//	noteat [PLACE] TEXT
//	help TEXT
//	fix safe|unsafe [PLACE] "NEW" TITLE
//
// A place is the first TEXT in the line; `TEXT ~ LINE TEXT` reaches to another
// line, an empty TEXT is the end of the line, and [-] is nowhere.
func (a *archive) list(t *testing.T) (l diag.List) {
	t.Helper()
	for line := range strings.Lines(a.sections["list"]) {
		line = strings.TrimSpace(line)
		verb, rest, _ := strings.Cut(line, " ")
		var d *diag.Diagnostic
		if len(l) > 0 {
			d = l[len(l)-1]
		}
		switch verb {
		case "", "#":
		case "error", "warning", "note:":
			code, rest, _ := strings.Cut(rest, " ")
			at, message := a.place(t, rest)
			severity := map[string]diag.Severity{"error": diag.Error, "warning": diag.Warning, "note:": diag.Note}[verb]
			l.Add(&diag.Diagnostic{Code: diag.Code(code), Severity: severity, Span: at, Message: unescape(message)})
		case "caret":
			d.Caret("%s", rest)
		case "also":
			at, text := a.place(t, rest)
			d.Also(at, "%s", text)
		case "note":
			d.Notef("%s", unescape(rest))
		case "noteat":
			at, text := a.place(t, rest)
			d.NoteAt(at, "%s", text)
		case "help":
			d.Helpf("%s", unescape(rest))
		case "fix":
			safe, rest, _ := strings.Cut(rest, " ")
			at, rest := a.place(t, rest)
			quoted, err := strconv.QuotedPrefix(rest)
			if err != nil {
				t.Fatalf("%s: %v", line, err)
			}
			text, _ := strconv.Unquote(quoted)
			d.Fix(diag.Fix{Title: strings.TrimSpace(rest[len(quoted):]), Safe: safe == "safe", Edits: []diag.Edit{{Span: at, New: text}}})
		default:
			t.Fatalf("unknown statement: %s", line)
		}
	}
	return l
}

func unescape(s string) string { return strings.NewReplacer(`\n`, "\n", "␛", "\x1b").Replace(s) }

var placeForm = regexp.MustCompile(`^\[(?:-|([^:\]]+):(\d+) (.*?)(?: ~ (\d+) (.*?))?)\](?: (.*))?$`)

func (a *archive) place(t *testing.T, s string) (source.Span, string) {
	t.Helper()
	m := placeForm.FindStringSubmatch(s)
	if m == nil {
		t.Fatalf("no place: %s", s)
	}
	if m[1] == "" {
		return source.Span{}, m[6]
	}
	f := a.files[m[1]]
	if f == nil {
		t.Fatalf("no file %s", m[1])
	}
	find := func(number, text string) (int, int) {
		n, _ := strconv.Atoi(number)
		start := f.Offset(n, 1)
		if text == "" {
			return start + len(f.Line(n)), start + len(f.Line(n))
		}
		i := strings.Index(string(f.Line(n)), text)
		if i < 0 {
			t.Fatalf("no %q in line %d", text, n)
		}
		return start + i, start + i + len(text)
	}
	from, to := find(m[2], m[3])
	if m[4] != "" {
		_, to = find(m[4], m[5])
	}
	return source.Span{File: f, Start: from, End: to}, m[6]
}

func TestTextNothing(t *testing.T) {
	var b bytes.Buffer
	if err := diag.Text(&b, nil, diag.TextOptions{}); err != nil || b.Len() > 0 {
		t.Errorf("an empty list gives %q, %v", b.String(), err)
	}
}

// Errors come before warnings where not all are shown.
func TestTextShowsErrorsFirst(t *testing.T) {
	f := source.NewFile("p.yaml", "", []byte(strings.Repeat("a\n", 40)))
	var l diag.List
	for i := range 30 {
		l.Warningf("w", source.Span{File: f, Start: 2 * i, End: 2*i + 1}, "warning %d", i)
	}
	l.Errorf("e", source.Span{File: f, Start: 78, End: 79}, "the error")
	var b bytes.Buffer
	if err := diag.Text(&b, l, diag.TextOptions{Max: 3}); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"the error", "warning 0 ", "warning 1 ", "… and 28 more (--all shows them)", "1 error, 30 warnings"} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("%q is missing in\n%s", want, b.String())
		}
	}
	if strings.Contains(b.String(), "warning 2") {
		t.Errorf("more than three are shown:\n%s", b.String())
	}
}

// Every span of a text renders without a panic, and the underline is never
// longer than the line is wide.
func TestTextAnySpan(t *testing.T) {
	text := "a\tb: \"é日本\" # 🙂\n\n  x: |\r\n    if y {\n\t}\n" + strings.Repeat("long ", 60) + "\nend"
	f := source.NewFile("p.yaml", "", []byte(text))
	for from := 0; from <= len(text); from++ {
		for to := from; to <= min(len(text), from+90); to += 1 + (to-from)/8 {
			var l diag.List
			l.Errorf("c", source.Span{File: f, Start: from, End: to}, "m").Caret("c").
				Also(source.Span{File: f, Start: to, End: len(text)}, "l").NoteAt(source.Span{File: f, Start: from, End: to}, "n")
			var b bytes.Buffer
			if err := diag.Text(&b, l, diag.TextOptions{Width: 60}); err != nil {
				t.Fatal(err)
			}
			for line := range strings.Lines(b.String()) {
				if n := len([]rune(line)); n > 70 {
					t.Fatalf("span %d-%d: a line of %d runes:\n%s", from, to, n, b.String())
				}
			}
		}
	}
}

func ExampleText() {
	f := source.NewFile("orders.yaml", "", []byte("processors:\n  big:\n    filtr: in.Total > 0\n"))
	var l diag.List
	at := source.Span{File: f, Start: 23, End: 28}
	l.Errorf("unknown-field", at, "`filtr` is not a field of a processor").Near("filtr", []string{"filter", "from", "map"})
	_ = diag.Text(os.Stdout, l, diag.TextOptions{})
	fmt.Println()
	// Output:
	// orders.yaml:3:5: error: `filtr` is not a field of a processor [unknown-field]
	//   |
	// 3 |     filtr: in.Total > 0
	//   |     ^^^^^ did you mean `filter`?
	//
	// 1 error
}
