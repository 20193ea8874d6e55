package dialect

import (
	"path"
	"slices"
	"strings"

	"github.com/flowc-dev/flowc/compiler/parse"
	"github.com/flowc-dev/flowc/ir"
	"github.com/flowc-dev/flowc/ir/diag"
	"github.com/flowc-dev/flowc/ir/source"
)

// included are the blocks that a file can add to the one that includes it.
var included = []string{"types", "sources", "processors", "sinks", "jobs", "defaults"}

// withIncludes returns a file's tree with the blocks of the files that it
// includes, and of those that they include.
func (r *reader) withIncludes(root *parse.Node) *parse.Node {
	return r.including(root, []*source.File{root.Span.File}, map[string]bool{})
}

// including does it for a file; chain are the files around it, done those that
// were added already (a diamond of includes adds a file once).
func (r *reader) including(root *parse.Node, chain []*source.File, done map[string]bool) *parse.Node {
	list := root.Get("include")
	if list == nil || list.Kind != parse.Sequence {
		return root
	}
	out := *root
	out.Members = slices.Clone(root.Members)
	for _, entry := range list.Items {
		if entry.Kind != parse.String || entry.Text == "" {
			continue // its definition says so
		}
		if path.IsAbs(entry.Text) {
			r.l.Errorf(diag.FileNotFound, entry.Place(), "`%s` is an absolute path", entry.Text).
				Helpf("files are included by their path from the file that includes them, so that a pipeline can move")
			continue
		}
		name := r.relative(entry)
		if i := slices.IndexFunc(chain, func(f *source.File) bool { return f.Name == name }); i >= 0 {
			d := r.l.Errorf(diag.IncludeCycle, entry.Place(), "`%s` includes itself", name)
			for _, f := range chain[i+1:] {
				d.Notef("by way of `%s`", f.Name)
			}
			d.Helpf("remove one of the includes")
			continue
		}
		if done[name] {
			continue
		}
		done[name] = true
		tree := r.in.Include(name, entry.Place(), r.l)
		if tree == nil {
			continue
		}
		if tree.Kind != parse.Mapping {
			notMapping(tree, "an included file", r.l)
			continue
		}
		tree = r.including(tree, append(slices.Clone(chain), tree.Span.File), done)
		r.add(&out, tree, entry)
	}
	return &out
}

// relative is the path of an included file from the root pipeline's folder.
func (r *reader) relative(entry *parse.Node) string {
	return path.Join(path.Dir(entry.Span.File.Name), entry.Text)
}

// add adds the blocks of an included file.
func (r *reader) add(out, tree, entry *parse.Node) {
	for _, m := range tree.Members {
		block := m.Key.Text
		switch {
		case block == "include" || block == "flowc":
			continue
		case block == "imports":
			r.addImports(out, m)
			continue
		case !slices.Contains(included, block):
			d := r.l.Errorf(diag.UnknownKey, m.Key.Span, "`%s` is no key of an included file", block).
				Also(entry.Place(), "included here")
			if !d.Near(block, included) {
				d.Helpf("an included file has `types`, `sources`, `processors`, `sinks`, `jobs`, `defaults` and `imports`; write `%s` into the root pipeline", block)
			}
			continue
		case m.Value.Kind != parse.Mapping:
			if out.Get(block) == nil {
				out.Members = append(out.Members, m) // its definition reports it
			}
			continue
		}
		i := slices.IndexFunc(out.Members, func(o *parse.Member) bool { return o.Key.Text == block })
		if i < 0 {
			out.Members = append(out.Members, m)
			continue
		}
		mine := out.Members[i]
		if mine.Value.Kind != parse.Mapping {
			continue
		}
		merged := *mine.Value
		merged.Members = slices.Clone(mine.Value.Members)
		for _, theirs := range m.Value.Members {
			if before := mine.Value.Member(theirs.Key.Text); before != nil {
				r.l.Errorf(diag.IncludeConflict, theirs.Key.Span, "`%s.%s` is in this included file and in %s", block, theirs.Key.Text, before.Key.Span.File.Name).
					Also(before.Key.Span, "also here").
					Also(entry.Place(), "included here").
					Helpf("rename one of them; a value for one environment belongs into an overlay, which may replace what is there")
				continue
			}
			merged.Members = append(merged.Members, theirs)
		}
		out.Members[i] = &parse.Member{Key: mine.Key, Value: &merged}
	}
}

// addImports appends the imports of an included file.
func (r *reader) addImports(out *parse.Node, m *parse.Member) {
	i := slices.IndexFunc(out.Members, func(o *parse.Member) bool { return o.Key.Text == "imports" })
	if i < 0 {
		out.Members = append(out.Members, m)
		return
	}
	mine := out.Members[i]
	if mine.Value.Kind != parse.Sequence || m.Value.Kind != parse.Sequence {
		return
	}
	merged := *mine.Value
	merged.Items = append(slices.Clone(mine.Value.Items), m.Value.Items...)
	out.Members[i] = &parse.Member{Key: mine.Key, Value: &merged}
}

// overlay lays a tree over another: mappings are merged key by key, everything
// else is replaced, and null takes a key away. Each replaced value is
// remembered. path are the keys from the root to here.
func (r *reader) overlay(base, over *parse.Node, path string) *parse.Node {
	if base.Kind != parse.Mapping || over.Kind != parse.Mapping {
		r.overrides[over] = append(slices.Clone(r.overrides[base]), base.Place())
		r.overridden(ir.Override{Path: path, At: over.Place(), Replaced: r.overrides[over]})
		return over
	}
	out := *base
	out.Members = slices.Clone(base.Members)
	for _, m := range over.Members {
		i := slices.IndexFunc(out.Members, func(o *parse.Member) bool { return o.Key.Text == m.Key.Text })
		below := strings.TrimPrefix(path+"."+m.Key.Text, ".")
		switch {
		case m.Value.Kind == parse.Null && i >= 0:
			was := out.Members[i].Value
			r.overridden(ir.Override{Path: below, At: m.Key.Span, Replaced: append(slices.Clone(r.overrides[was]), was.Place()), Removed: true})
			out.Members = slices.Delete(out.Members, i, i+1)
		case m.Value.Kind == parse.Null:
		case i < 0:
			out.Members = append(out.Members, m)
		default:
			out.Members[i] = &parse.Member{Key: out.Members[i].Key, Value: r.overlay(out.Members[i].Value, m.Value, below)}
		}
	}
	return &out
}

// overridden remembers an override, in the place of an earlier one of the value.
func (r *reader) overridden(o ir.Override) {
	if i := slices.IndexFunc(r.overrideList, func(before ir.Override) bool { return before.Path == o.Path }); i >= 0 {
		r.overrideList[i] = o
		return
	}
	r.overrideList = append(r.overrideList, o)
}

// changed returns an overlay without the nodes that it would change and that
// are not there: one that says only part of a node was meant for another name,
// which is reported.
func (r *reader) changed(base, over *parse.Node) *parse.Node {
	out := *over
	out.Members = slices.Clone(over.Members)
	for i, block := range out.Members {
		var kinds []string
		switch block.Key.Text {
		case "sources", "sinks":
			kinds = []string{"use"}
		case "jobs":
			kinds = []string{"command", "image"}
		case "processors":
			for _, f := range stepForms {
				kinds = append(kinds, f.key)
			}
		default:
			continue
		}
		there := base.Get(block.Key.Text)
		kept := *block.Value
		kept.Members = nil
		for _, m := range members(block.Value) {
			whole := slices.ContainsFunc(kinds, func(k string) bool { return m.Value.Get(k) != nil })
			if whole || m.Value.Kind == parse.Null || there.Get(m.Key.Text) != nil {
				kept.Members = append(kept.Members, m)
				continue
			}
			var names []string
			for _, n := range members(there) {
				names = append(names, n.Key.Text)
			}
			r.l.Errorf(diag.UnknownNode, m.Key.Span, "the overlay changes `%s`, and `%s` has no such node", m.Key.Text, block.Key.Text).Near(m.Key.Text, names)
		}
		if block.Value.Kind == parse.Mapping {
			out.Members[i] = &parse.Member{Key: block.Key, Value: &kept}
		}
	}
	return &out
}
