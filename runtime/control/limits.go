package control

import (
	"fmt"

	"github.com/flowc-dev/flowc/runtime/proto"
)

// What a registration may be made of. Each is some hundred times what components send, and
// little enough that thousands of them fit the memory of a server.
const (
	maxText    = 1 << 10 // bytes of a name, an endpoint, a version, an event type
	maxLong    = 8 << 10 // bytes of a description, or of a value of a map
	maxEntries = 128     // of a map or list
)

// fits tells whether a registration is of a size that is kept.
func fits(r *proto.RegisterRequest) error {
	c := r.GetComponent()
	for _, text := range []struct {
		what, text string
		most       int
	}{
		{"component_id", r.GetComponentId(), maxText},
		{"id", c.GetId(), maxText},
		{"name", c.GetName(), maxText},
		{"version", c.GetVersion(), maxText},
		{"endpoint", c.GetEndpoint(), maxText},
		{"description", c.GetDescription(), maxLong},
	} {
		if err := short(text.what, text.text, text.most); err != nil {
			return err
		}
	}
	for what, types := range map[string][]string{"input_event_types": c.GetInputEventTypes(), "output_event_types": c.GetOutputEventTypes()} {
		if len(types) > maxEntries {
			return fmt.Errorf("%s has %d entries, and may have %d", what, len(types), maxEntries)
		}
		for _, t := range types {
			if err := short(what, t, maxText); err != nil {
				return err
			}
		}
	}
	return small("metadata", c.GetMetadata())
}

// small tells whether a map is of a size that is kept.
func small(what string, m map[string]string) error {
	if len(m) > maxEntries {
		return fmt.Errorf("%s has %d entries, and may have %d", what, len(m), maxEntries)
	}
	for key, value := range m {
		if err := short("a key of "+what, key, maxText); err != nil {
			return err
		}
		if err := short(what+"["+key+"]", value, maxLong); err != nil {
			return err
		}
	}
	return nil
}

func short(what, text string, most int) error {
	if len(text) > most {
		return fmt.Errorf("%s has %d bytes, and may have %d", what, len(text), most)
	}
	return nil
}
