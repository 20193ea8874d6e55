package deploy

import (
	"fmt"
	"io"
	"strings"
)

// marks stand before what a plan says of an object.
var marks = map[Action]string{Create: "+", Alter: "~", Start: "~", Delete: "-", Leave: " ", Keep: "="}

// colors are those of marks on a terminal: green, yellow and red.
var colors = map[Action]string{Create: "32", Alter: "33", Start: "33", Delete: "31"}

// paint colours a text.
func paint(color bool, a Action, text string) string {
	if !color || colors[a] == "" {
		return text
	}
	return "\x1b[" + colors[a] + "m" + text + "\x1b[0m"
}

// Text writes a plan for somebody who decides on it: each object, and of those that
// change each field, what it was and what it would be.
func (p *Plan) Text(w io.Writer, color bool) {
	head := p.ID + " at " + p.Place
	switch {
	case p.Want == nil:
		head += ": delete"
	case p.Before == nil:
		head += ": new, " + p.Want.Hash
	case p.Before.Hash != p.Want.Hash:
		head += fmt.Sprintf(": %s → %s", orNone(p.Before.Hash), p.Want.Hash)
	}
	fmt.Fprintln(w, head)
	for _, c := range p.Changes {
		line := paint(color, c.Action, fmt.Sprintf("%s %-6s %s %s", marks[c.Action], c.Action, c.Kind, c.Name))
		if c.Why != "" {
			line += "  (" + c.Why + ")"
		}
		fmt.Fprintln(w, line)
		if c.Action == Create {
			continue // the files of the target have them all
		}
		widest := 0
		for _, f := range c.Fields {
			widest = max(widest, len(f.Path))
		}
		for _, f := range c.Fields {
			action, line := f.line(min(widest, 40))
			fmt.Fprintf(w, "    %s\n", paint(color, action, line))
		}
	}
}

// line is a field as a plan shows it.
func (f Field) line(width int) (Action, string) {
	switch {
	case f.Changed:
		return Alter, fmt.Sprintf("~ %-*s  %s, whose value is another", width, f.Path, text(f.New))
	case f.Old == nil:
		return Create, fmt.Sprintf("+ %-*s  %s", width, f.Path, text(f.New))
	case f.New == nil:
		return Delete, fmt.Sprintf("- %-*s  %s", width, f.Path, text(f.Old))
	}
	return Alter, fmt.Sprintf("~ %-*s  %s → %s", width, f.Path, text(f.Old), text(f.New))
}

// Summary counts what a plan does: "1 created, 2 changed".
func (p *Plan) Summary() string {
	counts := map[Action]int{}
	for _, c := range p.Changes {
		counts[c.Action]++
	}
	var parts []string
	for _, one := range []struct {
		action Action
		word   string
	}{{Create, "to create"}, {Alter, "to change"}, {Start, "to start"}, {Delete, "to delete"}, {Leave, "left"}} {
		if n := counts[one.action]; n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n, one.word))
		}
	}
	if p.Empty() {
		parts = append([]string{"nothing to change"}, parts...)
	}
	return strings.Join(parts, ", ")
}

func orNone(hash string) string {
	if hash == "" {
		return "(not flowc's)"
	}
	return hash
}
