package kubernetes

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/goccy/go-yaml"

	"github.com/flowc-dev/flowc/backends"
	"github.com/flowc-dev/flowc/backends/manifest"
)

// A chart is the objects with holes in them, and the values that fill the holes; with
// those of values.yaml they are the objects as they are without Helm.
type chart struct {
	d *deployment
	// b is the process whose objects are opened, values what they take of the values and
	// at where in them that is.
	b      *builder
	values *chartValues
	at     string
	// all are the whole of the values.
	all *chartValues
	// holes are the expressions for the marks that stand in the objects.
	holes []hole
}

// A hole is an expression of a template.
type hole struct {
	expr string
	// block holds a mapping, which is indented below its key; optional goes with its
	// line where the value is empty.
	block, optional bool
}

// chartValues are values.yaml: what people change from one cluster to the next.
type chartValues struct {
	Image    string      `json:"image,omitempty"`
	Replicas *int32      `json:"replicas,omitempty"`
	Scale    *chartScale `json:"scale,omitempty"`
	Schedule string      `json:"schedule,omitempty"`
	// Resources are those of the container; GoMemoryLimit goes with the memory.
	Resources     any               `json:"resources,omitempty"`
	GoMemoryLimit string            `json:"goMemoryLimit,omitempty"`
	Env           map[string]string `json:"env,omitempty"`
	Settings      map[string]string `json:"settings,omitempty"`
	Storage       *chartStorage     `json:"storage,omitempty"`
	// Broker is what carries records between processes.
	Broker *chartBroker `json:"broker,omitempty"`
	// Processes are those of a pipeline that runs in several, by their workloads' names.
	Processes map[string]*chartValues `json:"processes,omitempty"`
}

type chartBroker struct {
	Image     string        `json:"image"`
	Resources any           `json:"resources"`
	Storage   *chartStorage `json:"storage,omitempty"`
}

type chartScale struct {
	Min int32 `json:"min"`
	Max int32 `json:"max"`
}

type chartStorage struct {
	Size string `json:"size"`
	// Class is "" for that of the cluster.
	Class string `json:"class"`
}

// A chartInfo is Chart.yaml.
type chartInfo struct {
	APIVersion  string `json:"apiVersion"`
	Name        string `json:"name"`
	Description string `json:"description"`
	Type        string `json:"type"`
	Version     string `json:"version"`
	AppVersion  string `json:"appVersion"`
}

func byPath(x, y backends.File) int { return cmp.Compare(x.Path, y.Path) }

// helm is a chart. The namespace is that of the release, and Helm makes it itself.
func (d *deployment) helm() ([]backends.File, error) {
	all := &chartValues{}
	c := &chart{d: d, all: all, values: all, at: ".Values"}
	var docs []any
	for _, o := range d.objects {
		if kindOf(o) == "Namespace" {
			continue
		}
		doc, err := tidy(o)
		if err != nil {
			return nil, err
		}
		c.enter(o)
		if d.ofBroker(o) {
			err = c.openBroker(kindOf(o), doc)
		} else {
			err = c.open(kindOf(o), doc)
		}
		if err != nil {
			return nil, err
		}
		docs = append(docs, doc)
	}
	text, err := manifest.YAML(d.header(), docs...)
	if err != nil {
		return nil, err
	}
	info, err := manifest.YAML(d.headline(), chartInfo{
		APIVersion: "v2", Name: d.name, Description: "The pipeline " + d.p.Name, Type: "application",
		// A chart that changes has another version; what is behind the plus says of which pipeline it is.
		Version: "0.1.0+" + d.hash(), AppVersion: d.hash(),
	})
	if err != nil {
		return nil, err
	}
	values, err := manifest.YAML(d.headline(), all)
	if err != nil {
		return nil, err
	}
	files := []backends.File{
		{Path: "Chart.yaml", Data: info},
		{Path: "values.yaml", Data: values},
		{Path: "templates/" + d.name + ".yaml", Data: []byte(c.template(string(text)))},
		{Path: ".helmignore", Data: []byte("# " + d.headline() + ".flowc-files\n")},
	}
	slices.SortFunc(files, byPath)
	return files, nil
}

// enter turns to the process that an object belongs to, and its values.
func (c *chart) enter(o object) {
	c.b = c.d.processes[0]
	for _, b := range c.d.processes {
		if o.GetLabels()[labelInstance] == b.name {
			c.b = b
		}
	}
	if c.b.app.Process == "" {
		return
	}
	if c.all.Processes == nil {
		c.all.Processes = map[string]*chartValues{}
	}
	if c.all.Processes[c.b.name] == nil {
		c.all.Processes[c.b.name] = &chartValues{}
	}
	c.values, c.at = c.all.Processes[c.b.name], fmt.Sprintf("(index .Values.processes %q)", c.b.name)
}

// mark is what the words begin with that stand for holes: they need no quotes, and no
// pipeline has its own hash in it.
func (c *chart) mark() string { return "FlowcHole" + c.d.hash() + "n" }

// hole puts a mark for an expression into the objects.
func (c *chart) hole(h hole) string {
	c.holes = append(c.holes, h)
	return c.mark() + strconv.Itoa(len(c.holes)-1) + "x"
}

// namespace is that of the release.
func (c *chart) namespace(doc yaml.MapSlice) {
	if meta := sub(doc, "metadata"); get(meta, "namespace") != nil {
		set(meta, "namespace", c.hole(hole{expr: ".Release.Namespace | quote"}))
	}
}

// openBroker makes holes in an object of the broker's.
func (c *chart) openBroker(kind string, doc yaml.MapSlice) error {
	c.namespace(doc)
	if kind != "StatefulSet" {
		return nil
	}
	spec := sub(doc, "spec")
	values := &chartValues{}
	c.values, c.at = values, ".Values.broker"
	claims, _ := get(spec, "volumeClaimTemplates").([]any)
	for _, claim := range claims {
		if m, ok := claim.(yaml.MapSlice); ok {
			if err := c.claim(m); err != nil {
				return err
			}
		}
	}
	server, err := containerOf(sub(sub(spec, "template"), "spec"), brokerContainer)
	if err != nil {
		return err
	}
	c.all.Broker = &chartBroker{Image: manifest.Text(get(server, "image")), Resources: plain(get(server, "resources")), Storage: values.Storage}
	set(server, "image", c.hole(hole{expr: ".Values.broker.image | quote"}))
	set(server, "resources", c.hole(hole{expr: ".Values.broker.resources", block: true}))
	return nil
}

// containerOf is a container of a pod, by its name.
func containerOf(pod yaml.MapSlice, name string) (yaml.MapSlice, error) {
	all, _ := get(pod, "containers").([]any)
	for _, one := range all {
		if m, ok := one.(yaml.MapSlice); ok && manifest.Text(get(m, "name")) == name {
			return m, nil
		}
	}
	return nil, fmt.Errorf("the pod has no container %s", name)
}

// open makes holes in an object.
func (c *chart) open(kind string, doc yaml.MapSlice) error {
	c.namespace(doc)
	spec := sub(doc, "spec")
	pod := sub(sub(spec, "template"), "spec")
	switch kind {
	case "HorizontalPodAutoscaler", "ScaledObject":
		if c.b.app.Elastic != nil { // its bounds are the program's
			c.lag(spec)
			return nil
		}
	}
	switch kind {
	case "PersistentVolumeClaim":
		return c.claim(doc)
	case "HorizontalPodAutoscaler":
		c.scale(spec, "minReplicas", "maxReplicas")
		return nil
	case "ScaledObject":
		c.scale(spec, "minReplicaCount", "maxReplicaCount")
		return nil
	case "Deployment", "StatefulSet":
		if get(spec, "replicas") != nil && !c.b.numbered() { // a number of partitions is the program's
			c.values.Replicas = c.b.replicas()
			set(spec, "replicas", c.hole(hole{expr: c.at + ".replicas"}))
		}
		claims, _ := get(spec, "volumeClaimTemplates").([]any)
		for _, claim := range claims {
			if m, ok := claim.(yaml.MapSlice); ok {
				if err := c.claim(m); err != nil {
					return err
				}
			}
		}
	case "Job":
		meta := sub(doc, "metadata")
		set(meta, "name", c.hole(hole{expr: fmt.Sprintf(`printf "%s-%%s" (toJson .Values | printf "%s%%s" | sha256sum | trunc 8)`, c.b.name, manifest.Text(get(meta, "name")))}))
	case "CronJob":
		c.values.Schedule = manifest.Text(get(spec, "schedule"))
		set(spec, "schedule", c.hole(hole{expr: c.at + ".schedule | quote"}))
		pod = sub(sub(sub(sub(spec, "jobTemplate"), "spec"), "template"), "spec")
	default:
		return nil
	}
	return c.container(pod)
}

// lag has KEDA ask the hosts where the release is.
func (c *chart) lag(spec yaml.MapSlice) {
	triggers, _ := get(spec, "triggers").([]any)
	for _, one := range triggers {
		trigger, _ := one.(yaml.MapSlice)
		if meta := sub(trigger, "metadata"); get(meta, "url") != nil {
			set(meta, "url", c.hole(hole{expr: fmt.Sprintf(`printf %q .Release.Namespace | quote`, lagURL(c.b.lagService(), "%s", c.b.app.PagesPort().Number))}))
		}
	}
}

func (c *chart) scale(spec yaml.MapSlice, low, high string) {
	s := c.b.o.Scale
	c.values.Scale = &chartScale{Min: 1, Max: s.Max}
	if s.Min != nil {
		c.values.Scale.Min = *s.Min
	}
	set(spec, low, c.hole(hole{expr: c.at + ".scale.min"}))
	set(spec, high, c.hole(hole{expr: c.at + ".scale.max"}))
}

// claim lets the size and the class of a volume be chosen.
func (c *chart) claim(doc yaml.MapSlice) error {
	spec := sub(doc, "spec")
	requests := sub(sub(spec, "resources"), "requests")
	size, class := manifest.Text(get(requests, "storage")), manifest.Text(get(spec, "storageClassName"))
	c.values.Storage = &chartStorage{Size: size, Class: class}
	set(requests, "storage", c.hole(hole{expr: c.at + ".storage.size | quote"}))
	at := c.hole(hole{expr: c.at + ".storage.class", optional: true})
	if get(spec, "storageClassName") != nil {
		set(spec, "storageClassName", at)
		return nil
	}
	for i := range doc {
		if doc[i].Key == "spec" {
			doc[i].Value = append(spec, yaml.MapItem{Key: "storageClassName", Value: at})
		}
	}
	return nil
}

// container lets its image, resources, variables and settings be chosen.
func (c *chart) container(pod yaml.MapSlice) error {
	m, err := containerOf(pod, container)
	if err != nil {
		return err
	}
	c.all.Image = manifest.Text(get(m, "image"))
	set(m, "image", c.hole(hole{expr: ".Values.image | quote"}))
	c.values.Resources = plain(get(m, "resources"))
	set(m, "resources", c.hole(hole{expr: c.at + ".resources", block: true}))
	env, _ := get(m, "env").([]any)
	for _, v := range env {
		if m, ok := v.(yaml.MapSlice); ok {
			c.variable(m)
		}
	}
	return nil
}

// variable lets the value of a variable be chosen; secrets have none.
func (c *chart) variable(m yaml.MapSlice) {
	name, value := manifest.Text(get(m, "name")), get(m, "value")
	switch {
	case value == nil:
	case name == "GOMEMLIMIT":
		c.values.GoMemoryLimit = manifest.Text(value)
		set(m, "value", c.hole(hole{expr: c.at + ".goMemoryLimit | quote"}))
	case name == "FLOWC_SET":
		c.values.Settings = map[string]string{}
		for _, s := range c.b.app.Settings {
			c.values.Settings[s.Key] = literal(s.Value)
		}
		set(m, "value", c.hole(hole{expr: `$set := "" }}{{ range $key, $value := ` + c.at + `.settings }}{{ $set = printf "%s%s=%v\n" $set $key $value }}{{ end }}{{ $set | quote`}))
	default:
		if c.values.Env == nil {
			c.values.Env = map[string]string{}
		}
		c.values.Env[name] = manifest.Text(value)
		set(m, "value", c.hole(hole{expr: fmt.Sprintf("index %s.env %q | quote", c.at, name)}))
	}
}

// template puts the expressions where the marks are. What looks like one in a text of
// the pipeline's stays text.
func (c *chart) template(objects string) string {
	var t strings.Builder
	for line := range strings.Lines(strings.ReplaceAll(objects, "{{", `{{ "{{" }}`)) {
		at := strings.Index(line, c.mark())
		if at < 0 {
			t.WriteString(line)
			continue
		}
		end := at + strings.IndexByte(line[at:], 'x') // no other letter of a mark is one
		i, err := strconv.Atoi(line[at+len(c.mark()) : end])
		if err != nil || i >= len(c.holes) {
			t.WriteString(line)
			continue
		}
		indent := len(line) - len(strings.TrimLeft(line, " -"))
		switch h := c.holes[i]; {
		case h.optional:
			fmt.Fprintf(&t, "%s{{- with %s }}\n%s{{ . | quote }}\n%s{{- end }}\n", line[:indent], h.expr, line[:at], line[:indent])
		case h.block:
			fmt.Fprintf(&t, "%s{{- toYaml %s | nindent %d }}%s", line[:at], h.expr, indent+2, line[end+1:])
		default:
			fmt.Fprintf(&t, "%s{{ %s }}%s", line[:at], h.expr, line[end+1:])
		}
	}
	return t.String()
}

// plain is a value without the order of its keys.
func plain(v any) any {
	switch v := v.(type) {
	case yaml.MapSlice:
		m := map[string]any{}
		for _, item := range v {
			if key, ok := item.Key.(string); ok {
				m[key] = plain(item.Value)
			}
		}
		return m
	case []any:
		list := make([]any, len(v))
		for i := range v {
			list[i] = plain(v[i])
		}
		return list
	}
	if s := manifest.Text(v); s != "" {
		return s
	}
	return v
}

// get is the value of a key, nil for none.
func get(m yaml.MapSlice, key string) any {
	for _, item := range m {
		if item.Key == key {
			return item.Value
		}
	}
	return nil
}

// set replaces the value of a key that is there.
func set(m yaml.MapSlice, key string, value any) {
	for i := range m {
		if m[i].Key == key {
			m[i].Value = value
		}
	}
}

// sub is the mapping of a key, nil for none.
func sub(m yaml.MapSlice, key string) yaml.MapSlice {
	v, _ := get(m, key).(yaml.MapSlice)
	return v
}
