package dialect

import (
	"slices"
	"strings"

	"github.com/flowc-dev/flowc/compiler/parse"
	"github.com/flowc-dev/flowc/compiler/schema"
	"github.com/flowc-dev/flowc/ir/diag"
)

// short tells whether a text is in the short spelling, and says what it is
// where it is not.
func short(n *parse.Node, l *diag.List) bool {
	if n.Kind != parse.Mapping {
		notMapping(n, "a pipeline", l)
		return false
	}
	if name, at := foreign(n); name != "" {
		l.Errorf(diag.ForeignDialect, at.Span, "this is %s, which this version of flowc does not compile", name).
			Helpf("write it in the short spelling: `pipeline:` with its name, `sources:`, `processors:` and `sinks:`")
		return false
	}
	return anyPipeline(n, l)
}

// anyPipeline reports a mapping that has nothing of a pipeline, as a whole: that
// each of its keys is none of ours leads nowhere.
func anyPipeline(n *parse.Node, l *diag.List) bool {
	known := schema.Keys("Pipeline")
	for _, m := range n.Members {
		if slices.Contains(known, m.Key.Text) || diag.Nearest(m.Key.Text, []string{"pipeline", "sources", "processors", "sinks"}) != "" {
			return true
		}
	}
	if len(n.Members) < 2 {
		return true // one key may be misspelt, or be a start
	}
	l.Errorf(diag.NoDialect, n.Members[0].Key.Span, "this is no pipeline: it has neither `sources` nor `processors` nor `sinks`").
		Helpf("a pipeline begins with `pipeline: name` and has `sources:` and `sinks:`")
	return false
}

func notMapping(n *parse.Node, what string, l *diag.List) {
	at := n.Place()
	if line := at.File.Offset(at.Line()+1, 1) - 1; line > at.Start && line < at.End {
		at.End = line
	}
	l.Errorf(diag.NoDialect, at, "%s is a mapping, and this is %s", what, n.Kind).
		Helpf("a pipeline begins with `pipeline: name` and has `sources:` and `sinks:`")
}

// foreign recognises the spellings of other tools, by what only they have, and
// returns what the text is called and the key that tells.
func foreign(n *parse.Node) (string, *parse.Node) {
	has := func(key string) *parse.Node {
		if m := n.Member(key); m != nil {
			return m.Key
		}
		return nil
	}
	if v := n.Get("apiVersion"); v != nil && v.Kind == parse.String {
		kind := ""
		if k := n.Get("kind"); k != nil {
			kind = k.Text
		}
		switch {
		case v.Text == "flowctl/v1" && kind == "SandboxServices":
			return "a file of flowctl's sandbox", v
		case v.Text == "flowctl/v1":
			return "a pipeline in the flowctl/v1 spelling", v
		case v.Text == "flowctl/v2":
			return "a topology in the flowctl/v2 spelling", v
		case v.Text == "v1":
			return "a pipeline in flowctl's `v1` spelling", v
		case strings.HasPrefix(v.Text, "flow.obsrvr."):
			return "a pipeline of the hosted Flow service (" + v.Text + ")", v
		}
		return "a document of `" + v.Text + "`", v
	}
	if k := has("kind"); k != nil {
		return "a document with `kind` and without `apiVersion`", k
	}
	if k := has("spec"); k != nil {
		return "the `spec` of a flowctl pipeline without its head (apiVersion, kind, metadata)", k
	}
	if k := has("pipelines"); k != nil {
		return "a pipeline in the spelling of cdp and Flow (`pipelines`)", k
	}
	if p := n.Member("pipeline"); p != nil && (p.Value.Kind == parse.Mapping || p.Value.Kind == parse.Sequence) {
		if p.Value.Get("sources") != nil || p.Value.Get("sinks") != nil {
			return "a pipeline in the spelling `pipeline: {name, sources, processors, sinks}`", p.Key
		}
		return "a pipeline in the spelling of cdp and Flow (`pipeline` as a mapping)", p.Key
	}
	if k := has("source"); k != nil && n.Get("sources") == nil {
		switch {
		case has("save_to") != nil || has("process") != nil:
			return "a pipeline in cdp's simplified spelling (source, process, save_to)", k
		case has("consumers") != nil:
			return "a pipeline in cdp's spelling (source, processors, consumers)", k
		case has("sink") != nil && has("version") != nil:
			return "a pipeline in flowctl's legacy spelling (version, source, processors, sink)", k
		}
	}
	if k := has("services"); k != nil && n.Get("sources") == nil {
		return "a file of services (of a sandbox or of compose)", k
	}
	return "", nil
}
