package manifest

import (
	"cmp"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/flowc-dev/flowc/ir"
	"github.com/flowc-dev/flowc/ir/diag"
	"github.com/flowc-dev/flowc/ir/lock"
)

const (
	// ComponentDir is the folder of an image that has the files of commands, by their paths
	// beside the pipeline. The environment of the image names it, by the variable.
	ComponentDir      = "/components"
	ComponentVariable = "FLOWC_COMPONENTS"
	// ControlVariable says where the program has the control plane of its components.
	ControlVariable = "FLOWC_CONTROL"
	// broughtProgram is the program in the image of a component of a registry.
	broughtProgram = "/component"
)

// Where ports are assigned from.
const (
	controlPort   = 9091
	componentPort = 50051
	healthPort    = 18080
)

// besideGrace is what a component may take to end, in seconds: as long as the program gives
// one that it started itself.
const besideGrace = 10

// A Beside is a component that runs beside the program, as a container of its own, and
// serves it by gRPC, or has an attendant that does so by lines.
type Beside struct {
	// Node is its node, Name a DNS label for its container.
	Node, Name string
	// Image is its image; the program's own where Own is set, whose ComponentDir has its file.
	Image string
	Own   bool
	// Entry replaces the entrypoint of the image, nil for that; Args stand behind it.
	Entry, Args []string
	// Attended tells that an attendant starts the command; Entry is then the attendant.
	Attended bool `json:",omitempty"`
	// Env is its environment, by name.
	Env []BesideVar
	// Port is where it serves, HealthPort where its health check is, 0 for an attendant.
	Port, HealthPort int
	// HealthPath is the path of the check by HTTP, "" for a component of which nothing says
	// that it has one.
	HealthPath string
	// Restart is what becomes of it when it ends, Grace how long that may take, in seconds.
	Restart ir.Restart
	Grace   int
	// Requests and Limits are what it asks for and may use.
	Requests, Limits Amounts
	// Foreign has what the pipeline says besides: ports, volumes and secrets.
	Foreign *ir.Foreign `json:"-"`
}

// Amounts are thousandths of a processor, and bytes; 0 for what nothing is said of.
type Amounts struct{ MilliCPU, Memory int64 }

// A BesideVar is a variable of a component: texts, and secret variables between them.
type BesideVar struct {
	Name   string
	Pieces []Piece
}

// A Piece is a text, or the name of a variable that is a secret.
type Piece struct{ Text, Secret string }

// Text is the value of a variable in the words of a target, which has its own for a text as
// it is and for a secret.
func (v BesideVar) Text(literal, secret func(string) string) string {
	var b strings.Builder
	for _, p := range v.Pieces {
		if p.Secret != "" {
			b.WriteString(secret(p.Secret))
		} else {
			b.WriteString(literal(p.Text))
		}
	}
	return b.String()
}

// beside finds the components that are containers of their own, and gives them ports.
func (r *reader) beside() {
	for _, n := range r.p.Nodes {
		f := n.Foreign()
		if f == nil || f.Endpoint != nil {
			continue
		}
		switch {
		case r.given.Children && f.Image != nil && len(f.Command) > 0:
			r.list.Errorf(diag.TargetComponent, f.Span, "`%s` has an `image` and a `command`, and on the target %s components are processes of the host", n.YAML, r.target).
				Helpf("choose: remove `image` (`--overlay` can do so for this target), or deploy to k8s, compose or nomad (with its driver docker), where the command replaces the entrypoint of the image")
			continue
		case r.given.Children && f.Image != nil:
			r.list.Errorf(diag.TargetComponent, f.Span, "`%s` is a container, and on the target %s components are processes of the host", n.YAML, r.target).
				Helpf("name its program, `command: [./component]`, run the container yourself and name its address, `endpoint: localhost:50051`, or deploy to k8s, compose or nomad (with its driver docker)")
			continue
		case r.given.Children:
			continue
		case f.Protocol != ir.GRPC && f.Image != nil && !f.Attended():
			r.list.Errorf(diag.TargetComponent, f.Span, "`%s` is a container that is talked to by lines, and nothing says which program of its image takes them", n.YAML).
				Helpf("name it, `command: [PROGRAM, ARGUMENT]`: the image's own entrypoint is not known here")
			continue
		case f.Protocol != ir.GRPC && f.Image == nil: // a child of the program, in the program's container
			r.file(n.YAML, f)
			continue
		}
		if !r.given.Beside {
			r.list.Errorf(diag.NotYet, f.Span, "this version of flowc does not run components beside the program on the target %s", r.target).
				Helpf("deploy to compose, k8s or nomad, or run the component yourself and name its address: `endpoint: HOST:50051`")
			continue
		}
		b := r.container(n.YAML, f)
		if b.Attended = f.Attended(); b.Attended { // the program holds to the policy: it starts the command, and starts it again
			b.Restart = ir.RestartUnlessStopped
		}
		r.app.Beside = append(r.app.Beside, b)
	}
	if len(r.app.Beside) > 0 {
		r.ports()
		r.names()
	}
}

// file checks that the image can have the program of a command: `flowc image` gives it files
// of the pipeline's folder, and nothing else.
func (r *reader) file(node string, f *ir.Foreign) {
	name, known := r.given.Text(f.Command[0])
	if f.Brought != nil {
		return // `flowc image` brings it
	}
	if !(Command{Program: name}).Beside() {
		r.list.Warningf(diag.TargetComponent, f.Span, "`%s` starts `%s`, and the image of the program holds the program and files of the pipeline's folder", node, name).
			Helpf("build the image on one that holds `%s` (`flowc image --base IMAGE`)", name)
	}
	if clean := path.Clean(name); known && strings.Contains(name, "/") && !path.IsAbs(name) && strings.HasPrefix(clean, "../") {
		r.list.Errorf(diag.TargetFile, f.Span, "`%s` runs `%s`, which is not in the pipeline's folder, and the image has what is in that", node, name).
			Helpf("move it there, or name an image that has it: `image: …`, or `flowc image --base IMAGE` and an absolute path")
	}
}

// container reads what a node says of its container.
func (r *reader) container(node string, f *ir.Foreign) Beside {
	b := Beside{Node: node, Name: Label(node, 40), Port: f.Port, HealthPort: f.HealthPort, HealthPath: f.HealthCheck, Restart: f.Restart, Grace: besideGrace, Foreign: f}
	if b.HealthPath == "" && f.HealthPort != 0 {
		b.HealthPath = "/health"
	}
	b.Entry, b.Args = r.words(node, f.Command), r.words(node, f.Args)
	switch {
	case f.Image != nil:
		b.Image, _ = r.given.Text(f.Image)
	case f.Brought != nil && !f.Brought.Go: // of a registry: its own image, which has its program
		b.Image, b.Entry = f.Brought.Image, []string{broughtProgram}
		if b.Image == "" {
			r.list.Errorf(diag.LockFile, f.Span, "`%s` is not pinned, so nothing says which image `%s` is", node, f.Brought.Reference).
				Helpf("run `flowc components add %s`", f.Brought.Reference)
		}
	default:
		r.file(node, f)
		b.Own, b.Image = true, r.app.Image
		if c := (Command{Program: b.Entry[0]}); c.Beside() {
			b.Entry[0] = c.Path()
		}
	}
	for _, e := range f.Env {
		if slices.ContainsFunc(f.Secrets, func(s ir.ForeignSecret) bool { return s.Env == e.Key }) {
			continue // a target has its own place for it
		}
		b.Env = append(b.Env, BesideVar{e.Key, r.pieces(node, "env."+e.Key, e.Value)})
	}
	b.Requests, b.Limits = r.amounts(node, f, f.Requests), r.amounts(node, f, f.Limits)
	return b
}

// words are values that must be known when the files are written. Of a variable that nobody
// gives another says so.
func (r *reader) words(node string, values []*ir.Value) (all []string) {
	for _, v := range values {
		text, _ := r.given.Text(v)
		parts(v, func(_ *ir.Value, part *ir.Part) {
			if part.Kind == ir.FileRef || part.Kind == ir.Env && slices.Contains(r.given.Secrets, part.Text) {
				r.list.Errorf(diag.TargetOption, part.Span, "a secret can't stand among the words of the command of `%s`, which everybody sees", node).
					Helpf("give it as a variable: `env: {NAME: \"${env:%s}\"}`", cmp.Or(part.Text, "NAME"))
			}
		})
		all = append(all, text)
	}
	return all
}

// pieces are a value in which secrets stay what they are.
func (r *reader) pieces(node string, key string, v *ir.Value) (all []Piece) {
	for _, part := range v.Parts {
		given, some := r.given.Env[part.Text]
		switch {
		case part.Kind == ir.FileRef:
			r.list.Errorf(diag.TargetOption, part.Span, "`%s` of `%s` is the content of a file, which a container beside the program can't be given as a variable", key, node).
				Helpf("name the file under `secrets:` of the node, or give the value as a variable, `${env:NAME}`")
		case part.Kind == ir.Literal:
			all = append(all, Piece{Text: part.Text})
		case part.Kind == ir.Env && some:
			all = append(all, Piece{Text: given})
		case part.Kind == ir.Env && slices.Contains(r.given.Secrets, part.Text):
			all = append(all, Piece{Secret: part.Text})
		case part.Kind == ir.Env && part.HasDefault:
			all = append(all, Piece{Text: part.Default})
		}
	}
	return all
}

// said is the port that a variable says, 0 for none.
func (b *Beside) said(names ...string) int {
	for _, name := range names {
		for _, v := range b.Env {
			if v.Name == name && len(v.Pieces) == 1 && v.Pieces[0].Secret == "" {
				if n := port(v.Pieces[0].Text); n > 0 {
					return n
				}
			}
		}
	}
	return 0
}

// ports gives each component its two, and the program one for the control plane. What the
// pipeline says wins; in one network namespace nothing may be there twice.
func (r *reader) ports() {
	a := r.app
	taken := map[int]string{}
	for _, p := range a.Ports {
		taken[p.Number] = "the program's `" + p.Name + "`"
	}
	claim := func(b *Beside, number int, what string) {
		if other := taken[number]; other != "" && !r.given.Apart {
			r.list.Errorf(diag.TargetPort, b.Foreign.Span, "`%s` and %s are both at the port %d, and on the target %s they share one address", b.Node, other, number, r.target).
				Helpf("leave `port` and `health_port` out: they are assigned")
		}
		taken[number] = "the " + what + " of `" + b.Node + "`"
	}
	for i := range a.Beside {
		b := &a.Beside[i]
		b.Port = cmp.Or(b.Port, b.said("PORT", "GRPC_PORT"))
		b.HealthPort = cmp.Or(b.HealthPort, b.said("HEALTH_PORT"))
		if b.Port != 0 {
			claim(b, b.Port, "port")
		}
		if b.HealthPort != 0 {
			claim(b, b.HealthPort, "health check")
		}
		for _, p := range b.Foreign.Ports {
			claim(b, p.Container, "port `"+p.Name+"`")
		}
	}
	free := func(from int) int {
		for taken[from] != "" {
			from++
		}
		taken[from] = "flowc"
		return from
	}
	if a.serves() {
		a.Control = free(controlPort)
	}
	for i := range a.Beside {
		b := &a.Beside[i]
		if b.Port == 0 {
			b.Port = free(componentPort)
		}
		if b.HealthPort == 0 && !b.Attended {
			b.HealthPort = free(healthPort)
		}
	}
}

// names sees to it that no two containers have one name.
func (r *reader) names() {
	seen := map[string]string{"pipeline": "the program", "attendant": "the attendant"}
	for _, b := range r.app.Beside {
		if other := seen[b.Name]; other != "" {
			r.list.Errorf(diag.TargetName, b.Foreign.Span, "`%s` and %s would both be the container `%s`", b.Node, other, b.Name).Helpf("give the node another name")
		}
		seen[b.Name] = "`" + b.Node + "`"
	}
}

// amounts reads resources in the words of Kubernetes.
func (r *reader) amounts(node string, f *ir.Foreign, said ir.ForeignResources) (out Amounts) {
	if said.CPU != "" {
		number, milli := strings.CutSuffix(said.CPU, "m")
		cpu, err := strconv.ParseFloat(number, 64)
		if !milli {
			cpu *= 1000
		}
		if err != nil || cpu <= 0 {
			r.list.Errorf(diag.BadValue, f.Span, "`%s` of `%s` is no share of a processor", said.CPU, node).Helpf("write `500m` for a half, or `2`")
		}
		out.MilliCPU = int64(cpu)
	}
	if said.Memory != "" {
		var ok bool
		if out.Memory, ok = bytesOf(said.Memory); !ok {
			r.list.Errorf(diag.BadValue, f.Span, "`%s` of `%s` is no size of memory", said.Memory, node).Helpf("write it like `512Mi`")
		}
	}
	return out
}

// bytesOf is a number of bytes in the words of Kubernetes: 512Mi, 1G, 1048576.
func bytesOf(text string) (int64, bool) {
	unit := float64(1)
	for _, u := range []struct {
		suffix string
		bytes  float64
	}{{"Ki", 1 << 10}, {"Mi", 1 << 20}, {"Gi", 1 << 30}, {"Ti", 1 << 40}, {"k", 1e3}, {"M", 1e6}, {"G", 1e9}, {"T", 1e12}} {
		if number, ok := strings.CutSuffix(text, u.suffix); ok {
			text, unit = number, u.bytes
			break
		}
	}
	n, err := strconv.ParseFloat(text, 64)
	return int64(n * unit), err == nil && n > 0
}

// Reach tells the program where its components are, and these where it is: at is the address
// of a component as the program calls it, program that of the control plane as they call it,
// attendant the folder in which a component's container sees the attendant. The result is an
// App of its own.
func (a *App) Reach(at func(Beside) string, program, attendant string) *App {
	if len(a.Beside) == 0 {
		return a
	}
	out := *a
	out.Settings, out.Beside = slices.Clone(a.Settings), slices.Clone(a.Beside)
	for i, b := range out.Beside {
		out.Settings = append(out.Settings, Setting{b.Node + ".config.endpoint", at(b)})
		if b.Attended {
			out.Beside[i].attend(attendant)
			continue
		}
		own := []BesideVar{}
		for _, v := range [][2]string{
			{"ENABLE_FLOWCTL", "true"},
			{"FLOWCTL_COMPONENT_ID", b.Node},
			{"FLOWCTL_ENDPOINT", program},
			{"FLOWCTL_HEARTBEAT_INTERVAL", "10s"},
			{"FLOWCTL_SERVICE_ID", b.Node},
			{"GRPC_PORT", strconv.Itoa(b.Port)},
			{"HEALTH_PORT", strconv.Itoa(b.HealthPort)},
			{"PORT", ":" + strconv.Itoa(b.Port)},
		} {
			if !slices.ContainsFunc(b.Env, func(said BesideVar) bool { return said.Name == v[0] }) { // the pipeline's own wins
				own = append(own, BesideVar{v[0], []Piece{{Text: v[1]}}})
			}
		}
		own = append(own, b.Env...)
		slices.SortFunc(own, func(x, y BesideVar) int { return cmp.Compare(x.Name, y.Name) })
		out.Beside[i].Env = own
	}
	slices.SortStableFunc(out.Settings, func(x, y Setting) int { return cmp.Compare(x.Key, y.Key) })
	return &out
}

// A Command is a program of a component that the image must have.
type Command struct {
	Node string
	// Program is how the pipeline names it: a path beside it, an absolute one, or a name.
	Program string
}

// Beside tells that the program is a file of the pipeline's folder.
func (c Command) Beside() bool { return strings.Contains(c.Program, "/") && !path.IsAbs(c.Program) }

// Brought is the name of a program that flowc brings, "" for another.
func (c Command) Brought() string {
	name, ok := strings.CutPrefix(c.Program, lock.FilePrefix)
	if !ok {
		return ""
	}
	return name
}

// Path is where the image has a file of the pipeline's folder, or that flowc brings.
func (c Command) Path() string {
	if name := c.Brought(); name != "" {
		return path.Join(ComponentDir, name)
	}
	return path.Join(ComponentDir, c.Program)
}

// Commands are the programs of components that run in a program's image.
func Commands(p *ir.Program) (all []Command) {
	for _, n := range p.Nodes {
		if f := n.Foreign(); f != nil && f.Image == nil && len(f.Command) > 0 {
			name, _ := Given{}.Text(f.Command[0])
			all = append(all, Command{n.YAML, name})
		}
	}
	for _, j := range p.Jobs {
		if j.Start.Image == nil {
			name, _ := Given{}.Text(j.Start.Command[0])
			all = append(all, Command{j.Name, name})
		}
	}
	return all
}
