package manifest

import (
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/flowc-dev/flowc/backends/backendtest"
	"github.com/flowc-dev/flowc/ir"
)

func foreignOf(p *ir.Program, node string) *ir.Foreign {
	for _, n := range p.Nodes {
		if n.YAML == node && n.Foreign() != nil {
			return n.Foreign()
		}
	}
	return nil
}

// What can't be beside the program is told, and where.
func TestBesideErrors(t *testing.T) {
	word := func(text string) *ir.Value {
		return &ir.Value{Kind: "string", Parts: []ir.Part{{Kind: ir.Literal, Text: text}}}
	}
	ref := func(kind ir.PartKind, text string) *ir.Value {
		return &ir.Value{Kind: "string", Parts: []ir.Part{{Kind: kind, Text: text}}}
	}
	for name, c := range map[string]struct {
		change func(image, command *ir.Foreign, given *Given)
		want   string
	}{
		"nothing":         {func(_, _ *ir.Foreign, _ *Given) {}, ""},
		"two at one port": {func(i, _ *ir.Foreign, _ *Given) { i.Port = 50051 }, "share one address"},
		"the program's":   {func(i, _ *ir.Foreign, _ *Given) { i.HealthPort = 9090 }, "the program's `metrics` are both at the port 9090"},
		"by a variable": {func(i, _ *ir.Foreign, _ *Given) {
			i.Env = append(i.Env, ir.Entry{Key: "GRPC_PORT", Value: word("50051")})
		}, "share one address"},
		"apart":                   {func(i, _ *ir.Foreign, g *Given) { i.Port, g.Apart = 50051, true }, ""},
		"of the host":             {func(_, _ *ir.Foreign, g *Given) { g.Children = true }, "components are processes of the host"},
		"not yet":                 {func(_, _ *ir.Foreign, g *Given) { g.Beside = false }, "does not run components beside the program"},
		"outside":                 {func(_, f *ir.Foreign, _ *Given) { f.Command[0] = word("../transfers") }, "not in the pipeline's folder"},
		"lines without a command": {func(i, _ *ir.Foreign, _ *Given) { i.Protocol, i.Command = ir.Lines, nil }, "nothing says which program of its image takes them"},
		"a secret word":           {func(i, _ *ir.Foreign, _ *Given) { i.Args = append(i.Args, ref(ir.Env, "API_TOKEN")) }, "everybody sees"},
		"a secret file":           {func(i, _ *ir.Foreign, _ *Given) { i.Env[0].Value = ref(ir.FileRef, "key.pem") }, "content of a file"},
		"cpu":                     {func(i, _ *ir.Foreign, _ *Given) { i.Limits.CPU = "much" }, "no share of a processor"},
		"memory":                  {func(i, _ *ir.Foreign, _ *Given) { i.Limits.Memory = "-1Gi" }, "no size of memory"},
	} {
		t.Run(name, func(t *testing.T) {
			p := backendtest.Program(t, "beside")
			given := everywhere(p)
			c.change(foreignOf(p, "ledgers"), foreignOf(p, "transfers"), &given)
			_, list := Of(p, "k8s", given)
			var texts []string
			for _, d := range list {
				texts = append(texts, d.Message)
			}
			if got := strings.Join(texts, "\n"); c.want == "" && got != "" || !strings.Contains(got, c.want) {
				t.Errorf("it says %q", got)
			}
		})
	}
}

// Program and components are told of each other; what the pipeline says of a variable wins.
func TestReach(t *testing.T) {
	p := backendtest.Program(t, "beside")
	app, _ := Of(p, "compose", everywhere(p))
	app.Beside[0].Env = append(app.Beside[0].Env, BesideVar{"FLOWCTL_HEARTBEAT_INTERVAL", []Piece{{Text: "1s"}}})
	told := app.Reach(func(b Beside) string { return "to-" + b.Name + ":1" }, "program:2", AttendantDir)
	if got := told.Assignments(); !strings.Contains(got, "ledgers.config.endpoint=to-ledgers:1\n") || !strings.Contains(got, "transfers.config.endpoint=to-transfers:1\n") {
		t.Errorf("the settings are %s", got)
	}
	if strings.Contains(app.Assignments(), "endpoint") {
		t.Error("the settings of the App were changed")
	}
	plain := func(text string) string { return text }
	got := map[string]string{}
	for _, v := range told.Beside[0].Env {
		if _, twice := got[v.Name]; twice {
			t.Errorf("%s is there twice", v.Name)
		}
		got[v.Name] = v.Text(plain, func(name string) string { return "<" + name + ">" })
	}
	for name, want := range map[string]string{
		"FLOWCTL_ENDPOINT": "program:2", "FLOWCTL_HEARTBEAT_INTERVAL": "1s", "PORT": ":50052", "HEALTH_PORT": "18080",
		"API_TOKEN": "bearer <API_TOKEN>", "START_LEDGER": "1", "FLOWCTL_COMPONENT_ID": "ledgers",
	} {
		if got[name] != want {
			t.Errorf("%s is %q", name, got[name])
		}
	}
}

// What is talked to by lines in a container has an attendant there: it starts the command, and
// is told nothing that is for those that register.
func TestAttended(t *testing.T) {
	p := backendtest.Program(t, "beside")
	f := foreignOf(p, "ledgers")
	f.Protocol, f.HealthPort, f.HealthCheck, f.Restart = ir.Lines, 0, "", ir.RestartNo
	f.Command = []*ir.Value{{Kind: "string", Parts: []ir.Part{{Kind: ir.Literal, Text: "sh"}}}}
	app, list := Of(p, "compose", everywhere(p))
	if list.HasErrors() || !app.Attends() || app.Control == 0 {
		t.Fatalf("%v, the control plane at %d", list, app.Control)
	}
	b := app.Reach(func(b Beside) string { return b.Name + ":1" }, "program:2", "/there").Beside[0]
	if !b.Attended || b.HealthPort != 0 || b.Restart != ir.RestartUnlessStopped {
		t.Errorf("%+v", b)
	}
	words := append(slices.Clone(b.Entry), b.Args[:3]...)
	if want := []string{"/there/attendant", "attend", ":" + strconv.Itoa(b.Port), "sh"}; !slices.Equal(words, want) {
		t.Errorf("it is started by %q", words)
	}
	for _, v := range b.Env {
		if strings.HasPrefix(v.Name, "FLOWCTL_") || v.Name == "PORT" {
			t.Errorf("it is told %s", v.Name)
		}
	}
}
