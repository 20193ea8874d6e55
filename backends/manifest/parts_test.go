package manifest

import (
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/flowc-dev/flowc/ir"
	"github.com/flowc-dev/flowc/ir/diag"
	"github.com/flowc-dev/flowc/ir/source"
)

// cutShop is the pipeline that the cutter's own test writes down: a reader, three copies in
// the middle and a writer.
func cutShop(t *testing.T) *ir.Program {
	t.Helper()
	text, err := os.ReadFile("../../compiler/cut/testdata/pieces.txt")
	if err != nil {
		t.Fatal(err)
	}
	whole := &ir.Program{Name: "shop", Hash: "cafe"}
	for _, one := range strings.Split("\n"+string(text), "\n# ")[1:] {
		head, body, _ := strings.Cut(one, "\n")
		name, count, _ := strings.Cut(strings.TrimSuffix(head, " of it"), ", ")
		p, err := ir.Read(body)
		if err != nil {
			t.Fatal(err)
		}
		n, err := strconv.Atoi(count)
		if err != nil {
			t.Fatal(err)
		}
		whole.Pieces = append(whole.Pieces, &ir.Piece{Name: name, Replicas: n, Program: p})
	}
	return whole
}

// Each process is an App with what it needs itself, of one image.
func TestAppsOfProcesses(t *testing.T) {
	given := Given{
		Env: map[string]string{"TZ": "UTC", "FLOWC_SET": "orders.config.max_record=1MiB\nout.config.mode=append\nnobody.config.x=1\ntelemetry.log=json\n"},
		// Only the carrier and the letters need the server: all have one of them.
		Secrets: []string{"NATS_URL"},
		Placed:  func(string) bool { return true },
	}
	type app struct {
		Name, Process, Image, Env, Inputs, Settings string
		Replicas                                    int
		Many, Lasts                                 bool
	}
	var got []app
	for _, part := range Parts(cutShop(t)) {
		a, list := part.App("k8s", given)
		if list.HasErrors() {
			t.Fatal(list)
		}
		var env []string
		for _, v := range a.Env {
			env = append(env, v.Name)
		}
		if a.Pipeline != "shop" || a.Hash != "cafe" {
			t.Errorf("%s is of %s %s", a.Name, a.Pipeline, a.Hash)
		}
		got = append(got, app{
			a.Name, a.Process, a.Image, strings.Join(env, " "), strings.Join(InputPaths(a), " "),
			strings.ReplaceAll(a.Assignments(), "\n", " "), a.Replicas, a.Copies.Many, a.State.Lasts,
		})
	}
	want := []app{
		{"shop", "shop", "shop:cafe", "NATS_URL TZ", "orders.ndjson", "orders.config.path=/input/orders/orders.ndjson telemetry.http=:9090 orders.config.max_record=1MiB nobody.config.x=1 telemetry.log=json ", 1, false, true},
		{"shop-a", "a", "shop:cafe", "NATS_URL TZ", "", "telemetry.http=:9090 nobody.config.x=1 telemetry.log=json ", 3, false, true},
		{"shop-out", "out", "shop:cafe", "NATS_URL TZ", "", "telemetry.http=:9090 out.config.mode=append nobody.config.x=1 telemetry.log=json ", 1, false, true},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// A variable that one process reads is none of the others'.
func TestVariablesOfProcesses(t *testing.T) {
	p := cutShop(t)
	for _, n := range p.Pieces[2].Program.Nodes {
		if op, ok := n.Op.(*ir.Sink); ok && n.YAML == "out" {
			op.Config = append(op.Config, ir.Setting{Key: "mode", Value: &ir.Value{Parts: []ir.Part{{Kind: ir.Env, Text: "MODE"}}}})
		}
	}
	given := Given{Env: map[string]string{"MODE": "append", "NATS_URL": "nats://edges:4222"}, Placed: func(string) bool { return true }}
	for i, part := range Parts(p) {
		a, _ := part.App("k8s", given)
		has := slices.ContainsFunc(a.Env, func(v Var) bool { return v.Name == "MODE" })
		if has != (i == 2) {
			t.Errorf("%s has it: %v", a.Name, has)
		}
	}
	if len(given.Env) != 2 {
		t.Error("what was given has changed")
	}
}

// What is wrong with an option is said by the process that it is about, or by the first.
func TestConcerns(t *testing.T) {
	apps := []*App{{Inputs: []Input{{Path: "a"}}}, {Inputs: []Input{{Path: "b"}}}}
	for _, c := range []struct {
		key  string
		want [2]bool
	}{{"a", [2]bool{true, false}}, {"b", [2]bool{false, true}}, {"c", [2]bool{true, false}}} {
		for i := range apps {
			if got := Concerns(apps, i, c.key, InputPaths); got != c.want[i] {
				t.Errorf("%s concerns %d: %v", c.key, i, got)
			}
		}
	}
}

// What several processes say of one place is said once.
func TestJoin(t *testing.T) {
	say := func(messages ...string) (list diag.List) {
		for _, m := range messages {
			list.Errorf(diag.TargetOption, source.Span{}, "%s", m)
		}
		return list
	}
	var got []string
	for _, d := range Join(say("a", "b"), say("b", "c")) {
		got = append(got, d.Message)
	}
	if diff := cmp.Diff([]string{"a", "b", "c"}, got); diff != "" {
		t.Error(diff)
	}
}
