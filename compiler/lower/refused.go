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
func (w *lowering) refused(n *node, settings []ir.Setting) {
	l := literalsOf(settings)
	positive := func(keys ...string) {
		for _, k := range keys {
			if x, ok := l.number(k); ok && x <= 0 {
				w.l.Errorf(diag.BadValue, l[k].Span, "`%s` must be larger than 0, not `%s`", k, l.text(k))
			}
		}
	}
	natural := func(keys ...string) {
		for _, k := range keys {
			if x, ok := l.number(k); ok && x < 0 {
				w.l.Errorf(diag.BadValue, l[k].Span, "`%s` can't be less than 0, and this is `%s`", k, l.text(k))
			}
		}
	}
	switch n.Use.Text + " " + string(n.Role) {
	case "generate " + string(syntax.Source):
		natural("count", "rate")
	case "file " + string(syntax.Source):
		positive("max_record")
		w.followed(n, l)
	case "stdin " + string(syntax.Source):
		positive("max_record")
	case "file " + string(syntax.Sink):
		natural("rotate.bytes", "rotate.every", "rotate.keep")
		w.appended(n, l)
	case "http " + string(syntax.Source):
		positive("max_body", "max_requests", "max_waiting", "read_timeout", "answer_timeout", "idle_timeout")
		if l["path"] != nil && !strings.HasPrefix(l.text("path"), "/") {
			w.l.Errorf(diag.BadValue, l["path"].Span, "`path` begins with a slash, and this is `%s`", l.text("path")).
				Replace(l["path"].Span, "/"+l.text("path"), "write `/%s`", l.text("path"))
		}
		if text := l.text("listen"); text != "" {
			if _, _, err := net.SplitHostPort(text); err != nil {
				d := w.l.Errorf(diag.BadValue, l["listen"].Span, "`listen` must be an address such as `:8080` or `127.0.0.1:8080`, not `%s`", text)
				if _, err := strconv.ParseUint(text, 10, 16); err == nil {
					d.Replace(l["listen"].Span, "':"+text+"'", "write `:%s`", text)
				}
			}
		}
	case "http " + string(syntax.Sink):
		positive("timeout")
		if l["url"] != nil {
			if u, err := url.Parse(l.text("url")); err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
				w.l.Errorf(diag.BadValue, l["url"].Span, "`url` must be that of an HTTP server, such as `https://example.com/events`, not `%s`", l.text("url"))
			}
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
func (w *lowering) appended(n *node, l literals) {
	rotates := l["rotate.bytes"] != nil || l["rotate.every"] != nil
	if l.text("mode") != "append" || rotates || n.format("path", l) != "json" {
		return
	}
	w.l.Errorf(diag.BadValue, l["mode"].Span, "the format json is one array, which can't be appended to").
		Helpf("write a record a line (`format: ndjson`), or leave out `mode`")
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
