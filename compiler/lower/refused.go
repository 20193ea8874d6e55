package lower

import (
	"net"
	"net/url"
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
		w.alone(n, &k, settings)
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
	}
}

// alone checks that a key does not stand without the one that it is a part of.
func (w *lowering) alone(n *node, k *catalog.Key, settings []ir.Setting) {
	at := func(key string) int {
		return slices.IndexFunc(settings, func(s ir.Setting) bool { return s.Key == key })
	}
	if i := at(k.Name); k.Needs != "" && i >= 0 && at(k.Needs) < 0 && n.Body.Get(k.Needs) == nil {
		if n.Use.Text == "http" && n.Role == syntax.Source && w.ofOtherWay(n, k, settings[i]) {
			return
		}
		d := w.l.Errorf(diag.MissingKey, settings[i].Span, "`%s` means nothing without `%s`", k.Name, k.Needs)
		if k.Doc != "" {
			d.Notef("`%s`: %s", k.Name, k.Doc)
		}
		d.Helpf("give `%s` as well, or remove `%s`", k.Needs, k.Name)
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
	case "start":
		if _, err := time.Parse(time.RFC3339, text); err != nil && text != "earliest" && text != "latest" {
			d := w.l.Errorf(diag.BadValue, v.Span, "`%s` must be `earliest`, `latest` or a time such as `2026-01-31T08:00:00Z`, not `%s`", k.Name, text)
			d.Near(text, []string{"earliest", "latest"})
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

// rotates tells whether a file is closed on the way: at a size or an age that is
// not 0. What comes from outside may say that it is.
func rotates(settings []ir.Setting) bool {
	l := literalsOf(settings)
	return slices.ContainsFunc(settings, func(s ir.Setting) bool {
		n, literal := l.number(s.Key)
		return (s.Key == "rotate.bytes" || s.Key == "rotate.every") && (!literal || n != 0)
	})
}

// published reports files that need an end that does not come: those that are
// published at the end of all input, and arrays.
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
		if sink, ok := n.main.Op.(*ir.Sink); ok && !rotates(sink.Config) {
			w.ends(n, sink, endless)
		}
	}
}

// ends checks one file that is not closed on the way; endless is a source without
// an end, nil for none.
func (w *lowering) ends(n *node, sink *ir.Sink, endless *node) {
	l := literalsOf(sink.Config)
	mode, at := l.text("mode"), n.Use.Span
	for _, s := range sink.Config {
		switch {
		case s.Key == "mode" && l["mode"] == nil:
			return // from outside
		case s.Key == "path" && mode == "", s.Key == "mode":
			at = s.Value.Span
		}
	}
	const publishes = "`mode: replace` publishes a file when all input has come to its end, and "
	const closes = "use `append`, or `rotate`, so that files are closed on the way"
	var d *diag.Diagnostic
	codec := ""
	if n.encode != nil {
		codec = n.encode.Op.(*ir.Encode).Codec
	}
	what, so, array := "the format json is one array", "which", codec == "json"
	if codec == "parquet" {
		what, so, array = "a Parquet file ends with what tells where its rows are", "so it", true
	}
	switch {
	case mode == "append" && array:
		d = w.l.Errorf(diag.BadValue, at, "%s, %s can't be appended to", what, so).
			Helpf("write a record a line (`format: ndjson`), or leave out `mode`")
	case mode == "" && array && endless != nil:
		d = w.l.Errorf(diag.BadValue, at, "%s, and `%s` never ends by itself", what, endless.Name.Text).
			NoteAt(endless.Name.Span, "the source is here").
			Helpf("write a record a line (`format: ndjson`), or close files on the way with `rotate`")
	case mode == "replace" && sink.DeadLetter:
		d = w.l.Errorf(diag.BadValue, at, publishes+"dead letters are kept as they come").Helpf(closes)
	case mode == "replace" && endless != nil:
		d = w.l.Errorf(diag.BadValue, at, publishes+"`%s` never ends by itself", endless.Name.Text).
			NoteAt(endless.Name.Span, "the source is here").Helpf(closes)
	default:
		return
	}
	for _, s := range sink.Config {
		if s.Key == "rotate.bytes" || s.Key == "rotate.every" {
			d.NoteAt(s.Value.Span, "0 is no limit, so this closes no file")
		}
	}
}
