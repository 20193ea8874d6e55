package oracle

import (
	"strconv"
	"strings"
)

// document is the text of the pipeline, before it is spelled.
func (p *pipeline) document() *doc {
	top := block().add("pipeline", word(p.name))
	if len(p.types) > 0 {
		types := block()
		for _, t := range p.types {
			members := t.members()
			members.inline = style(t.name, 2) == 0
			types.add(t.name, members)
		}
		top.add("types", types)
	}
	if p.common != nil || p.validate != "" {
		defaults := block()
		if p.common != nil {
			defaults.add("on_error", p.common.document())
		}
		if p.validate != "" {
			defaults.add("validate", word(p.validate))
		}
		top.add("defaults", defaults)
	}
	if p.every != "" {
		top.add("delivery", flow().add("checkpoint", flow().add("every", word(p.every))))
	}
	nodes := func(key string, list []*node, write func(n *node, d *doc)) {
		if len(list) == 0 {
			return
		}
		all := block()
		for _, n := range list {
			d := block()
			write(n, d)
			if n.onError != nil {
				d.add("on_error", n.onError.document())
			}
			all.members = append(all.members, docMember{key: n.name, value: d, node: n})
		}
		top.add(key, all)
	}
	nodes("sources", p.sources, (*node).sourceDocument)
	nodes("processors", p.processors, (*node).processorDocument)
	nodes("sinks", p.sinks, (*node).sinkDocument)
	return top
}

// document is a type where it is used.
func (t *typ) document() *doc {
	switch t.kind {
	case kEnum:
		return word(strings.Join(t.values, " | "))
	case kList:
		if t.elem.kind == kEnum {
			return word("list of " + t.elem.document().text)
		}
		return list(t.elem.document())
	case kMap:
		return word("map of " + t.elem.document().text) // of a scalar
	case kStruct:
		if t.name != "" {
			return word(t.name)
		}
		return t.members()
	}
	return word(string(t.kind))
}

// members are the fields of a struct.
func (t *typ) members() *doc {
	d := flow()
	for _, f := range t.fields {
		key := f.wire
		if f.optional {
			key += "?"
		}
		d.add(key, f.typ.document())
	}
	return d
}

func (p *policy) document() *doc {
	d := flow()
	if p.dead != nil {
		d.add("then", name(p.dead.name))
	} else {
		d.add("then", word(p.then))
	}
	if p.retry >= 0 {
		d.add("retry", numeral(strconv.Itoa(p.retry))).add("backoff", word("1ms"))
	}
	if p.maxDead != "" {
		d.add("max_dead", word(p.maxDead))
	}
	return d
}

func (n *node) sourceDocument(d *doc) {
	d.add("use", word("file")).add("config", n.config(n.path))
	switch {
	case n.by != "":
		out := flow().add("by", name(n.by))
		for _, v := range n.variants {
			out.add(v.value, word(v.typ.name))
		}
		if n.other {
			out.add("else", word("json"))
		}
		d.add("out", out)
	case n.out == tText:
		d.add("out", word("text"))
	default:
		d.add("out", n.out.document())
	}
	if n.validate != "" {
		d.add("validate", word(n.validate))
	}
	n.drops(d)
}

// config is that of a file.
func (n *node) config(path string) *doc {
	d := flow().add("path", quoted(path))
	if n.named {
		d.add("format", word(n.format))
	}
	if n.compression != "" {
		d.add("compression", word(n.compression))
	}
	if n.csv != nil {
		csv := flow().add("delimiter", single(string(n.csv.delimiter)))
		if n.csv.quote != '"' {
			csv.add("quote", quoted(string(n.csv.quote)))
		}
		d.add("csv", csv)
	}
	return d
}

func (n *node) drops(d *doc) {
	switch {
	case len(n.drop) == 0:
	case n.dropAll:
		d.add("drop", yes())
	default:
		d.add("drop", names(n.drop))
	}
}

func (n *node) inputs(d *doc) {
	refs := list()
	for _, r := range n.from {
		if s := r.spelled(); strings.Contains(s, ".") {
			refs.items = append(refs.items, word(s))
		} else {
			refs.items = append(refs.items, name(s))
		}
	}
	if len(n.from) == 1 {
		d.add("from", refs.items[0])
		return
	}
	d.add("from", refs)
}

func (n *node) processorDocument(d *doc) {
	n.inputs(d)
	if len(n.lets) > 0 {
		d.add("let", n.constants())
	}
	if n.parallel > 0 {
		d.add("parallel", numeral(strconv.Itoa(n.parallel)))
	}
	if n.key != nil {
		d.add("key", goText(n.key.bare()))
	}
	if n.unordered {
		d.add("order", word("none"))
	}
	if n.declared {
		d.add("out", word(n.out.name))
	}
	switch n.verb {
	case vFilter:
		d.add("filter", goText(n.cond.bare()))
	case vMap, vCheck:
		if n.body != nil {
			d.add(string(n.verb), goText(n.body.text))
			break
		}
		d.add(string(n.verb), assigned(n.assigns))
	case vSet:
		if len(n.assigns) > 0 {
			d.add("set", assigned(n.assigns))
		}
		if len(n.unset) > 0 {
			d.add("unset", names(n.unset))
		}
	case vRoute:
		ports := block()
		for _, p := range n.ports {
			if p.cond == nil {
				ports.add(p.name, word("else"))
				continue
			}
			ports.add(p.name, goText(p.cond.bare()))
		}
		d.add("route", ports)
	case vFlatmap:
		d.add("flatmap", goText(n.body.text))
	case vParse:
		parse := block()
		n.parse.document(parse)
		if n.parse.text != nil && n.parse.text.text != "in" {
			parse.add("text", goText(n.parse.text.bare()))
		}
		d.add("parse", parse)
	case vGo:
		n.component.document(d)
	}
	n.drops(d)
}

// constants are what stands under `let:`.
func (n *node) constants() *doc {
	d := block()
	for _, l := range n.lets {
		d.add(l.name, l.value)
	}
	return d
}

func (c *component) document(d *doc) {
	d.add("use", word("./"+c.dir+"."+c.name))
	if len(c.settings) > 0 {
		config := flow()
		for _, s := range c.settings {
			config.add(s.key, s.spelled)
		}
		d.add("config", config)
	}
	if c.count > 0 {
		d.add("batch", flow().add("count", numeral(strconv.Itoa(c.count))))
	}
}

// document adds what stands under `parse:`.
func (p *parsing) document(d *doc) {
	form := flow()
	switch {
	case p.form == "regexp":
		d.add("regexp", single(p.pattern()))
		return
	case p.form == "csv" && p.delimiter != ',':
		form.add("delimiter", single(string(p.delimiter)))
	}
	d.add(p.form, form)
}

func assigned(list []assign) *doc {
	d := block()
	for _, a := range list {
		d.add(a.name, goText(a.expr.bare()))
	}
	return d
}

func (n *node) sinkDocument(d *doc) {
	if len(n.from) > 0 {
		n.inputs(d)
	}
	d.add("use", word(n.use))
	if len(n.lets) > 0 {
		d.add("let", n.constants())
	}
	if n.posting != nil {
		n.posting.document(n, d)
	}
	if n.use == "file" {
		path := n.path
		if n.keyed != nil {
			path = ""
			for i, e := range n.keyed {
				path += n.keyedAs[i] + "${" + e.bare() + "}"
			}
			path += n.keyedAs[len(n.keyed)]
		}
		d.add("config", n.config(path))
	}
}
