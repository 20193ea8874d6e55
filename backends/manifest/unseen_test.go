package manifest

import (
	"slices"
	"strings"
	"testing"

	"github.com/flowc-dev/flowc/backends/backendtest"
	"github.com/flowc-dev/flowc/ir/diag"
)

// What no key of the pipeline names is for Go of the user's own and for commands, by the path
// that they have for it.
func TestUnseenInputs(t *testing.T) {
	given := Given{Files: []string{"access.log", "/srv/prices.csv", "sales/"}, Beside: true}
	for _, c := range []struct {
		program string
		want    []Input
	}{
		{"foreign-lines", []Input{
			{Node: "numbers", Path: "/srv/prices.csv", Dir: "/srv", Base: "prices.csv", Within: true},
			{Node: "numbers", Path: "access.log", Dir: "/data", Base: "access.log", Within: true},
			{Node: "numbers", Path: "sales/", Dir: "/data/sales", Pattern: true},
		}},
		{"component-sources", []Input{
			{Node: "read", Path: "/srv/prices.csv", Dir: "/srv", Base: "prices.csv", Within: true},
			{Node: "read", Path: "access.log", Dir: "/data", Base: "access.log", Within: true},
			{Node: "read", Path: "sales/", Dir: "/data/sales", Pattern: true},
		}},
		{"generate", nil}, // nothing in it reads what nobody knows of
	} {
		app, list := Of(backendtest.Program(t, c.program), "k8s", given)
		if list.HasErrors() {
			t.Errorf("%s: %v", c.program, list)
		}
		got := slices.Clone(app.Inputs)
		for i := range got {
			got[i].Span = c.want[i].Span
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%s reads %+v, and not %+v", c.program, got, c.want)
		}
	}
	for path, want := range map[string]string{
		"../x.csv": "`../x.csv` is not below the folder that the program works in",
		".":        "`.` is not below the folder that the program works in",
		"in/*.csv": "no key of the pipeline has the pattern `in/*.csv`, and what `numbers` reads by itself is a file or a folder",
		"/etc/x":   "`/etc/x` would be at `/etc/x`, which in a container is the system's own",
		"/tmp/":    "`/tmp/` would be at `/tmp`, which in a container is the system's own",
	} {
		_, list := Of(backendtest.Program(t, "foreign-lines"), "k8s", Given{Files: []string{path}})
		if errors := slices.DeleteFunc(slices.Clone(list), func(d *diag.Diagnostic) bool { return d.Severity != diag.Error }); len(errors) != 1 {
			t.Errorf("%s gives %v", path, errors)
		}
		if !slices.ContainsFunc(list, func(d *diag.Diagnostic) bool { return strings.Contains(d.Message, want) }) {
			t.Errorf("%s gives %v", path, list)
		}
	}
}

// Whether a source of the user's own ends, and whether a component keeps files, the options
// say. Of what the compiler knows they are not believed.
func TestOnlyTheUserKnows(t *testing.T) {
	for _, c := range []struct {
		program     string
		ends, keeps bool
	}{
		{program: "foreign-lines", ends: true, keeps: true},
		{program: "component-sources", ends: true, keeps: true},
		{program: "generate"},
		{program: "quiet"},
		{program: "serve"},
	} {
		p := backendtest.Program(t, c.program)
		before, _ := Of(p, "k8s", Given{Placed: func(string) bool { return true }})
		after, _ := Of(p, "k8s", Given{Placed: func(string) bool { return true }, Ends: true, Keeps: true})
		if before.Bounded && c.ends || after.Bounded != (before.Bounded || c.ends) {
			t.Errorf("%s ends: %v, and where the options say so %v", c.program, before.Bounded, after.Bounded)
		}
		if got := after.Dirs[0].Lasts && !before.Dirs[0].Lasts; got != (c.keeps && !before.Dirs[0].Lasts) {
			t.Errorf("%s: the options keep the folder: %v", c.program, got)
		}
		if more := MayEnd(p, "`as: job`"); (more != "") != c.ends || c.ends && !strings.Contains(more, "`as: job`") {
			t.Errorf("%s may end: %q", c.program, more)
		}
	}
	for program, want := range map[string]string{"foreign-lines": "counted", "component-sources": "one", "generate": ""} {
		if got := Unkept(backendtest.Program(t, program)); got != want {
			t.Errorf("of %s files may be lost of %q, and not of %q", program, got, want)
		}
	}
}
