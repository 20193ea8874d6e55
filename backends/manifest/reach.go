package manifest

import (
	"cmp"
	"net"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/flowc-dev/flowc/ir/diag"
)

// settings finds what the program has to do with the world outside: files, ports
// and servers.
func (r *reader) settings() {
	for _, at := range r.places {
		if at.key == nil || at.value == nil || at.value.Kind == "null" {
			continue
		}
		switch at.key.Reach {
		case "listens":
			r.listens(at)
		case "connects":
			r.connects(at)
		case "reads":
			r.reads(at)
		case "writes":
			r.writesTo(at)
		}
	}
	for _, n := range r.p.Nodes {
		if n.Foreign() != nil && n.Foreign().Endpoint == nil { // nobody knows where it connects to
			r.app.Endpoints = append(r.app.Endpoints, Endpoint{Node: n.YAML, Connector: n.Foreign().Connector()})
		}
		if n.Component() != nil && !n.Pure { // nobody knows where it connects to
			r.app.Endpoints = append(r.app.Endpoints, Endpoint{Node: n.YAML})
		}
	}
	for _, j := range r.p.Jobs { // nor where these do
		r.app.Endpoints = append(r.app.Endpoints, Endpoint{Node: j.Name, Connector: "job"})
	}
}

// listens makes a port of an address.
func (r *reader) listens(at place) {
	text, known := r.given.Text(at.value)
	if text == "" && known {
		return
	}
	host, _, err := net.SplitHostPort(text)
	number := port(text)
	if !known || err != nil || number == 0 {
		r.list.Errorf(diag.TargetPort, at.value.Span, "`%s` listens on `%s`, and a deployment must know the port", at.node, written(at.value)).
			Helpf("write the port (`:8080`), or give the variable a value in `targets.%s.env`", r.target)
		return
	}
	if !slices.ContainsFunc(r.app.Ports, func(p Port) bool { return p.Number == number }) {
		r.app.Ports = append(r.app.Ports, Port{Name: portName(at.node), Number: number})
	}
	if !r.given.Host && host != "" && host != "0.0.0.0" && host != "::" { // who calls it is not in its container
		r.app.Settings = append(r.app.Settings, Setting{at.setting, ":" + strconv.Itoa(number)})
	}
}

// connects makes endpoints of addresses, URLs and dsns.
func (r *reader) connects(at place) {
	if strings.HasPrefix(at.connector, "edge-") { // all ends of edges connect to what the pipeline says once
		at.node = "edges"
	}
	texts, all := r.texts(at.value)
	if text, ok := r.given.assigned(at.setting); ok { // where it connects to in fact
		texts, all = []string{text}, true
	}
	for _, text := range texts {
		for _, e := range endpoints(text, at.key.Port) {
			e.Node, e.Connector = at.node, at.connector
			r.local(at, e)
			r.app.Endpoints = append(r.app.Endpoints, e)
		}
	}
	if !all {
		r.app.Endpoints = append(r.app.Endpoints, Endpoint{Node: at.node, Connector: at.connector, Port: at.key.Port})
	}
}

// local warns of a server that would have to be in the program's container.
func (r *reader) local(at place, e Endpoint) {
	ip := net.ParseIP(e.Host)
	if r.given.Host || e.Host != "localhost" && (ip == nil || !ip.IsLoopback()) {
		return
	}
	if slices.ContainsFunc(r.app.Ports, func(p Port) bool { return p.Number == e.Port }) {
		return // it calls itself
	}
	r.list.Warningf(diag.TargetLocal, at.value.Span, "`%s` connects to %s, which on the target %s is the container of the program itself", at.node, net.JoinHostPort(e.Host, strconv.Itoa(e.Port)), r.target).
		Helpf("write the name or the address that the server has there, or a variable with a value in `targets.%s.env`", r.target)
}

// reads makes an input of a path.
func (r *reader) reads(at place) {
	text, known := r.given.Text(at.value)
	if text == "" && known {
		return
	}
	name := written(at.value)
	in := Input{
		Node: at.node, Key: strings.TrimPrefix(at.setting, at.node+".config."), Path: name, Span: at.value.Span,
		Dir: path.Join(InputDir, Label(at.setting, 63)), Base: path.Base(text),
	}
	if at.key.Name == "path" {
		in.Dir = path.Join(InputDir, Label(at.node, 63))
	}
	if i := strings.IndexAny(text, "*?["); i >= 0 {
		in.Pattern = true
		in.Base = text[strings.LastIndexByte(text[:i], '/')+1:]
	}
	if r.given.Host { // it is where the pipeline says, unless the target says otherwise
		in.Dir, in.Base = path.Dir(text), path.Base(text)
		r.app.Inputs = append(r.app.Inputs, in)
		return
	}
	if !known {
		r.list.Errorf(diag.TargetFile, at.value.Span, "`%s` reads `%s`, and a deployment must know the path", at.node, name).
			Helpf("write the path, or give the variable a value in `targets.%s.env`", r.target)
		return
	}
	if r.given.Placed == nil || !r.given.Placed(name) {
		r.list.Errorf(diag.TargetFile, at.value.Span, "`%s` reads `%s`, and the target %s must be told where that is", at.node, name, r.target).
			Helpf("add to the pipeline: `targets: {%s: {files: {%s: %s}}}`", r.target, strconv.Quote(name), cmp.Or(r.given.Place, "…"))
	}
	r.app.Inputs = append(r.app.Inputs, in)
	r.app.Settings = append(r.app.Settings, Setting{at.setting, path.Join(in.Dir, in.Base)})
}

// writesTo notes the folder of a path; what follows a part of the record is below
// it.
func (r *reader) writesTo(at place) {
	text, known := r.given.Text(at.value)
	if !known && !at.value.PerRecord() {
		r.list.Errorf(diag.TargetFile, at.value.Span, "`%s` writes to `%s`, and a deployment must know the folder", at.node, written(at.value)).
			Helpf("write the path, or give the variable a value in `targets.%s.env`", r.target)
		return
	}
	dir := path.Dir(text)
	if strings.HasSuffix(text, "/") {
		dir = path.Clean(text)
	}
	if !path.IsAbs(dir) && r.given.Host {
		dir = path.Join(".", dir)
	} else if !path.IsAbs(dir) {
		dir = path.Join(WorkDir, dir)
	}
	if foreign(dir) && !r.given.Host {
		r.list.Errorf(diag.TargetFile, at.value.Span, "`%s` writes to `%s`, which in a container is not the program's to keep files in", at.node, dir).
			Helpf("write to a folder of its own: a relative path lies in %s, on a volume of its own", WorkDir)
		return
	}
	r.writes = append(r.writes, write{at.node, dir})
}

// foreign tells whether a folder of a container belongs to the system, to what a target
// puts there, or to nobody for long.
func foreign(dir string) bool {
	if dir == "/" || dir == TempDir { // a folder below the latter is a volume of its own
		return true
	}
	return slices.ContainsFunc([]string{"/proc", "/sys", "/dev", "/etc", "/run", InputDir, Binary}, func(other string) bool {
		return dir == other || strings.HasPrefix(dir, other+"/")
	})
}

// pages gives the pages of telemetry a port.
func (r *reader) pages() {
	number := PagesPort
	if v := r.p.Telemetry.HTTP; v != nil {
		if text, known := r.given.Text(v); known && port(text) != 0 {
			number = port(text)
		}
	}
	taken := func(n int) bool { return slices.ContainsFunc(r.app.Ports, func(p Port) bool { return p.Number == n }) }
	for taken(number) {
		number++
	}
	r.app.Ports = append(r.app.Ports, Port{Name: "metrics", Number: number, Pages: true})
	if !r.given.Host {
		r.app.Settings = append(r.app.Settings, Setting{"telemetry.http", ":" + strconv.Itoa(number)})
	}
	names := map[string]bool{}
	for i, p := range r.app.Ports {
		if names[p.Name] {
			r.app.Ports[i].Name = portName(p.Name + "-" + strconv.Itoa(p.Number))
		}
		names[r.app.Ports[i].Name] = true
	}
}

// PagesPort is the port of /livez, /readyz and /metrics.
func (a *App) PagesPort() Port { return a.Ports[len(a.Ports)-1] }

// endpoints reads an address, a URL, several of them with commas between, or a dsn
// of words (host=… port=…); port is what goes without saying.
func endpoints(text string, port int) []Endpoint {
	if !strings.Contains(text, "://") && strings.Contains(text, "=") {
		return wordEndpoints(text, port)
	}
	var all []Endpoint
	scheme := ""
	list := []string{text}
	if !strings.HasPrefix(text, "http") { // a comma in a URL is one of its own
		list = strings.Split(text, ",")
	}
	for i, one := range list {
		rest := one
		if s, r, ok := strings.Cut(one, "://"); ok {
			scheme, rest = s, r
		}
		if end := strings.IndexAny(rest, "/?#"); end >= 0 {
			rest = rest[:end]
		}
		if at := strings.LastIndexByte(rest, '@'); at >= 0 {
			rest = rest[at+1:]
		}
		e := Endpoint{Host: strings.Trim(rest, "[]"), Port: port}
		if host, number, err := net.SplitHostPort(rest); err == nil {
			e.Host = host
			e.Port, _ = strconv.Atoi(number)
		}
		if e.Port == 0 {
			e.Port = map[string]int{"http": 80, "https": 443, "ws": 80, "wss": 443}[scheme]
		}
		if e.Host == "" && i > 0 {
			continue
		}
		all = append(all, e)
	}
	return all
}

func wordEndpoints(text string, port int) []Endpoint {
	e := Endpoint{Port: port}
	for _, word := range strings.Fields(text) {
		key, value, _ := strings.Cut(word, "=")
		switch key {
		case "host":
			e.Host = value
		case "port":
			if n, err := strconv.Atoi(value); err == nil {
				e.Port = n
			}
		}
	}
	return []Endpoint{e}
}
