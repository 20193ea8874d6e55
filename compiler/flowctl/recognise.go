package flowctl

import (
	"strings"

	"github.com/flowc-dev/flowc/compiler/parse"
)

// A Spelling is how a text is written.
type Spelling struct {
	// Name is a word for it; "" is the short spelling, or something that is no
	// pipeline at all.
	Name string
	// What it is called in messages.
	What string
	// At is what tells.
	At *parse.Node
}

// The names of spellings.
const (
	V1         = "flowctl/v1"
	Headless   = "flowctl/v1 without its head"
	Bare       = "flowctl/v1 without head and spec"
	Camel      = "v1"
	Flow       = "spec.flow"
	Intent     = "flowctl/v2"
	Legacy     = "legacy"
	Hosted     = "hosted"
	CDP        = "cdp"
	Simplified = "cdp simplified"
	Lists      = "pipeline lists"
	Quickstart = "quickstart"
	Sandbox    = "SandboxServices"
	Services   = "services"
	Descriptor = "descriptor"
	Unknown    = "unknown"
)

// Recognise tells a spelling of another tool by what only it has.
func Recognise(n *parse.Node) Spelling {
	has := func(key string) *parse.Node {
		if m := n.Member(key); m != nil {
			return m.Key
		}
		return nil
	}
	if n == nil || n.Kind != parse.Mapping {
		return Spelling{}
	}
	if v := n.Get("apiVersion"); v != nil && scalar(v) {
		return versioned(n, v)
	}
	if n.Get("name") != nil && oneOf(word(n.Get("type")), "source", "processor", "sink", "consumer") && n.Get("source") == nil && n.Get("sources") == nil {
		for _, key := range []string{"config_schema", "env_mapping", "produces", "consumes", "input_types", "output_types"} {
			if has(key) != nil {
				return Spelling{Descriptor, "the descriptor of the component `" + word(n.Get("name")) + "`", has(key)}
			}
		}
	}
	if k := has("spec"); k != nil && has("sources") == nil && has("pipeline") == nil {
		return Spelling{Headless, "the `spec` of a flowctl pipeline without its head (apiVersion, kind, metadata)", k}
	}
	if k := components(n); k != nil && has("pipeline") == nil {
		return Spelling{Bare, "the components of a flowctl pipeline without its head and `spec`", k}
	}
	if k := has("kind"); k != nil && has("sources") == nil {
		return Spelling{Unknown, "a document with `kind` and without `apiVersion`", k}
	}
	if k := has("pipelines"); k != nil {
		return Spelling{CDP, "a pipeline in the spelling of cdp and Flow (`pipelines`)", k}
	}
	if p := n.Member("pipeline"); p != nil && (p.Value.Kind == parse.Mapping || p.Value.Kind == parse.Sequence) {
		if p.Value.Get("sources") != nil || p.Value.Get("sinks") != nil {
			return Spelling{Lists, "a pipeline in the spelling `pipeline: {name, sources, processors, sinks}`", p.Key}
		}
		return Spelling{CDP, "a pipeline in the spelling of cdp and Flow (`pipeline` as a mapping)", p.Key}
	}
	if k := has("source"); k != nil && n.Get("sources") == nil {
		switch {
		case has("save_to") != nil || has("process") != nil:
			return Spelling{Simplified, "a pipeline in cdp's simplified spelling (source, process, save_to)", k}
		case has("consumers") != nil:
			return Spelling{CDP, "a pipeline in cdp's spelling (source, processors, consumers)", k}
		case has("sink") != nil || n.Get("source").Get("params") != nil:
			return Spelling{Legacy, "a pipeline in flowctl's legacy spelling (version, source, processors, sink)", k}
		case n.Get("source").Get("type") != nil && n.Get("processors") != nil && n.Get("processors").Kind == parse.Sequence:
			return Spelling{CDP, "a pipeline in cdp's spelling (source, processors)", k}
		}
	}
	if k := has("services"); k != nil && n.Get("sources") == nil {
		return Spelling{Services, "a file of services (of a sandbox or of compose)", k}
	}
	return Spelling{}
}

// components is the first block that is a list of components with ids, as in a `spec`; nil
// for none.
func components(n *parse.Node) *parse.Node {
	for _, b := range blocks {
		if m := n.Member(b.name); m != nil && m.Value.Kind == parse.Sequence && len(m.Value.Items) > 0 && m.Value.Items[0].Get("id") != nil {
			return m.Key
		}
	}
	return nil
}

// versioned tells apart what has an apiVersion.
func versioned(n, v *parse.Node) Spelling {
	kind, spec := word(n.Get("kind")), n.Get("spec")
	switch {
	case kind == "SandboxServices":
		return Spelling{Sandbox, "a file of flowctl's sandbox", v}
	case v.Text == V1 && spec == nil && n.Get("source") != nil:
		return Spelling{Legacy, "a pipeline in flowctl's legacy spelling under the head of flowctl/v1", n.Member("source").Key}
	case v.Text == "flowctl/v2" || kind == "Topology":
		return Spelling{Intent, "a topology in the flowctl/v2 spelling", v}
	case strings.HasPrefix(v.Text, "flow.obsrvr."):
		return Spelling{Hosted, "a pipeline of the hosted Flow service (" + v.Text + ")", v}
	case spec.Get("components") != nil && spec.Get("sources") == nil:
		return Spelling{Hosted, "a pipeline with `spec.components`, as of the hosted Flow service", spec.Member("components").Key}
	case spec.Get("flow") != nil:
		return Spelling{Flow, "a pipeline whose graph stands in `spec.flow`", spec.Member("flow").Key}
	case v.Text == V1:
		return Spelling{V1, "a pipeline in the flowctl/v1 spelling", v}
	case kind == "QuickstartPipeline":
		return Spelling{Quickstart, "a quickstart pipeline of `" + v.Text + "`", v}
	case v.Text == "v1" && (kind == "Pipeline" || spec.Get("sources") != nil):
		return Spelling{Camel, "a pipeline in flowctl's `v1` spelling", v}
	case kind == "Pipeline" || spec.Get("sources") != nil || spec.Get("sinks") != nil:
		// A version that flowctl never had; it reads any, and so reads these.
		return Spelling{V1, "a pipeline in the flowctl/v1 spelling", v}
	}
	return Spelling{Unknown, "a document of `" + v.Text + "`", v}
}
