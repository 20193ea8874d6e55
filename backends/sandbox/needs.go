// Package sandbox tells what infrastructure a pipeline needs, and how the addresses of one
// reach it: which variable of the environment gets which value, and which setting has to be
// another one.
//
// It is pure: [Of] reads a program, [Needs.Hand] says what is handed to it when the ports
// are known. Which service stands behind a connector is a table here; what a connector's
// keys are called is the catalog's.
package sandbox

import (
	"cmp"
	"maps"
	"slices"

	"github.com/flowc-dev/flowc/backends/gocode"
	"github.com/flowc-dev/flowc/ir"
	"github.com/flowc-dev/flowc/ir/source"
	"github.com/flowc-dev/flowc/runtime/sandbox"
)

// Needs are what a pipeline needs.
type Needs struct {
	// Services are in the order of their kinds, without ports but for those that the
	// pipeline names.
	Services []sandbox.Service
	// Outside are variables that nobody here gives a value, with who reads them.
	Outside []Outside
	// pipeline is its name.
	pipeline string
	// uses are the addresses that it reads.
	uses []use
	// components are variables of components that are about services.
	components []componentUse
}

// An Outside is a variable that is no service's.
type Outside struct {
	Name, For string
	// Default tells that the pipeline has a value for it.
	Default bool
}

// A use is one node's connection to a service.
type use struct {
	kind string
	// node is the setting's name without `config`, as messages have it; name begins the
	// settings of the program, "" where they have none.
	node, name string
	config     []ir.Setting
	address    *ir.Setting
}

// addressKeys are the keys of connectors that say where a service is, by connector.
var addressKeys = map[string]string{sandbox.Kafka: "brokers", sandbox.NATS: "url", sandbox.Postgres: "dsn"}

// Of reads what a program needs. lookup is the environment, which names of topics and tables
// may come from.
func Of(p *ir.Program, lookup func(string) (string, bool)) *Needs {
	n := &Needs{pipeline: p.Name}
	services := map[string]*sandbox.Service{}
	need := func(kind, why string) *sandbox.Service {
		s := services[kind]
		if s == nil {
			s = &sandbox.Service{Name: kind, Kind: kind}
			services[kind] = s
		}
		if !slices.Contains(s.Why, why) {
			s.Why = append(s.Why, why)
		}
		return s
	}
	r := reader{lookup}
	connect := func(connector, node, name string, config []ir.Setting) *sandbox.Service {
		key, ok := addressKeys[connector]
		if !ok {
			return nil
		}
		u := use{kind: connector, node: node, name: name, config: config}
		for i := range config {
			if config[i].Key == key {
				u.address = &config[i]
			}
		}
		n.uses = append(n.uses, u)
		return need(connector, node)
	}
	for _, node := range p.Nodes {
		switch op := node.Op.(type) {
		case *ir.Source:
			if s := connect(op.Connector, node.ID, node.ID, op.Config); s != nil {
				rows, changes := rowsOf(p, node)
				r.source(s, op, database(n.uses[len(n.uses)-1]), rows, changes)
			}
		case *ir.Sink:
			if s := connect(op.Connector, node.ID, node.ID, op.Config); s != nil {
				r.sink(s, op)
			}
		}
		if f := node.Foreign(); f != nil {
			n.component(node.ID, f, need)
		}
	}
	if p.Delivery.Store != "" {
		connect(p.Delivery.Store, "delivery.checkpoint", "", p.Delivery.StoreConfig)
	}
	for _, u := range n.uses {
		n.port(services[u.kind], u)
		if u.kind == sandbox.Postgres {
			n.database(services[u.kind], u)
		}
	}
	for _, kind := range slices.Sorted(maps.Keys(services)) {
		n.Services = append(n.Services, *services[kind])
	}
	n.outside(p)
	return n
}

// rowsOf is the type of the rows that a source of a table gives, nil where nothing says, and
// whether it gives changes of them.
func rowsOf(p *ir.Program, node *ir.Node) (rows *ir.Type, changes bool) {
	for _, e := range p.Edges {
		if e.From != node.ID {
			continue
		}
		for _, d := range p.Nodes {
			if _, ok := d.Op.(*ir.Decode); d.ID != e.To || !ok {
				continue
			}
			for _, port := range d.Out {
				if t := port.Type; t != nil && t.Change {
					return t.Changed(), true
				} else if t != nil && t.Kind == ir.Struct {
					return t, false
				}
			}
		}
	}
	return nil, false
}

// port takes the port that the pipeline names of this machine.
func (n *Needs) port(s *sandbox.Service, u use) {
	if u.address == nil || s.Fixed {
		return
	}
	for _, v := range addresses(u.address.Value) {
		t := parse(u.kind, v)
		if t.ok && t.localPort() {
			s.Port, s.Fixed = t.portNumber(), true
			return
		}
	}
}

// database is the one of a use of PostgreSQL, as the sandbox has it.
func database(u use) string {
	if u.address == nil {
		return defaultDatabase
	}
	t := parse(u.kind, u.address.Value)
	return cmp.Or(t.known(t.database), defaultDatabase)
}

// database takes the names of databases and users that the pipeline gives.
func (n *Needs) database(s *sandbox.Service, u use) {
	if u.address == nil {
		return
	}
	t := parse(u.kind, u.address.Value)
	if !t.ok {
		return
	}
	if d := t.known(t.database); d != "" && d != defaultDatabase {
		addTo(&s.Databases, d)
	}
	if name := t.known(t.user); name != "" && name != defaultUser && !slices.ContainsFunc(s.Logins, func(l sandbox.Login) bool { return l.User == name }) {
		s.Logins = append(s.Logins, sandbox.Login{User: name})
	}
}

// outside lists the variables that are no service's.
func (n *Needs) outside(p *ir.Program) {
	given := map[string]bool{}
	for _, u := range n.uses {
		for _, s := range u.config {
			if u.address != nil && s.Key == u.address.Key || isLogin(s.Key) {
				for _, name := range variables(s.Value) {
					given[name] = true
				}
			}
		}
	}
	for _, c := range n.components {
		for _, name := range variables(c.entry.Value) {
			given[name] = true
		}
	}
	seen := map[string]bool{}
	add := func(what string, v *ir.Value) {
		each(v, func(part ir.Part) {
			if part.Kind == ir.Env && !given[part.Text] && !seen[part.Text] {
				seen[part.Text] = true
				n.Outside = append(n.Outside, Outside{part.Text, what, part.HasDefault})
			}
		})
	}
	for _, node := range p.Nodes {
		for _, s := range node.Settings() {
			add(node.ID+"."+s.Key, s.Value)
		}
	}
	for _, s := range p.Delivery.StoreConfig {
		add("delivery.checkpoint."+s.Key, s.Value)
	}
}

// table is one of rows, as the sink of tables would make it.
func table(database, name string, rows *ir.Type, key []string, changes bool) sandbox.Table {
	t := sandbox.Table{Database: database, Name: name, Key: key, Changes: changes}
	for _, f := range rows.Fields {
		t.Columns = append(t.Columns, sandbox.Column{Name: f.Name, Type: gocode.ColumnType(f.Type), Optional: f.Optional})
	}
	return t
}

// A Problem is something that can't be handed to a pipeline.
type Problem struct {
	Span source.Span
	Text string
	Help string
}
