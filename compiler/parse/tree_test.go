package parse_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/flowc-dev/flowc/compiler/parse"
	"github.com/flowc-dev/flowc/ir/diag"
	"github.com/flowc-dev/flowc/ir/source"
)

// read parses a text that must be well.
func read(t *testing.T, format parse.Format, text string) *parse.Node {
	t.Helper()
	var l diag.List
	n := parse.File(source.NewFile("p", "", []byte(text)), format, &l)
	for _, d := range l {
		t.Errorf("%v", d)
	}
	if n == nil {
		t.Fatalf("no tree of %q", text)
	}
	return n
}

// show prints a tree: kinds and styles, values as written (<…>) and decoded.
func show(n *parse.Node) string {
	var b strings.Builder
	var walk func(n *parse.Node, indent string)
	walk = func(n *parse.Node, indent string) {
		p := n.Span.Pos()
		fmt.Fprintf(&b, "%s %d:%d", []string{"null", "bool", "int", "float", "string", "seq", "map"}[n.Kind], p.Line, p.Column)
		if n.Anchor != "" {
			fmt.Fprintf(&b, " &%s=%s", n.Anchor, n.AnchorSpan.Text())
		}
		if !n.Alias.IsZero() {
			fmt.Fprintf(&b, " via %d:%d %s", n.Alias.Pos().Line, n.Alias.Pos().Column, n.Alias.Text())
		}
		if !n.Comment.IsZero() {
			fmt.Fprintf(&b, " comment %q", n.Comment.Text())
		}
		switch n.Kind {
		case parse.Sequence:
			b.WriteString("\n")
			for _, item := range n.Items {
				b.WriteString(indent + "- ")
				walk(item, indent+"  ")
			}
		case parse.Mapping:
			b.WriteString("\n")
			for _, m := range n.Members {
				fmt.Fprintf(&b, "%s%q: ", indent, m.Key.Text)
				walk(m.Value, indent+"  ")
			}
		default:
			fmt.Fprintf(&b, " <%s> %q\n", n.Span.Text(), n.Text)
		}
	}
	walk(n, "")
	return b.String()
}

func TestYAMLTree(t *testing.T) {
	for _, c := range []struct{ name, text, want string }{
		{"scalars", `
a: 1
b: -0x1F
c: 1.5e3
d: true
e: yes
f: ~
g:
h: 1_000
i: "1"
j: .inf
k: 2026-01-01
l: 010
`, `map 2:1
"a": int 2:4 <1> "1"
"b": string 3:4 <-0x1F> "-0x1F"
"c": float 4:4 <1.5e3> "1.5e3"
"d": bool 5:4 <true> "true"
"e": string 6:4 <yes> "yes"
"f": null 7:4 <~> "~"
"g": null 8:3 <> ""
"h": string 9:4 <1_000> "1_000"
"i": string 10:4 <"1"> "1"
"j": float 11:4 <.inf> ".inf"
"k": string 12:4 <2026-01-01> "2026-01-01"
"l": int 13:4 <010> "010"
`},
		{"keys", "on: a\nyes: b\n1: c\nnull: d\n\"x y\": e\n'it''s': f\nissuer?: g\na.b-c: h\né: i\nx:y: j\n", `map 1:1
"on": string 1:5 <a> "a"
"yes": string 2:6 <b> "b"
"1": string 3:4 <c> "c"
"null": string 4:7 <d> "d"
"x y": string 5:8 <e> "e"
"it's": string 6:10 <f> "f"
"issuer?": string 7:10 <g> "g"
"a.b-c": string 8:8 <h> "h"
"é": string 9:5 <i> "i"
"x:y": string 10:6 <j> "j"
`},
		{"collections", "a:\n- 1\n- - 2\n  - {b: 3, \"c\":4}\nd: [x, 'y', [ ], {},]\ne:\n  - f: 1\n    g: 2\n  -\n", `map 1:1
"a": seq 2:1
  - int 2:3 <1> "1"
  - seq 3:3
    - int 3:5 <2> "2"
    - map 4:5
      "b": int 4:9 <3> "3"
      "c": int 4:16 <4> "4"
"d": seq 5:4
  - string 5:5 <x> "x"
  - string 5:8 <'y'> "y"
  - seq 5:13
  - map 5:18
"e": seq 7:3
  - map 7:5
    "f": int 7:8 <1> "1"
    "g": int 8:8 <2> "2"
  - null 9:4 <> ""
`},
		{"comments", "a: b # c\nd: 'e' #f\ng: h#i\nj: | # k\n  l # m\nn: # o\n  p\n", `map 1:1
"a": string 1:4 comment "# c" <b> "b"
"d": string 2:4 comment "#f" <'e'> "e"
"g": string 3:4 <h#i> "h#i"
"j": string 4:4 <| # k
  l # m> "l # m\n"
"n": string 7:3 <p> "p"
`},
		{"anchors", "a: &x {b: 1}\nc: *x\nd: &y\n  - *x\ne: {<<: *x, f: 2}\ng:\n  b: 0\n  <<: [*x, {h: 3, b: 4}]\n  i: &z v\nj: *z\n&k l: m\n", `map 1:1
"a": map 1:7 &x=&x
  "b": int 1:11 <1> "1"
"c": map 1:7 &x=&x via 2:4 *x
  "b": int 1:11 <1> "1"
"d": seq 4:3 &y=&y
  - map 1:7 &x=&x via 4:5 *x
    "b": int 1:11 <1> "1"
"e": map 5:4
  "b": int 1:11 via 5:9 *x <1> "1"
  "f": int 5:16 <2> "2"
"g": map 7:3
  "b": int 7:6 <0> "0"
  "h": int 8:16 <3> "3"
  "i": string 9:9 &z=&z <v> "v"
"j": string 9:9 &z=&z via 10:4 *z <v> "v"
"l": string 11:7 <m> "m"
`},
		{"tags that say nothing new", "a: !!str 1\nb: !!map {c: !!int 2}\nd: !!seq [x]\n", `map 1:1
"a": string 1:10 <1> "1"
"b": map 2:10
  "c": int 2:20 <2> "2"
"d": seq 3:10
  - string 3:11 <x> "x"
`},
		{"BOM", "\ufeffa:\n  b: {c: 1}\nd: 2\n", `map 1:1
"a": map 2:3
  "b": map 2:6
    "c": int 2:10 <1> "1"
"d": int 3:4 <2> "2"
`},
		{"markers, BOM, CRLF", "\ufeff---\r\na: |\r\n  x\r\n  y\r\nb: 'p\r\n  q'\r\n...\r\n", `map 2:1
"a": string 2:4 <|
  x
  y> "x\ny\n"
"b": string 5:4 <'p
  q'> "p q"
`},
		{"tabs inside", "a:\tb\tc\t# d\ne: 'f\tg'\nh: |\n  \ti\n  j\n   \tk\n", `map 1:1
"a": string 1:4 comment "# d" <b	c> "b\tc"
"e": string 2:4 <'f	g'> "f\tg"
"h": string 3:4 <|
  	i
  j
   	k> "\ti\nj\n \tk\n"
`},
		{"a list at the top", "- a\n- b\n", "seq 1:1\n- string 1:3 <a> \"a\"\n- string 2:3 <b> \"b\"\n"},
		{"Go as it is mostly written", "filter: in.A > 3 && in.B == \"x\"\nmap: {id: in.ID, n: len(in.Tags) + 1}\nset: {msg: redact(in.Msg), tier: '\"gold\"'}\n", `map 1:1
"filter": string 1:9 <in.A > 3 && in.B == "x"> "in.A > 3 && in.B == \"x\""
"map": map 2:6
  "id": string 2:11 <in.ID> "in.ID"
  "n": string 2:21 <len(in.Tags) + 1> "len(in.Tags) + 1"
"set": map 3:6
  "msg": string 3:12 <redact(in.Msg)> "redact(in.Msg)"
  "tier": string 3:34 <'"gold"'> "\"gold\""
`},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := strings.ReplaceAll(show(read(t, parse.FormatYAML, c.text)), "\r", "")
			if got != c.want {
				t.Errorf("got:\n%s\nwant:\n%s", got, c.want)
			}
		})
	}
}

// Block and multi-line scalars, by the rules of YAML 1.2.
func TestYAMLScalars(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"k: |\n  a\n   b\n\n  c\n\n\nz: 1", "a\n b\n\nc\n"},
		{"k: |-\n  a\n  b\n\nz: 1", "a\nb"},
		{"k: |+\n  a\n\n\nz: 1", "a\n\n\n"},
		{"k: |\n  a", "a"},
		{"k: |\nz: 1", ""},
		{"k: |2\n    a\n  b\nz: 1", "  a\nb\n"},
		{"k: |1-\n  a\nz: 1", " a"},
		{"k: |-2\n   a\nz: 1", " a"},
		{"k: |\n\n   a\n  \nz: 1", "\na\n"},
		{"k: |\n  a\n # a comment\nz: 1", "a\n"},
		{"k: >\n  a\n  b\n\n  c\nz: 1", "a b\nc\n"},
		{"k: >\n  a\n    b\n    c\n  d\n  e\nz: 1", "a\n  b\n  c\nd e\n"},
		{"k: >-\n\n  a\n\n\n  b\n\nz: 1", "\na\n\nb"},
		{"k: >\n  a\n  \tb\n  c\nz: 1", "a\n\tb\nc\n"},
		{"k: a\n  b\n\n   c  \nz: 1", "a b\nc"},
		{"k:\n  a\n  b # c\nz: 1", "a b"},
		{"k: 'a\n  b\n\n\n  c '' d'\nz: 1", "a b\n\nc ' d"},
		{"k: \"a\\tb\\x41\\u00e9\\U0001F600\\ud83d\\ude00\\\\\\\"\\/\\0\"", "a\tbAé😀😀\\\"/\x00"},
		{"k: \"a \\\n   b\\\n   \\ c\n   d\"", "a b c d"},
		{"k: \"a\\n\n\n b\"", "a\n\nb"},
		{"k: ''", ""},
		{"k: \"\"", ""},
	} {
		n := read(t, parse.FormatYAML, c.text).Get("k")
		if n == nil || n.Text != c.want {
			t.Errorf("%q: got %+v, want %q", c.text, n, c.want)
		}
	}
}

func TestFormatOf(t *testing.T) {
	for name, want := range map[string]parse.Format{
		"p.yaml": parse.FormatYAML, "p.yml": parse.FormatYAML, "-": parse.FormatYAML, "p": parse.FormatYAML, "x.json.yaml": parse.FormatYAML,
		"p.json": parse.FormatJSON, "P.JSON": parse.FormatJSON, "dir/p.cue": parse.FormatCUE,
	} {
		if got := parse.FormatOf(name); got != want {
			t.Errorf("%s: got %v, want %v", name, got, want)
		}
	}
}

func TestJSONTree(t *testing.T) {
	got := show(read(t, parse.FormatJSON, "\ufeff{\"a\": [1, -2.5e+3, \"x\\u00e9\\ud83d\\ude00\\n\", true, null],\n \"b\": {\"c\": {}, \"\": []}}\n"))
	want := `map 1:1
"a": seq 1:7
  - int 1:8 <1> "1"
  - float 1:11 <-2.5e+3> "-2.5e+3"
  - string 1:20 <"x\u00e9\ud83d\ude00\n"> "xé😀\n"
  - bool 1:45 <true> "true"
  - null 1:51 <null> "null"
"b": map 2:7
  "c": map 2:13
  "": seq 2:21
`
	if got != want {
		t.Errorf("got:\n%s\nwant:\n%s", got, want)
	}
}

func TestCUETree(t *testing.T) {
	got := show(read(t, parse.FormatCUE, `import "strings"

#Node: {use: string | *"file", n: int}
let big = 3
_hidden: "no"
a: #Node & {n: 1_000}
b: "x \(a.n) y"
c: strings.ToUpper("abc")
d: [1, "two", {e: true}]
f: "plain\tq"
f: string
g: #"""
  line
    two

  \#t x
  """#
"i-j": 0x10
k: 1.50
l: null
x: y: z: big
for n in ["p", "q"] {(n): {filter: "in.\(n)"}}
`))
	want := `map 1:1
"a": map 6:4
  "use": string 3:24 <"file"> "file"
  "n": int 6:16 <1_000> "1000"
"b": string 7:4 <"x \(a.n) y"> "x 1000 y"
"c": string 8:4 <strings.ToUpper("abc")> "ABC"
"d": seq 9:4
  - int 9:5 <1> "1"
  - string 9:8 <"two"> "two"
  - map 9:15
    "e": bool 9:19 <true> "true"
"f": string 10:4 <"plain\tq"> "plain\tq"
"g": string 12:4 <#"""
  line
    two

  \#t x
  """#> "line\n  two\n\n\t x"
"i-j": int 18:8 <0x10> "16"
"k": float 19:4 <1.50> "1.50"
"l": null 20:4 <null> ""
"x": map 21:4
  "y": map 21:7
    "z": int 21:10 <big> "3"
"p": map 22:27
  "filter": string 22:36 <"in.\(n)"> "in.p"
"q": map 22:27
  "filter": string 22:36 <"in.\(n)"> "in.q"
`
	if got != want {
		t.Errorf("got:\n%s\nwant:\n%s", got, want)
	}
}

func TestValue(t *testing.T) {
	n := read(t, parse.FormatYAML, "a: 1\nb: 0x10\nc: 0o17\nd: +5\ne: 99999999999999999999\nf: 1.5\ng: TRUE\nh: ~\ni: [x, {j: 1}]\nk: -.inf\nl: 010\n")
	got := fmt.Sprintf("%T %v", parse.Value(n), parse.Value(n))
	want := "map[string]interface {} map[a:1 b:16 c:15 d:5 e:99999999999999999999 f:1.5 g:true h:<nil> i:[x map[j:1]] k:-Inf l:10]"
	if got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	if got := fmt.Sprintf("%T", parse.Value(n.Get("e"))); got != "*big.Int" {
		t.Errorf("a large integer is %s", got)
	}
	if parse.Value(nil) != nil {
		t.Error("no node has no value")
	}
}

func TestGet(t *testing.T) {
	n := read(t, parse.FormatYAML, "a: {b: c}\n")
	if n.Get("a").Get("b").Text != "c" || n.Get("x") != nil || n.Get("x").Get("y") != nil || n.Get("a").Member("b").Key.Text != "b" {
		t.Error("Get and Member")
	}
}

// The place of a value is where it is used, its span where it is written.
func TestPlace(t *testing.T) {
	n := read(t, parse.FormatYAML, "a: &x 1\nb: *x\n")
	if b := n.Get("b"); b.Place().Line() != 2 || b.Span.Line() != 1 {
		t.Errorf("place %d, span %d", b.Place().Line(), b.Span.Line())
	}
	if a := n.Get("a"); a.Place() != a.Span || !a.Aliased {
		t.Errorf("the anchored value: %+v", a)
	}
}
