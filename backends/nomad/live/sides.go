package live

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/hashicorp/nomad/api"
)

// sides makes the two trees of a difference of Nomad's, as a plan compares them: what
// differs alone, by its path. TaskGroups[orders].Tasks[orders].Config.image is the field
// of the task in the group of that name.
func sides(d *api.JobDiff) (old, is map[string]any) {
	old, is = map[string]any{}, map[string]any{}
	if d == nil {
		return old, is
	}
	place(d.Fields, d.Objects, old, is)
	for _, g := range d.TaskGroups {
		if whole(g.Type) {
			one("TaskGroups["+g.Name+"]", g.Type, group(g), old, is)
			continue
		}
		a, b := map[string]any{}, map[string]any{}
		place(g.Fields, g.Objects, a, b)
		for _, t := range g.Tasks {
			if whole(t.Type) {
				one("Tasks["+t.Name+"]", t.Type, "a task of "+program(t), a, b)
				continue
			}
			c, d := map[string]any{}, map[string]any{}
			place(t.Fields, t.Objects, c, d)
			put("Tasks["+t.Name+"]", c, d, a, b)
		}
		put("TaskGroups["+g.Name+"]", a, b, old, is)
	}
	delete(old, "Stop") // a job that somebody stopped is one to start
	delete(is, "Stop")
	return old, is
}

// whole tells a group or a task that comes or goes as a whole: the files of the target
// have all of it.
func whole(kind string) bool { return kind == "Added" || kind == "Deleted" }

// one adds what comes or goes as one value.
func one(name, kind, value string, old, is map[string]any) {
	if kind == "Added" {
		is[name] = value
	} else {
		old[name] = value
	}
}

// group is a group in some words.
func group(g *api.TaskGroupDiff) string {
	count, tasks := "", []string{}
	for _, f := range g.Fields {
		if f.Name == "Count" {
			count = cmp.Or(f.New, f.Old)
		}
	}
	for _, t := range g.Tasks {
		tasks = append(tasks, program(t))
	}
	return fmt.Sprintf("a group of %s × %s", count, strings.Join(tasks, ", "))
}

// program is what a task runs.
func program(t *api.TaskDiff) string {
	for _, f := range t.Fields {
		if f.Name == "Config[image]" || f.Name == "Config[command]" {
			return cmp.Or(f.New, f.Old)
		}
	}
	return t.Name
}

// put adds what two sides have below a name, where they have something.
func put(name string, a, b, old, is map[string]any) {
	if len(a) > 0 {
		old[name] = a
	}
	if len(b) > 0 {
		is[name] = b
	}
}

// place adds the fields and objects that differ.
func place(fields []*api.FieldDiff, objects []*api.ObjectDiff, old, is map[string]any) {
	for _, f := range fields {
		if f.Old == f.New {
			continue
		}
		if f.Type != "Added" {
			set(old, f.Name, f.Old)
		}
		if f.Type != "Deleted" {
			set(is, f.Name, f.New)
		}
	}
	count := map[string]int{}
	for _, o := range objects {
		name := o.Name
		if of := called(o); of != "" {
			name += "[" + of + "]"
		}
		if count[name]++; count[name] > 1 {
			name += fmt.Sprintf("#%d", count[name])
		}
		a, b := map[string]any{}, map[string]any{}
		place(o.Fields, o.Objects, a, b)
		if o.Type != "Edited" { // what nobody said of it need not be shown
			spoken(a)
			spoken(b)
		}
		put(name, a, b, old, is)
	}
}

// spoken leaves of the fields of an object that comes or goes those that say something.
func spoken(fields map[string]any) {
	for name, v := range fields {
		if v == "" || v == "false" || v == "0" {
			delete(fields, name)
		}
	}
}

// called is the name of an object among others of its kind.
func called(o *api.ObjectDiff) string {
	for _, key := range []string{"Name", "Label", "DestPath", "Destination", "RelativeDest"} {
		for _, f := range o.Fields {
			if f.Name == key && f.Old+f.New != "" {
				if f.New != "" {
					return f.New
				}
				return f.Old
			}
		}
	}
	return ""
}

// set puts a value at a name like Config[mounts][0][target].
func set(tree map[string]any, name string, value string) {
	head, rest, nested := strings.Cut(name, "[")
	if !nested {
		tree[name] = value
		return
	}
	keys := append([]string{head}, strings.Split(strings.TrimSuffix(rest, "]"), "][")...)
	for _, key := range keys[:len(keys)-1] {
		below, ok := tree[key].(map[string]any)
		if !ok {
			below = map[string]any{}
			tree[key] = below
		}
		tree = below
	}
	tree[keys[len(keys)-1]] = value
}
