package lock

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// A Descriptor is what a component's metadata.json says.
type Descriptor struct {
	Name        string `json:"name"`
	Version     string `json:"version"`
	Type        string `json:"type"` // source, processor, sink or consumer
	Description string `json:"description"`
	// License is its licence, as SPDX writes it.
	License string `json:"license"`
	// Consumes and InputTypes are event types that it takes, Produces and OutputTypes those
	// that it gives.
	Consumes    []string `json:"consumes"`
	Produces    []string `json:"produces"`
	InputTypes  []string `json:"input_types"`
	OutputTypes []string `json:"output_types"`
	// EnvMapping are the variables that keys of its config become, as far as ConfigSchema
	// does not say them.
	EnvMapping   map[string]string        `json:"env_mapping"`
	ConfigSchema map[string]DescriptorKey `json:"config_schema"`
	Port         int                      `json:"port"`
	HealthPort   int                      `json:"health_port"`
}

// A DescriptorKey is what a descriptor says of a key of the config.
type DescriptorKey struct {
	Type        string `json:"type"`
	Description string `json:"description"`
	Env         string `json:"env"`
	Default     any    `json:"default"`
	Required    bool   `json:"required"`
	Enum        []any  `json:"enum"`
}

// ParseDescriptor reads a metadata.json.
func ParseDescriptor(text []byte) (*Descriptor, error) {
	d := &Descriptor{}
	if !bytes.HasPrefix(bytes.TrimSpace(text), []byte("{")) {
		return nil, errors.New("it is no JSON object")
	}
	if err := json.Unmarshal(text, d); err != nil {
		var kind *json.UnmarshalTypeError
		if errors.As(err, &kind) {
			return nil, fmt.Errorf("`%s` can't be a %s", kind.Field, kind.Value)
		}
		var syntax *json.SyntaxError
		if errors.As(err, &syntax) {
			return nil, fmt.Errorf("line %d: %w", 1+bytes.Count(text[:min(int(syntax.Offset), len(text))], []byte("\n")), err)
		}
		return nil, err
	}
	return d, nil
}

// descriptorKeys are the keys of descriptors that flowc reads.
var descriptorKeys = []string{
	"name", "version", "type", "description", "license", "consumes", "produces", "input_types", "output_types", "env_mapping", "config_schema", "port", "health_port",
}

// Misspelt are keys of a metadata.json that are none and look like one, by the one that was
// probably meant. A descriptor may have keys of other tools'.
func Misspelt(text []byte, nearest func(word string, names []string) string) map[string]string {
	var all map[string]json.RawMessage
	if json.Unmarshal(text, &all) != nil {
		return nil
	}
	found := map[string]string{}
	for key := range all {
		if slices.ContainsFunc(descriptorKeys, func(known string) bool { return strings.EqualFold(known, key) }) {
			continue
		}
		if meant := nearest(key, descriptorKeys); meant != "" {
			found[key] = meant
		}
	}
	return found
}

// Role is what it is, in the words of pipelines: source, processor or sink; "" where it does
// not say.
func (d *Descriptor) Role() string {
	switch role := strings.ToLower(d.Type); role {
	case "consumer", "sink":
		return "sink"
	case "source", "processor":
		return role
	}
	return ""
}

// Takes are the event types that it takes.
func (d *Descriptor) Takes() []string { return slices.Concat(d.Consumes, d.InputTypes) }

// Gives are the event types that it gives.
func (d *Descriptor) Gives() []string { return slices.Concat(d.Produces, d.OutputTypes) }

// Keys are the keys of its config, in their order.
func (d *Descriptor) Keys() []string {
	keys := maps.Clone(d.ConfigSchema)
	for k := range d.EnvMapping {
		if _, there := keys[k]; !there {
			if keys == nil {
				keys = map[string]DescriptorKey{}
			}
			keys[k] = DescriptorKey{}
		}
	}
	return slices.Sorted(maps.Keys(keys))
}

// Variable is the variable that a key becomes; "" where it says none.
func (d *Descriptor) Variable(key string) string {
	if name := d.EnvMapping[key]; name != "" {
		return name
	}
	return d.ConfigSchema[key].Env
}
