package flow

import (
	"slices"
	"strings"
)

// shapeOf lists the nodes whose state a checkpoint holds.
func (p *Program) shapeOf() []string {
	var shape []string
	for _, in := range p.sources {
		shape = append(shape, "source "+in.name)
	}
	for _, s := range p.sinks {
		shape = append(shape, "sink "+s.name)
	}
	slices.Sort(shape)
	return shape
}

// adopt gives a checkpoint's nodes the names that they have now, and refuses one
// of another shape.
func (p *Program) adopt(c *Checkpoint, path string) error {
	for i := range p.info.Nodes {
		n := &p.info.Nodes[i]
		if n.Was == "" {
			continue
		}
		if s, ok := c.Sources[n.Was]; ok {
			delete(c.Sources, n.Was)
			c.Sources[n.Name] = s
		}
		if s, ok := c.Sinks[n.Was]; ok {
			delete(c.Sinks, n.Was)
			c.Sinks[n.Name] = s
		}
		for j, s := range c.Shape {
			if kind, name, _ := strings.Cut(s, " "); name == n.Was {
				c.Shape[j] = kind + " " + n.Name
			}
		}
	}
	slices.Sort(c.Shape)
	now := p.shapeOf()
	if slices.Equal(now, c.Shape) {
		return nil
	}
	var gone, added []string
	for _, s := range c.Shape {
		if !slices.Contains(now, s) {
			gone = append(gone, s)
		}
	}
	for _, s := range now {
		if !slices.Contains(c.Shape, s) {
			added = append(added, s)
		}
	}
	reason := "the state is of another pipeline of this name"
	if len(gone) > 0 {
		reason += ", with " + strings.Join(gone, ", ")
	}
	if len(added) > 0 {
		reason += ", without " + strings.Join(added, ", ")
	}
	return &StateError{Path: path, Reason: reason +
		": start with --fresh to begin anew, give a renamed node `was: OLD-NAME`, or give this pipeline another name"}
}
