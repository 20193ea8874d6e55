package lower

import (
	"net"
	"net/url"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/flowc-dev/flowc/compiler/syntax"
	"github.com/flowc-dev/flowc/ir"
	"github.com/flowc-dev/flowc/ir/diag"
	"github.com/flowc-dev/flowc/runtime/catalog"
)

// What a connector refuses when the program starts is refused here already, as
// far as the pipeline says it: `check` is not to pass what `run` does not. What
// comes from outside the connector checks itself.

// literals are the values of a config that the pipeline says itself, by key.
type literals map[string]*ir.Value

func literalsOf(settings []ir.Setting) literals {
	l := literals{}
	for _, s := range settings {
		if s.Value.IsLiteral() {
			l[s.Key] = s.Value
		}
	}
	return l
}

func (l literals) text(key string) string {
	if v := l[key]; v != nil {
		return v.Text()
	}
	return ""
}

// number is a whole number, a number of bytes or a length of time; ok where the
// config has it.
func (l literals) number(key string) (n float64, ok bool) {
	v := l[key]
	if v == nil {
		return 0, false
	}
	if size, fine := catalog.ParseSize(v.Text()); fine {
		return float64(size), true
	}
	if d, err := time.ParseDuration(v.Text()); err == nil {
		return float64(d), true
	}
	n, err := strconv.ParseFloat(v.Text(), 64)
	return n, err == nil
}

// refused reports literals that the connector of a node would refuse.
func (w *lowering) refused(n *node, side *catalog.Side, settings []ir.Setting) {
	l := literalsOf(settings)
	for _, k := range side.Keys {
		v := l[k.Name]
		if v == nil {
			continue
		}
		switch x, ok := l.number(k.Name); {
		case ok && k.Positive && x <= 0:
			w.l.Errorf(diag.BadValue, v.Span, "`%s` must be larger than 0, not `%s`", k.Name, v.Text())
		case ok && k.Natural && x < 0:
			w.l.Errorf(diag.BadValue, v.Span, "`%s` can't be less than 0, and this is `%s`", k.Name, v.Text())
		}
		w.form(&k, v)
	}
	if n.Use.Text == "file" {
		w.followed(n, l)
		w.appended(n, settings, l)
	}
}

// form checks that the text of a key has the form that the connector asks for.
func (w *lowering) form(k *catalog.Key, v *ir.Value) {
	text := v.Text()
	switch k.Form {
	case "rooted":
		if !strings.HasPrefix(text, "/") {
			w.l.Errorf(diag.BadValue, v.Span, "`%s` begins with a slash, and this is `%s`", k.Name, text).
				Replace(v.Span, "/"+text, "write `/%s`", text)
		}
	case "address":
		if _, _, err := net.SplitHostPort(text); err != nil && text != "" {
			d := w.l.Errorf(diag.BadValue, v.Span, "`%s` must be an address such as `:8080` or `127.0.0.1:8080`, not `%s`", k.Name, text)
			if _, err := strconv.ParseUint(text, 10, 16); err == nil {
				d.Replace(v.Span, "':"+text+"'", "write `:%s`", text)
			}
		}
	case "url":
		if u, err := url.Parse(text); err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
			w.l.Errorf(diag.BadValue, v.Span, "`%s` must be that of an HTTP server, such as `https://example.com/events`, not `%s`", k.Name, text)
		}
	}
}

// followed checks that a file that is followed can be read as it grows.
func (w *lowering) followed(n *node, l literals) {
	if !strings.EqualFold(l.text("follow"), "true") {
		return
	}
	file := strings.ToLower(l.text("path"))
	pattern := strings.ContainsAny(file, "*?[")
	named := l.text("compression")
	packed := named != "" && named != "none" || named == "" && (strings.HasSuffix(file, ".gz") || strings.HasSuffix(file, ".zst"))
	if packed && !pattern {
		w.l.Errorf(diag.BadValue, l["follow"].Span, "`follow` reads plain files only: a compressed file is whole, or it is nothing").
			Helpf("follow the file before it is compressed, or remove `follow`")
	}
	if slices.ContainsFunc(n.Config, func(c syntax.ConfigKey) bool { return c.Key.Text == "format" && c.Node.Text == "bytes" }) {
		w.l.Errorf(diag.BadValue, l["follow"].Span, "`follow` reads records as they come, and in the format bytes the whole file is one").
			Helpf("take another format, or remove `follow`")
	}
}

// appended checks that a file that is appended to can be.
func (w *lowering) appended(n *node, settings []ir.Setting, l literals) {
	if n.Role != syntax.Sink || l.text("mode") != "append" || rotates(settings) || n.format("path", l) != "json" {
		return
	}
	w.l.Errorf(diag.BadValue, l["mode"].Span, "the format json is one array, which can't be appended to").
		Helpf("write a record a line (`format: ndjson`), or leave out `mode`")
}

// rotates tells whether a file is closed on the way. What comes from outside may
// say that it is.
func rotates(settings []ir.Setting) bool {
	return slices.ContainsFunc(settings, func(s ir.Setting) bool { return s.Key == "rotate.bytes" || s.Key == "rotate.every" })
}

// published reports files that would be published when all input has come to its
// end, and never are.
func (w *lowering) published() {
	var endless *node
	for _, n := range w.nodes {
		if n.main == nil {
			continue
		}
		if src, ok := n.main.Op.(*ir.Source); ok && !src.Bounded && endless == nil {
			endless = n
		}
	}
	for _, n := range w.nodes {
		if n.main == nil || n.Use.Text != "file" {
			continue
		}
		sink, ok := n.main.Op.(*ir.Sink)
		if !ok {
			continue
		}
		l := literalsOf(sink.Config)
		if l.text("mode") != "replace" || rotates(sink.Config) {
			continue
		}
		const publishes = "`mode: replace` publishes a file when all input has come to its end, and "
		const help = "use `append`, or `rotate`, so that files are closed on the way"
		switch {
		case sink.DeadLetter:
			w.l.Errorf(diag.BadValue, l["mode"].Span, publishes+"dead letters are kept as they come").Helpf(help)
		case endless != nil:
			w.l.Errorf(diag.BadValue, l["mode"].Span, publishes+"`%s` never ends by itself", endless.Name.Text).
				NoteAt(endless.Name.Span, "the source is here").Helpf(help)
		}
	}
}

// format is the format that a config names, or that the extension of the path
// in a key tells.
func (n *node) format(key string, l literals) string {
	for _, c := range n.Config {
		if c.Key.Text == "format" {
			return c.Node.Text
		}
	}
	name := strings.TrimSuffix(strings.TrimSuffix(strings.ToLower(l.text(key)), ".gz"), ".zst")
	return extensions[path.Ext(name)]
}
