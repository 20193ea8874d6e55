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
