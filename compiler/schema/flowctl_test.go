package schema

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/flowc-dev/flowc/compiler/parse"
	"github.com/flowc-dev/flowc/ir/diag"
	"github.com/flowc-dev/flowc/ir/source"
)

// A validator holds values against the words of JSON Schema that ours has.
type validator struct{ defs map[string]any }

func (v validator) check(schema, value any, at string) error {
	s, _ := schema.(map[string]any)
	if ref, ok := s["$ref"].(string); ok {
		if err := v.check(v.defs[strings.TrimPrefix(ref, "#/$defs/")], value, at); err != nil {
			return err
		}
	}
	if list, ok := s["anyOf"].([]any); ok {
		var why error
		if !slices.ContainsFunc(list, func(one any) bool {
			err := v.check(one, value, at)
			if err != nil && (why == nil || len(err.Error()) > len(why.Error())) {
				why = err
			}
			return err == nil
		}) {
			return why
		}
	}
	if want, ok := s["const"]; ok && want != value {
		return fmt.Errorf("%s is not %v", at, want)
	}
	if list, ok := s["enum"].([]any); ok && !slices.Contains(list, value) {
		return fmt.Errorf("%s is none of %v", at, list)
	}
	if t, ok := s["type"]; ok && !slices.Contains(typesOf(value), fmt.Sprint(t)) {
		list, _ := t.([]any)
		if !slices.ContainsFunc(list, func(t any) bool { return slices.Contains(typesOf(value), t.(string)) }) {
			return fmt.Errorf("%s is no %v", at, t)
		}
	}
	switch value := value.(type) {
	case float64:
		if least, ok := s["minimum"].(float64); ok && value < least {
			return fmt.Errorf("%s is less than %v", at, least)
		}
	case string:
		if p, ok := s["pattern"].(string); ok && !regexp.MustCompile(p).MatchString(value) {
			return fmt.Errorf("%s does not match %s", at, p)
		}
	case []any:
		for i, item := range value {
			if items, ok := s["items"]; ok {
				if err := v.check(items, item, fmt.Sprintf("%s[%d]", at, i)); err != nil {
					return err
				}
			}
		}
	case map[string]any:
		properties, _ := s["properties"].(map[string]any)
		required, _ := s["required"].([]any)
		for _, name := range required {
			if _, ok := value[name.(string)]; !ok {
				return fmt.Errorf("%s has no %s", at, name)
			}
		}
		for name, one := range value {
			schema, known := properties[name]
			if !known {
				schema = s["additionalProperties"]
				if schema == false {
					return fmt.Errorf("%s.%s is unknown", at, name)
				}
			}
			if err := v.check(schema, one, at+"."+name); err != nil {
				return err
			}
		}
	}
	return nil
}

// typesOf are the words of JSON Schema for a value.
func typesOf(value any) []string {
	switch value := value.(type) {
	case nil:
		return []string{"null"}
	case bool:
		return []string{"boolean"}
	case string:
		return []string{"string"}
	case float64:
		if value == float64(int64(value)) {
			return []string{"number", "integer"}
		}
		return []string{"number"}
	case []any:
		return []string{"array"}
	}
	return []string{"object"}
}

// flowctlFits holds a text against the schema of flowctl/v1.
func flowctlFits(t *testing.T, text []byte) error {
	t.Helper()
	var schema map[string]any
	if err := json.Unmarshal(FlowctlSchema(map[string]string{"k8s": "as?: string"}), &schema); err != nil {
		t.Fatal(err)
	}
	var l diag.List
	n := parse.File(source.NewFile("a.yaml", "", text), parse.FormatYAML, &l)
	if l.HasErrors() {
		t.Fatal(l)
	}
	plain, err := json.Marshal(parse.Value(n))
	if err != nil {
		t.Fatal(err)
	}
	var value any
	if err := json.Unmarshal(plain, &value); err != nil {
		t.Fatal(err)
	}
	return validator{schema["$defs"].(map[string]any)}.check(schema, value, "pipeline")
}

// What flowc writes in flowctl's spelling fits, and so does what the documentation shows.
func TestFlowctlSchemaFits(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("../migrate/testdata/*/v1.yaml")
	if err != nil || len(files) < 10 {
		t.Fatal(files, err)
	}
	for _, name := range files {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if err := flowctlFits(t, text); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	page, err := os.ReadFile("../../docs/flowctl.md")
	if err != nil {
		t.Fatal(err)
	}
	blocks := 0
	for rest := string(page); ; {
		_, after, found := strings.Cut(rest, "```yaml flowctl\n")
		if !found {
			break
		}
		block, tail, _ := strings.Cut(after, "```")
		blocks++
		if err := flowctlFits(t, []byte(block)); err != nil {
			t.Errorf("%v\n%s", err, block)
		}
		rest = tail
	}
	if blocks == 0 {
		t.Error("no block was read")
	}
}

// The mistakes that flowctl lets through do not fit.
func TestFlowctlSchemaRefuses(t *testing.T) {
	t.Parallel()
	const good = `apiVersion: flowctl/v1
kind: Pipeline
metadata: {name: x}
spec:
  types: {Order: {id: string}}
  sources:
    - {id: in, command: [./in], output_event_types: [a.b.v1], env: {A: 1}}
  processors:
    - {id: some, inputs: [in], filter: in.ID != ""}
  sinks:
    - {id: out, inputs: [some], use: stdout}
`
	if err := flowctlFits(t, []byte(good)); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ old, new, want string }{
		{"flowctl/v1", "v1", "pipeline.apiVersion is not flowctl/v1"},
		{"kind: Pipeline", "kind: pipeline", "pipeline.kind is not Pipeline"},
		{"metadata: {name: x}", "metadata: {nam: x}", "pipeline.metadata has no name"},
		{"output_event_types", "outputEventTypes", "pipeline.spec.sources[0].outputEventTypes is unknown"},
		{"command: [./in]", "health_endpoint: /health", "pipeline.spec.sources[0].health_endpoint is unknown"},
		{"id: in,", "", "pipeline.spec.sources[0] has no id"},
		{"inputs: [in]", "replicas: 0", "pipeline.spec.processors[0].replicas is less than 1"},
		{"use: stdout", "restart_policy: sometimes", "pipeline.spec.sinks[0].restart_policy is none of [no always on-failure unless-stopped]"},
		{"{A: 1}", "[A]", "pipeline.spec.sources[0].env is no object"},
		{"  types:", "  type:", "pipeline.spec.type is unknown"},
	} {
		err := flowctlFits(t, []byte(strings.Replace(good, c.old, c.new, 1)))
		if err == nil || err.Error() != c.want {
			t.Errorf("%s in the place of %s: %v", c.new, c.old, err)
		}
	}
}
