package parse_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/flowc-dev/flowc/compiler/parse"
	"github.com/flowc-dev/flowc/ir/diag"
	"github.com/flowc-dev/flowc/ir/source"
)

// A writer spells a text in one style and notes where each rune went.
type spelling struct {
	b  strings.Builder
	at map[int]int // offset in the text -> offset in the file
}

// spellers write `k: TEXT` in each style; runes of the text come from alphabet.
var spellers = []struct {
	name     string
	format   parse.Format
	alphabet string
	spell    func(s *spelling, text string, r *rand.Rand)
}{
	{"plain", parse.FormatYAML, "abé日🙂=.(", func(s *spelling, text string, r *rand.Rand) {
		s.b.WriteString("é: # c\n  ")
		s.each(text, func(c rune) string { return string(c) })
		s.b.WriteString("  # c")
	}},
	{"plain lines", parse.FormatYAML, "abé日🙂=. ", func(s *spelling, text string, r *rand.Rand) {
		s.b.WriteString("é: ")
		s.each(text, func(c rune) string {
			if c == ' ' && r.IntN(2) == 0 {
				return " \r\n \t "
			}
			return string(c)
		})
	}},
	{"single", parse.FormatYAML, "a'é日🙂#:{ \t", func(s *spelling, text string, r *rand.Rand) {
		s.b.WriteString("[é, 'x''y', '")
		s.each(text, func(c rune) string {
			if c == '\'' {
				return "''"
			}
			return string(c)
		})
		s.b.WriteString("']")
	}},
	{"double", parse.FormatYAML, "a\"\\é日🙂#\n\x01 ", func(s *spelling, text string, r *rand.Rand) {
		s.b.WriteString("é: \"")
		s.each(text, func(c rune) string {
			switch {
			case c == '\n':
				return `\n`
			case c == '"' || c == '\\':
				return `\` + string(c)
			case c < ' ':
				return fmt.Sprintf(`\x%02x`, c)
			case c > 0xffff && r.IntN(2) == 0:
				return fmt.Sprintf(`\U%08X`, c)
			case c > 'z' && c <= 0xffff && r.IntN(2) == 0:
				return fmt.Sprintf(`\u%04x`, c)
			case c == 'a' && r.IntN(3) == 0:
				return "\\\r\n  \t a"
			}
			return string(c)
		})
		s.b.WriteString("\"")
	}},
	{"literal", parse.FormatYAML, "ab\"'é日🙂#:\n\t ", func(s *spelling, text string, r *rand.Rand) {
		s.b.WriteString("p:\n - é: |- # c\n     ")
		s.each(text, func(c rune) string {
			if c == '\n' {
				return []string{"\n     ", "\r\n     "}[r.IntN(2)]
			}
			return string(c)
		})
		s.b.WriteString("\n# end\n")
	}},
	{"folded", parse.FormatYAML, "abé日🙂# ", func(s *spelling, text string, r *rand.Rand) {
		s.b.WriteString("é: >-\n  ")
		s.each(text, func(c rune) string {
			if c == ' ' && r.IntN(2) == 0 {
				return "\n  "
			}
			return string(c)
		})
	}},
	{"JSON", parse.FormatJSON, "a\"\\é日🙂#\n\t ", func(s *spelling, text string, r *rand.Rand) {
		s.b.WriteString("[\"é\\n\", \"")
		s.each(text, func(c rune) string {
			switch {
			case c == '\n':
				return `\n`
			case c == '\t':
				return `\t`
			case c == '"' || c == '\\':
				return `\` + string(c)
			case c > 0xffff && r.IntN(2) == 0:
				return `\ud83d\ude42`
			case c > 'z' && c <= 0xffff && r.IntN(2) == 0:
				return fmt.Sprintf(`\u%04x`, c)
			}
			return string(c)
		})
		s.b.WriteString("\"]")
	}},
	{"CUE", parse.FormatCUE, "a\"\\é日🙂#\n ", func(s *spelling, text string, r *rand.Rand) {
		s.b.WriteString("\"é\": [\"")
		s.each(text, func(c rune) string {
			switch {
			case c == '\n':
				return `\n`
			case c == '"' || c == '\\':
				return `\` + string(c)
			case c > 'z' && c <= 0xffff && r.IntN(2) == 0:
				return fmt.Sprintf(`\u%04x`, c)
			}
			return string(c)
		})
		s.b.WriteString("\"]")
	}},
	{"CUE lines", parse.FormatCUE, "aé日🙂#\n ", func(s *spelling, text string, r *rand.Rand) {
		s.b.WriteString("x: {\n\té: #\"\"\"\n\t\t")
		s.each(text, func(c rune) string {
			if c == '\n' {
				return "\n\t\t"
			}
			return string(c)
		})
		s.b.WriteString("\n\t\t\"\"\"#\n}")
	}},
}

func (s *spelling) each(text string, spell func(rune) string) {
	for i, c := range text {
		written := spell(c)
		at := s.b.Len()
		// What joins lines before a rune is not where the rune stands.
		if j := strings.LastIndexAny(written, " \t\n"); c != ' ' && c != '\n' && j >= 0 && j+1 < len(written) {
			at += j + 1
		}
		s.at[i] = at
		s.b.WriteString(written)
	}
	s.at[len(text)] = s.b.Len()
}

// Random texts in each style come back as they were, and every rune is found
// where it was written.
func TestOrigin(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for _, sp := range spellers {
		t.Run(sp.name, func(t *testing.T) {
			alphabet := []rune(sp.alphabet)
			for range 300 {
				var text strings.Builder
				text.WriteByte('x')
				for range r.IntN(20) {
					text.WriteRune(alphabet[r.IntN(len(alphabet))])
				}
				text.WriteByte('y')
				want := text.String()
				if strings.HasPrefix(sp.name, "plain") || sp.name == "folded" {
					want = strings.Join(strings.Fields(want), " ")
				}
				if sp.name == "plain" {
					want = strings.ReplaceAll(want, ". ", ".")
				}
				s := &spelling{at: map[int]int{}}
				sp.spell(s, want, r)
				n := lastScalar(read(t, sp.format, s.b.String()))
				if n.Text != want {
					t.Fatalf("%q: got %q, want %q", s.b.String(), n.Text, want)
				}
				for i := range want {
					if got := n.Origin(i); got != s.at[i] {
						t.Fatalf("%q: byte %d of %q is at %d, not at %d", s.b.String(), i, want, got, s.at[i])
					}
				}
				if got := n.Origin(len(want)); got != s.at[len(want)] {
					t.Fatalf("%q: the end of %q is at %d, not at %d", s.b.String(), want, got, s.at[len(want)])
				}
				from := r.IntN(len(want))
				to := from + 1 + r.IntN(len(want)-from)
				for !utf8.RuneStart(want[from]) {
					from--
				}
				for to < len(want) && !utf8.RuneStart(want[to]) {
					to++
				}
				if sub := n.SubSpan(from, to); sub.Start != s.at[from] || to == len(want) && sub.End != s.at[to] || sub.End > s.at[to] {
					t.Fatalf("%q: [%d,%d) of %q is %q", s.b.String(), from, to, want, sub.Text())
				}
			}
		})
	}
}

// lastScalar is the last scalar of a tree, in the order of the text.
func lastScalar(n *parse.Node) *parse.Node {
	for {
		switch {
		case len(n.Items) > 0:
			n = n.Items[len(n.Items)-1]
		case len(n.Members) > 0:
			n = n.Members[len(n.Members)-1].Value
		default:
			return n
		}
	}
}

func TestSubSpan(t *testing.T) {
	n := read(t, parse.FormatYAML, "k: \"a\\u00e9b\\n\\\"c\\\"\"\n").Get("k")
	if n.Text != "aéb\n\"c\"" {
		t.Fatalf("got %q", n.Text)
	}
	for _, c := range []struct {
		from, to int
		want     string
	}{
		{0, 1, "a"}, {1, 3, `\u00e9`}, {2, 3, `\u00e9`}, {0, 4, `a\u00e9b`}, {4, 5, `\n`}, {5, 8, `\"c\"`}, {6, 7, "c"}, {3, 3, ""}, {-3, 99, `a\u00e9b\n\"c\"`},
	} {
		if got := n.SubSpan(c.from, c.to).Text(); got != c.want {
			t.Errorf("[%d,%d): got %q, want %q", c.from, c.to, got, c.want)
		}
	}
	// A computed text cannot be followed: its places are the whole expression.
	n = read(t, parse.FormatCUE, "n: 3\nk: \"in.A > \\(n)\"\n").Get("k")
	if n.Text != "in.A > 3" || n.Exact() || n.SubSpan(2, 4).Text() != `"in.A > \(n)"` || n.Origin(3) != n.Span.Start {
		t.Errorf("a computed text: %q, %q", n.Text, n.SubSpan(2, 4).Text())
	}
}

// check holds what every tree promises about its places.
func check(t *testing.T, f *source.File, n *parse.Node) {
	t.Helper()
	fail := func(what string) {
		t.Fatalf("%s: %q at %d-%d of %q", what, n.Text, n.Span.Start, n.Span.End, f.Text)
	}
	if n.Span.File != f || n.Span.Start < 0 || n.Span.End > len(f.Text) || n.Span.Start > n.Span.End {
		fail("span outside the file")
	}
	last := n.Span.Start
	for i := 0; i <= len(n.Text); i++ {
		o := n.Origin(i)
		if o < last || o > n.Span.End {
			fail(fmt.Sprintf("origin of byte %d is %d", i, o))
		}
		if sub := n.SubSpan(i, len(n.Text)); sub.Start < n.Span.Start || sub.End > n.Span.End || sub.Start > sub.End {
			fail(fmt.Sprintf("sub-span from byte %d is %d-%d", i, sub.Start, sub.End))
		}
		last = o
	}
	if n.Style == parse.Plain && n.Kind != parse.Null && !strings.ContainsAny(n.Span.Text(), "\n\r") && n.Span.Text() != n.Text {
		fail("a plain scalar of one line is not its span")
	}
	seen := map[string]bool{}
	for _, m := range n.Members {
		if m.Key.Kind != parse.String || seen[m.Key.Text] {
			fail("a key is no string or stands twice: " + m.Key.Text)
		}
		seen[m.Key.Text] = true
		check(t, f, m.Key)
		check(t, f, m.Value)
	}
	for _, item := range n.Items {
		check(t, f, item)
	}
}

func fuzz(f *testing.F, format parse.Format, seeds ...string) {
	for _, s := range seeds {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		var l diag.List
		file := source.NewFile("p", "", []byte(text))
		n := parse.File(file, format, &l)
		if n == nil && !l.HasErrors() {
			t.Fatalf("nothing, and no reason: %q", text)
		}
		for _, d := range l {
			if d.Message == "" || d.Code == "" || d.Span.IsZero() || d.Span.Start > d.Span.End || d.Span.End > len(text) {
				t.Fatalf("%q: a diagnostic without a place: %+v", text, d)
			}
			for _, fix := range d.Fixes {
				if _, err := diag.Apply(file, fix.Edits); err != nil {
					t.Fatalf("%q: %v: %v", text, d, err)
				}
			}
		}
		if n != nil {
			check(t, file, n)
			parse.Value(n)
			parse.GoInYAML(n)
		}
	})
}

func FuzzYAML(f *testing.F) {
	fuzz(f, parse.FormatYAML, append(badYAML(f), "a: |\n  b\nc: [1, 'x''y', {d: \"\\u00e9\"}]\n- e\n", "a: &x {b: >-\n  c\n d}\ne: *x\n<<: *x # f\n")...)
}

func FuzzJSON(f *testing.F) {
	fuzz(f, parse.FormatJSON, `{"a": [1, -2.5e3, "x\u00e9\ud83d\ude00", true, null], "a": {}}`, `[1,]`, `"\ud83d"`, `{"a" 1}`)
}

func FuzzCUE(f *testing.F) {
	fuzz(f, parse.FormatCUE, "a: {b: string | *\"x\\(1)\"}\nc: #\"\"\"\n  d\n   e\n  \"\"\"#\n", "a: 1 & 2", "import \"strings\"\nx: strings.ToUpper(\"a\")", "a: [for x in [1,2] {x}]")
}
