package services

import (
	"fmt"
	"strings"

	"github.com/flowc-dev/flowc/compiler/parse"
	"github.com/flowc-dev/flowc/ir/diag"
)

// Lookup is a variable of who starts a sandbox.
type Lookup func(name string) (value string, ok bool)

// interpolate puts variables into the values below a node, as Compose does: $NAME, ${NAME},
// with what stands for one that is unset (`-`) or empty too (`:-`), with a message where there
// must be one (`?`), or something in the place of one that is there (`+`); $$ is a dollar. A
// variable that is not there is no empty text, as it is to Compose: it is an error.
func interpolate(n *parse.Node, lookup Lookup, l *diag.List) *parse.Node {
	out := *n
	switch n.Kind {
	case parse.Sequence:
		out.Items = nil
		for _, item := range n.Items {
			out.Items = append(out.Items, interpolate(item, lookup, l))
		}
	case parse.Mapping:
		out.Members = nil
		for _, m := range n.Members {
			out.Members = append(out.Members, &parse.Member{Key: m.Key, Value: interpolate(m.Value, lookup, l)})
		}
	case parse.String:
		if !strings.Contains(n.Text, "$") {
			return n
		}
		e := expansion{lookup: lookup}
		text, err := e.text(n.Text)
		if err != nil {
			l.Errorf(diag.BadReference, n.SubSpan(err.from, err.to), "%s", err.text).Helpf("%s", err.help)
			return n
		}
		return n.WithText(text)
	}
	return &out
}

// An expansion is a text on its way to one without variables; at is where it is.
type expansion struct {
	lookup Lookup
	at     int
}

// A mistake is one in a text, between two offsets.
type mistake struct {
	from, to   int
	text, help string
}

// text expands a text that begins at e.at in the whole one.
func (e *expansion) text(s string) (string, *mistake) {
	var b strings.Builder
	for {
		i := strings.IndexByte(s, '$')
		if i < 0 {
			b.WriteString(s)
			return b.String(), nil
		}
		b.WriteString(s[:i])
		e.at, s = e.at+i, s[i:]
		value, size, err := e.variable(s)
		if err != nil {
			return "", err
		}
		b.WriteString(value)
		e.at, s = e.at+size, s[size:]
	}
}

// variable is what stands for what a dollar begins, and its size.
func (e *expansion) variable(s string) (value string, size int, err *mistake) {
	if strings.HasPrefix(s, "$$") {
		return "$", 2, nil
	}
	if name := nameOf(s[1:]); name != "" {
		value, err = e.there(name, 1+len(name))
		return value, 1 + len(name), err
	}
	end := closing(s)
	switch {
	case !strings.HasPrefix(s, "${"):
		return "", 0, e.wrong(1, "a `$` begins a variable, and here is no name")
	case end < 0:
		return "", 0, e.wrong(2, "the variable that begins here has no end")
	}
	name := nameOf(s[2:end])
	rest := s[2+len(name) : end]
	size = end + 1
	if name == "" || rest != "" && !strings.HasPrefix(strings.TrimPrefix(rest, ":"), "-") && !strings.HasPrefix(strings.TrimPrefix(rest, ":"), "?") && !strings.HasPrefix(strings.TrimPrefix(rest, ":"), "+") {
		return "", 0, e.wrong(size, "`"+s[:size]+"` is no variable")
	}
	if rest == "" {
		value, err = e.there(name, size)
		return value, size, err
	}
	value, is := e.lookup(name)
	word := strings.TrimPrefix(rest, ":")
	if len(word) < len(rest) { // an empty one is none
		is = value != ""
	}
	how, begin := word[0], 2+len(name)+len(rest)-len(word)+1
	switch {
	case how == '+' && !is:
		return "", size, nil
	case how != '+' && is:
		return value, size, nil
	}
	inner := expansion{e.lookup, e.at + begin}
	if value, err = inner.text(word[1:]); err != nil {
		return "", 0, err
	}
	if how == '?' {
		text := fmt.Sprintf("the variable %s is not set", name)
		if value != "" {
			text += ": " + value
		}
		return "", 0, &mistake{e.at, e.at + size, text, "set it: `export " + name + "=…`"}
	}
	return value, size, nil
}

// there is a variable that has to be.
func (e *expansion) there(name string, size int) (string, *mistake) {
	if value, ok := e.lookup(name); ok {
		return value, nil
	}
	return "", &mistake{e.at, e.at + size, fmt.Sprintf("the variable %s is not set", name), fmt.Sprintf("set it: `export %s=…`; or say what stands for it: `${%s:-…}`, which may be nothing", name, name)}
}

func (e *expansion) wrong(size int, text string) *mistake {
	return &mistake{e.at, e.at + size, text, "write `${NAME}` or `${NAME:-DEFAULT}`; a dollar that is meant as one is `$$`"}
}

// closing is where the brace ends that `${` opens, over those inside of it; -1 for none.
func closing(s string) int {
	if !strings.HasPrefix(s, "${") {
		return -1
	}
	depth := 0
	for i := 1; i < len(s); i++ {
		switch {
		case s[i] == '{' && s[i-1] == '$':
			depth++
		case s[i] == '}':
			if depth--; depth == 0 {
				return i
			}
		}
	}
	return -1
}

// nameOf is the name of a variable that a text begins with.
func nameOf(s string) string {
	for i, c := range []byte(s) {
		if c != '_' && (c|0x20 < 'a' || c|0x20 > 'z') && (i == 0 || c < '0' || c > '9') {
			return s[:i]
		}
	}
	return s
}
