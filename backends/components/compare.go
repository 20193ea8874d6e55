package components

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/flowc-dev/flowc/ir/lock"
)

// Changes are what is different between what a reference meant and what it means now, a
// sentence each: what breaks pipelines first. There are none where it means the same.
func Changes(before, after *lock.Entry) (all []string) {
	say := func(format string, args ...any) { all = append(all, fmt.Sprintf(format, args...)) }
	a, b := descriptorOf(before), descriptorOf(after)
	if a.Role() != b.Role() {
		say("it was a %s, and is a %s", orNothing(a.Role()), orNothing(b.Role()))
	}
	lists := func(word string, was, is []string) {
		for _, t := range was {
			if !slices.Contains(is, t) {
				say("it no longer %s %s", word, t)
			}
		}
		for _, t := range is {
			if !slices.Contains(was, t) {
				say("it %s %s as well", word, t)
			}
		}
	}
	lists("takes", a.Takes(), b.Takes())
	lists("gives", a.Gives(), b.Gives())
	keys(a, b, say)
	for _, p := range slices.Sorted(maps.Keys(before.Platforms)) {
		if after.Platforms[p] == "" {
			say("it is no longer there for %s", p)
		}
	}
	for _, p := range slices.Sorted(maps.Keys(after.Platforms)) {
		if before.Platforms[p] == "" {
			say("it is there for %s as well", p)
		}
	}
	if a.Version != b.Version {
		say("its version was %s, and is %s", orNothing(a.Version), orNothing(b.Version))
	}
	switch {
	case before.Image != after.Image:
		say("%s is now %s", shortly(before), shortly(after))
	case before.Module != after.Module:
		say("%s is now %s", before.Module, after.Module)
	case before.Sum != after.Sum:
		say("%s has another sum: %s, and not %s", after.Module, after.Sum, before.Sum)
	case len(all) == 0 && string(described(before.Descriptor)) != string(described(after.Descriptor)):
		say("its metadata.json has other words")
	}
	return all
}

// keys compares keys of configs.
func keys(a, b *lock.Descriptor, say func(string, ...any)) {
	for _, key := range a.Keys() {
		is, there := b.ConfigSchema[key]
		if !slices.Contains(b.Keys(), key) {
			say("config: there is no key %s any more", key)
			continue
		}
		was, declared := a.ConfigSchema[key]
		if !there || !declared {
			continue
		}
		if was.Type != is.Type {
			say("config: %s was %s, and is %s", key, orNothing(was.Type), orNothing(is.Type))
		}
		if !was.Required && is.Required {
			say("config: %s is required now", key)
		}
		if v, w := a.Variable(key), b.Variable(key); v != w {
			say("config: %s was the variable %s, and is %s", key, orNothing(v), orNothing(w))
		}
		if fmt.Sprint(was.Default) != fmt.Sprint(is.Default) {
			say("config: the default of %s was %v, and is %v", key, was.Default, is.Default)
		}
	}
	for _, key := range b.Keys() {
		if slices.Contains(a.Keys(), key) {
			continue
		}
		if b.ConfigSchema[key].Required {
			say("config: there is a new key %s, which is required", key)
		} else {
			say("config: there is a new key %s", key)
		}
	}
}

// descriptorOf is what an entry says, empty for one that says nothing.
func descriptorOf(e *lock.Entry) *lock.Descriptor {
	d, err := lock.ParseDescriptor(e.Descriptor)
	if err != nil {
		return &lock.Descriptor{}
	}
	return d
}

func orNothing(s string) string {
	if s == "" {
		return "nothing"
	}
	return s
}

// shortly is an image with as much of its digest as people compare.
func shortly(e *lock.Entry) string {
	digest := e.Digest()
	return e.Repository() + "@" + digest[:min(len(digest), len("sha256:")+12)]
}

// Node is the node of a component as a pipeline has it: its reference, and the keys of its
// config with what stands for them.
func Node(e *lock.Entry) string {
	d := descriptorOf(e)
	var b strings.Builder
	role := d.Role()
	block := map[string]string{"source": "sources", "sink": "sinks"}[role]
	if block == "" {
		block = "processors"
	}
	word, name := "type", lastWord(e)
	if e.Go != "" {
		word = "go"
	}
	fmt.Fprintf(&b, "%s:\n  %s:\n", block, name)
	if role != "source" {
		fmt.Fprint(&b, "    from: …\n")
	}
	fmt.Fprintf(&b, "    %s: %s\n", word, e.Written())
	if len(d.Keys()) == 0 {
		return b.String()
	}
	fmt.Fprint(&b, "    config:\n")
	for _, key := range d.Keys() {
		k := d.ConfigSchema[key]
		line := "      " + key + ": "
		note := k.Description
		switch {
		case k.Default != nil:
			line = "      # " + key + ": " + fmt.Sprint(k.Default)
		case k.Required:
			line += "…"
		default:
			line = "      # " + key + ": …"
		}
		if note != "" {
			line += "   # " + strings.Join(strings.Fields(note), " ")
		}
		fmt.Fprintln(&b, line)
	}
	return b.String()
}

// lastWord is a name for the node of a component.
func lastWord(e *lock.Entry) string {
	file := e.File()
	return strings.ReplaceAll(file[:strings.LastIndex(file, "-")], ".", "-")
}
