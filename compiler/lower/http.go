package lower

import (
	"slices"
	"strings"

	"github.com/flowc-dev/flowc/compiler/syntax"
	"github.com/flowc-dev/flowc/ir"
	"github.com/flowc-dev/flowc/ir/diag"
	"github.com/flowc-dev/flowc/runtime/catalog"
)

// The source `http` takes requests, or asks for records: two connectors under one
// name, told apart by whether `listen` stands there or `url`.

// ofWay leaves out what comes from `defaults` and is of the other way: they are
// for all nodes of the connector, sinks as well.
func ofWay(config []syntax.ConfigKey, side *catalog.Side) []syntax.ConfigKey {
	has := func(name string, own bool) bool {
		return slices.ContainsFunc(config, func(c syntax.ConfigKey) bool { return c.Key.Text == name && !(own && c.Default) })
	}
	other := ""
	switch {
	case has("listen", true):
		other = "url"
	case has("url", true):
		other = "listen"
	}
	return slices.DeleteFunc(slices.Clone(config), func(c syntax.ConfigKey) bool {
		if !c.Default {
			return false
		}
		i := slices.IndexFunc(side.Keys, func(k catalog.Key) bool { return k.Name == c.Key.Text })
		needs := ""
		if i >= 0 {
			needs = side.Keys[i].Needs
		}
		return c.Key.Text == other || needs != "" && (needs == other || !has(needs, false))
	})
}

// ofOtherWay tells whether a key that lacks the one that it needs is of a source
// that does the other thing, and reports that. Of one that does neither it is said
// that it must do one.
func (w *lowering) ofOtherWay(n *node, k *catalog.Key, s ir.Setting) bool {
	has := func(name string) bool {
		return slices.ContainsFunc(n.Config, func(c syntax.ConfigKey) bool { return c.Key.Text == name })
	}
	switch {
	case k.Needs != "listen" && k.Needs != "url":
		return false
	case k.Needs == "listen" && has("url"):
		w.l.Errorf(diag.KeyConflict, s.Span, "`%s` is for sources that take requests, and `%s` asks for records", k.Name, n.Name.Text).
			Helpf("remove `%s`", k.Name)
	case k.Needs == "url" && has("listen"):
		w.l.Errorf(diag.KeyConflict, s.Span, "`%s` is for sources that ask for records, and `%s` takes requests", k.Name, n.Name.Text).
			Helpf("remove `%s`", k.Name)
	}
	return true
}

// listensOrAsks checks that a source does one of the two, and can do it.
func (w *lowering) listensOrAsks(n *node, op *ir.Source) {
	at := func(key string) *ir.Setting {
		if i := slices.IndexFunc(op.Config, func(s ir.Setting) bool { return s.Key == key }); i >= 0 {
			return &op.Config[i]
		}
		return nil
	}
	listen, url := at("listen"), at("url")
	beside := n.Body.Get("listen") != nil || n.Body.Get("url") != nil
	switch {
	case listen != nil && url != nil:
		w.l.Errorf(diag.KeyConflict, url.Span, "`%s` has `listen`, which takes requests, and `url`, which asks for records: a source does one of them", n.Name.Text).
			Also(listen.Span, "it listens here").
			Helpf("remove one of them, or make two sources of it")
		return
	case listen == nil && url == nil && !n.ConfigUnread && !beside && !slices.ContainsFunc(n.Config, func(c syntax.ConfigKey) bool { return c.Key.Text == "listen" || c.Key.Text == "url" }):
		where := n.Use.Span
		if n.Body.Get("config") != nil {
			where = n.ConfigSpan
		}
		w.l.Errorf(diag.MissingKey, where, "the source `http` needs `listen`, to take requests, or `url`, to ask for records").
			Helpf("write `config: {listen: \":8080\"}` or `config: {url: \"https://…\"}`")
		return
	}
	w.signatures("verify", op.Config)
	if url != nil {
		w.asks(n, op, at)
	}
}

// asks checks what a source that asks for records says of their places.
func (w *lowering) asks(n *node, op *ir.Source, at func(key string) *ir.Setting) {
	l := literalsOf(op.Config)
	cursor, field := at("cursor"), at("cursor_field")
	switch {
	case cursor != nil && field == nil && l.text("cursor") != "next":
		w.l.Errorf(diag.MissingKey, cursor.Span, "`cursor` needs `cursor_field`: where in a record the value stands by which the next ones are asked for").
			Helpf("write `cursor_field: id`, or `cursor: next` where each answer says where to go on")
	case cursor != nil && field == nil && at("next") == nil:
		w.l.Errorf(diag.MissingKey, cursor.Span, "`cursor: next` needs `next`: where an answer says what its next page is").
			Helpf("write `next: link`, or the place of its URL or token in the answer")
	}
	format := "ndjson"
	for _, c := range n.Config {
		if c.Key.Text == "format" && c.Node != nil {
			format = c.Node.Text
		}
	}
	for _, key := range []string{"records", "next", "cursor_field"} {
		s := at(key)
		if s == nil || key == "next" && l.text(key) == "link" {
			continue
		}
		if format != "ndjson" && format != "json" {
			w.l.Errorf(diag.KeyConflict, s.Span, "`%s` is a place in JSON, and the format of `%s` is %s", key, n.Name.Text, format).
				Helpf("remove `%s`, or read JSON", key)
			continue
		}
		if v := l[key]; v != nil && slices.Contains(strings.Split(v.Text(), "."), "") {
			w.l.Errorf(diag.BadValue, v.Span, "`%s` must be the keys that lead to a place in JSON, such as `result.items`, not `%s`", key, v.Text())
		}
	}
}

// signatures checks what the literals of a config say of signatures; side is the
// key that they lie below.
func (w *lowering) signatures(side string, settings []ir.Setting) {
	l := literalsOf(settings)
	at := func(key string) *ir.Value { return l[side+"."+key] }
	parts := map[string][]string{"value": {"signature", "time"}, "over": {"body", "time", "id", "method", "path"}}
	for _, key := range []string{"value", "over"} {
		v := at(key)
		if v == nil || v.Text() == "" {
			continue
		}
		switch text := v.Text(); {
		case key == "value" && !strings.Contains(text, "{signature}"):
			w.l.Errorf(diag.BadValue, v.Span, "`%s.value` lacks `{signature}`, in whose place the signature stands", side).
				Helpf("write `sha256={signature}`, or what the other side asks for")
		case key == "over" && !strings.Contains(text, "{body}"):
			w.l.Errorf(diag.BadValue, v.Span, "`%s.over` lacks `{body}`: whoever sees a request could put another body under its signature", side).
				Helpf("write `{body}`, or `{time}.{body}`")
		default:
			w.pieces(side+"."+key, v, parts[key])
		}
	}
	over := l.text(side + ".over")
	for _, part := range []string{"time", "id"} {
		if v := at("over"); l.text(side+".as") == "" && strings.Contains(over, "{"+part+"}") &&
			!names(settings, side+"."+part+"_header") && !(part == "time" && strings.Contains(l.text(side+".value"), "{time}")) {
			w.l.Errorf(diag.MissingKey, v.Span, "`%s.over` has `{%s}`, and nothing says in which header it is sent", side, part).
				Helpf("name it: `%s_header`", part)
		}
	}
}

// pieces checks the parts of a request that a text names.
func (w *lowering) pieces(key string, v *ir.Value, names []string) {
	for rest := v.Text(); ; {
		_, after, ok := strings.Cut(rest, "{")
		if !ok {
			return
		}
		name, behind, closed := strings.Cut(after, "}")
		if !closed || !slices.Contains(names, name) {
			d := w.l.Errorf(diag.BadValue, v.Span, "`{%s}` in `%s` is no part of a request that can be signed", name, key)
			if !d.Near(name, names) {
				d.Helpf("there are `{%s}`", strings.Join(names, "}`, `{"))
			}
			return
		}
		rest = behind
	}
}

// sends checks what a sink says of its requests, and tells whether a server can
// know a record that comes twice: by a key that each has of its own.
func (w *lowering) sends(n *node, op *ir.Sink) {
	w.signatures("sign", op.Config)
	w.signs(n, op)
	w.bulk(n, op)
	op.Facts.Idempotent = len(op.OwnKey()) > 0
}

// bulk checks what a sink says of bulk endpoints, and of what they answer.
func (w *lowering) bulk(n *node, op *ir.Sink) {
	l := literalsOf(op.Config)
	var results *ir.Setting
	for i, s := range op.Config {
		if strings.HasPrefix(s.Key, "results.") && results == nil {
			results = &op.Config[i]
		}
	}
	if results != nil && !names(op.Config, "results.status") && !names(op.Config, "results.error") {
		w.l.Errorf(diag.MissingKey, results.Span, "`results` do not say where a result tells that its record failed").
			Helpf("give `status`, or `error`, or both")
	}
	as := l["bulk.as"]
	if as == nil {
		return
	}
	for _, c := range n.Config {
		if c.Key.Text == "format" && c.Node != nil && c.Node.Text != "ndjson" {
			w.l.Errorf(diag.KeyConflict, c.Key.Span, "a bulk endpoint takes a record a line, and the format of `%s` is %s", n.Name.Text, c.Node.Text).
				Also(as.Span, "said here").Helpf("remove `format`")
		}
	}
	if v := l["single"]; v != nil && v.Text() == "true" {
		w.l.Errorf(diag.KeyConflict, v.Span, "`single` sends each record by itself, and `bulk` sends many").
			Also(as.Span, "said here").Helpf("remove one of them")
	}
	if results != nil {
		w.l.Errorf(diag.KeyConflict, results.Span, "`bulk.as` says where the results stand").
			Also(as.Span, "said here").Helpf("remove `results`, or `bulk`")
	}
}

// signs checks that a sink which signs an id has one.
func (w *lowering) signs(n *node, op *ir.Sink) {
	l := literalsOf(op.Config)
	over := l["sign.over"]
	standard := l.text("sign.as") == "standard" && (over == nil || over.Text() == "")
	if !standard && !strings.Contains(l.text("sign.over"), "{id}") {
		return
	}
	for _, a := range n.Assign {
		if a.Name.Text == "id" {
			return
		}
	}
	at := l["sign.as"]
	if !standard {
		at = over
	}
	w.l.Errorf(diag.MissingKey, at.Span, "the signatures of `%s` have an id, by which a receiver knows a record that comes again, and nothing says what it is", n.Name.Text).
		Helpf("say it beside `config`: `meta: {id: in.ID}`")
}
