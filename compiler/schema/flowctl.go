package schema

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
)

// A flowctlKey is a key of flowctl's, with what it holds.
type flowctlKey struct {
	name, doc string
	schema    object
}

func typed(words ...string) object {
	if len(words) == 1 {
		return object{{"type", words[0]}}
	}
	return object{{"type", words}}
}

func listOf(item object) object { return object{{"type", "array"}, {"items", item}} }

// scalarMap is a mapping of names to texts, numbers and truth values.
var scalarMap = object{{"type", "object"}, {"additionalProperties", typed("string", "number", "boolean", "null")}}

// flowctlKeys are the keys of a component of flowctl/v1, beside those of the short spelling.
var flowctlKeys = []flowctlKey{
	{"id", "What others call it in their `inputs`.", typed("string")},
	{"type", "Its role, or a reference of a registry such as `org/name@v1.0.0`.", typed("string")},
	{"inputs", "The components whose events it takes: the graph.", typed("string", "array")},
	{"input_event_types", "The types of events that it takes.", typed("string", "array")},
	{"output_event_types", "The types of events that it gives.", typed("string", "array")},
	{"image", "The container's image; `command` beside it replaces its entrypoint.", typed("string")},
	{"command", "The program and its arguments.", typed("string", "array")},
	{"args", "What stands behind the command, or behind the entrypoint of the image; one text is one argument.", typed("string", "array", "null")},
	{"config", "Its config: environment of a component, keys of a built-in.", typed("object", "null")},
	{"env", "Its environment.", object{{"anyOf", []any{scalarMap, typed("null")}}}},
	{"volumes", "Places of the host, and volumes.", typed("array", "null")},
	{"secrets", "Files, folders and variables that are secret.", typed("array", "null")},
	{"ports", "Ports that it listens on besides.", typed("array", "null")},
	{"health_check", "The path of its health check.", typed("string")},
	{"health_port", "The port of its health check.", typed("integer")},
	{"replicas", "How many processes of a processor there are.", object{{"type", "integer"}, {"minimum", 1}}},
	{"resources", "What it asks for (`requests`), and may use at the most (`limits`).", typed("object", "null")},
	{"depends_on", "Pipelines (whole programs) that must have completed before; of a pipeline also components, which have when all events are done.", typed("string", "array")},
	{"restart_policy", "When it is started again: no, always, on-failure or unless-stopped.", object{{"enum", []any{"no", "always", "on-failure", "unless-stopped"}}}},
	{"description", "What it is for.", typed("string")},
}

// jobKeys are those of them that a whole program has.
var jobKeys = []string{"id", "type", "image", "command", "args", "config", "env", "volumes", "secrets", "resources", "depends_on", "restart_policy", "description"}

// FlowctlSchema is flowctl/v1 as JSON Schema (draft 2020-12), for editors. Components have
// flowctl's keys and those of the short spelling, which may be mixed.
func FlowctlSchema(targets map[string]string) []byte {
	asking.Lock()
	defer asking.Unlock()
	lang := load()
	x := &exporter{lang: lang, defs: map[string]bool{}}
	_, root := lang.definition("Pipeline")
	native := object{}
	for _, m := range x.structure(root) {
		if properties, ok := m.value.(object); ok && m.key == "properties" {
			x.targets(properties, targets)
			native = properties
		}
	}
	texts := object{{"type", "object"}, {"additionalProperties", typed("string", "number", "boolean")}}
	var spec object
	add := func(to *object, name, doc string, schema object) {
		*to = append(*to, member{name, append(object{{"description", doc}}, schema...)})
	}
	add(&spec, "description", "What the pipeline is for.", typed("string"))
	add(&spec, "driver", "Left alone: the command says where a pipeline runs.", typed("string"))
	for _, b := range []struct{ name, doc string }{
		{"sources", "Where events come from."}, {"processors", "What becomes of them."}, {"sinks", "Where they go."},
	} {
		component := object{{"$ref", "#/$defs/flowctl-" + strings.TrimSuffix(b.name, "s")}}
		add(&spec, b.name, b.doc, object{{"anyOf", []any{listOf(component), object{{"type", "object"}, {"additionalProperties", component}}, typed("null")}}})
	}
	job := object{{"$ref", "#/$defs/flowctl-pipeline"}}
	add(&spec, "pipelines", "Whole programs, which run to their end and take and give no events.", object{{"anyOf", []any{listOf(job), object{{"type", "object"}, {"additionalProperties", job}}, typed("null")}}})
	add(&spec, "config", "Left out: nobody is given it.", typed("object", "null"))
	for _, name := range []string{"types", "imports", "include", "defaults", "delivery", "telemetry", "targets", "edges", "flowc"} {
		for _, m := range native {
			if m.key == name {
				spec = append(spec, m)
			}
		}
	}
	var metadata object
	add(&metadata, "name", "The pipeline's name.", typed("string"))
	add(&metadata, "namespace", "For targets that have namespaces.", typed("string"))
	add(&metadata, "description", "What the pipeline is for.", typed("string"))
	add(&metadata, "labels", "Words on everything that a target makes.", texts)
	add(&metadata, "annotations", "Words on everything that a target makes.", texts)

	closed := func(properties object, required ...string) object {
		o := object{{"type", "object"}, {"properties", properties}}
		if len(required) > 0 {
			o = append(o, member{"required", required})
		}
		return append(o, member{"additionalProperties", false})
	}
	top := object{
		{"$schema", "https://json-schema.org/draft/2020-12/schema"},
		{"$id", "https://github.com/flowc-dev/flowc/flowctl-v1.schema.json"},
		{"title", "flowctl/v1 pipeline"},
		{"description", "A pipeline in flowctl's spelling, as flowc reads it."},
	}
	top = append(top, closed(object{
		{"apiVersion", object{{"const", "flowctl/v1"}}},
		{"kind", object{{"const", "Pipeline"}}},
		{"metadata", closed(metadata, "name")},
		{"spec", closed(spec)},
	}, "apiVersion", "kind", "metadata", "spec")...)

	var defs object
	steps := []string{"Filter", "Map", "Set", "Check", "Parse", "Flatmap", "Route", "Processor", "ForeignProcessor"}
	for role, definitions := range map[string][]string{"source": {"Source", "ForeignSource"}, "processor": steps, "sink": {"Sink", "ForeignSink"}} {
		defs = append(defs, member{"flowctl-" + role, closed(x.flowctlComponent(definitions), "id")})
	}
	var whole object
	for _, k := range flowctlKeys {
		if slices.Contains(jobKeys, k.name) {
			add(&whole, k.name, k.doc, k.schema)
		}
	}
	defs = append(defs, member{"flowctl-pipeline", closed(whole, "id")})
	slices.SortFunc(defs, func(a, b member) int { return strings.Compare(a.key, b.key) })
	for i := 0; i < len(x.queue); i++ { // a definition may name others
		_, s := lang.definition(x.queue[i])
		defs = append(defs, member{x.queue[i], x.whole(s)})
	}
	top = append(top, member{"$defs", defs})
	var out bytes.Buffer
	text, err := json.Marshal(top)
	if err == nil {
		err = json.Indent(&out, text, "", "  ")
	}
	if err != nil {
		panic(err) // plain values alone
	}
	return out.Bytes()
}

// flowctlComponent are the properties of a component: flowctl's, and those of the nodes that
// it may be, where one of these means the same in all of them.
func (x *exporter) flowctlComponent(definitions []string) object {
	var all object
	own := map[string]bool{}
	for _, k := range flowctlKeys {
		own[k.name] = true
		all = append(all, member{k.name, append(object{{"description", k.doc}}, k.schema...)})
	}
	at := map[string]int{}
	for _, name := range definitions {
		_, s := x.lang.definition(name)
		for _, f := range s.fields {
			if own[f.name] {
				continue
			}
			schema := x.of(f.shape)
			i, known := at[f.name]
			if !known {
				at[f.name] = len(all)
				all = append(all, member{f.name, schema})
				continue
			}
			one, _ := json.Marshal(all[i].value)
			other, _ := json.Marshal(schema)
			if !bytes.Equal(one, other) { // it means another thing in another node
				all[i].value = object{}
			}
		}
	}
	return all
}
