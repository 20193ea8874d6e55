package deploy

import (
	"context"
	"encoding/json"
)

// A Plan is what applying a release would do.
type Plan struct {
	ID       string   `json:"id"`
	Pipeline string   `json:"pipeline"`
	Place    string   `json:"place"`
	Want     *Release `json:"want,omitempty"`   // nil where the pipeline is to go
	Before   *Release `json:"before,omitempty"` // nil where nothing runs
	Changes  []Change `json:"changes"`
	seen     string
}

// A Change is what happens to one object.
type Change struct {
	Action Action `json:"action"`
	Kind   string `json:"kind"`
	Name   string `json:"name"`
	// Fields are those that differ, and all of what is created.
	Fields []Field `json:"fields,omitempty"`
	// Why says more: what a change does to what runs, or why something is left.
	Why    string `json:"why,omitempty"`
	object Object
}

// An Action is what happens to an object.
type Action string

// The actions. What is left is not wanted any more and stays, because nobody said that
// it may go.
const (
	Create Action = "create"
	Alter  Action = "change"
	Start  Action = "start"
	Delete Action = "delete"
	Leave  Action = "leave"
	Keep   Action = "keep"
)

// NewPlan compares a release with what the engine has. prune has what is not wanted any
// more deleted.
func NewPlan(ctx context.Context, e Engine, want *Release, prune bool) (*Plan, error) {
	v, err := e.Preview(ctx, want)
	if err != nil {
		return nil, err
	}
	p := &Plan{ID: want.ID, Pipeline: want.Pipeline, Place: e.Place(), Want: want, Before: v.Before, seen: v.Seen}
	have := map[string]Object{}
	for _, o := range v.Have {
		have[o.ID()] = o
	}
	for _, o := range v.Would {
		c := Change{Action: Create, Kind: o.Kind, Name: o.Name, object: o}
		if old, there := have[o.ID()]; there {
			delete(have, o.ID())
			c.Action, c.Fields = Keep, fields(old.Spec, o.Spec)
			switch {
			case len(c.Fields) > 0:
				c.Action, c.Why = Alter, o.Disturbs
				if v.Before != nil && v.Before.Manifest == nil {
					c.Why += "; flowc did not apply what runs, and could not bring it back"
				}
			case old.Idle != "":
				c.Action, c.Why = Start, old.Idle
			}
		}
		if c.Action == Create {
			c.Fields = fields(nil, o.Spec)
		}
		p.Changes = append(p.Changes, c)
	}
	for _, o := range v.Have {
		if _, unwanted := have[o.ID()]; !unwanted || o.Spare && !prune {
			continue
		}
		c := Change{Action: Leave, Kind: o.Kind, Name: o.Name, Why: "it is not wanted any more, and --prune deletes it", object: o}
		switch {
		case prune:
			c.Action, c.Why = Delete, lost(o)
		case o.Runs:
			c.Action, c.Why = Delete, "others do its work from now on"
		}
		p.Changes = append(p.Changes, c)
	}
	return p, nil
}

// NewRemoval is a plan for a pipeline to go. What holds data stays unless state is set.
func NewRemoval(e Engine, r *Release, state bool) *Plan {
	p := &Plan{ID: r.ID, Pipeline: r.Pipeline, Place: e.Place(), Before: r}
	for _, o := range r.Objects {
		c := Change{Action: Delete, Kind: o.Kind, Name: o.Name, Why: lost(o), object: o}
		if o.Data && !state {
			c.Action, c.Why = Leave, "it holds data, and --state deletes it"
		}
		p.Changes = append(p.Changes, c)
	}
	return p
}

// lost says what goes with an object.
func lost(o Object) string {
	if o.Data {
		return "what it holds is lost"
	}
	if o.Takes != "" {
		return o.Takes + " is lost with it"
	}
	return ""
}

// Empty tells whether a plan changes nothing.
func (p *Plan) Empty() bool {
	for _, c := range p.Changes {
		if c.Action != Keep && c.Action != Leave {
			return false
		}
	}
	return true
}

// puts tells whether a plan changes more than it deletes.
func (p *Plan) puts() bool {
	for _, c := range p.Changes {
		if c.Action == Create || c.Action == Alter || c.Action == Start {
			return true
		}
	}
	return false
}

// objects are those of an action.
func (p *Plan) objects(a Action) []Object {
	var all []Object
	for _, c := range p.Changes {
		if c.Action == a {
			all = append(all, c.object)
		}
	}
	return all
}

// Tree reads JSON as the specs of objects are made of it.
func Tree(text []byte) (any, error) {
	var v any
	err := json.Unmarshal(text, &v)
	return v, err
}
